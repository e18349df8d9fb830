"""`Edge`: posture and motion of both dancers where a clip begins or ends.

Positions come from straight lines fitted to the frames around a few times near the edge. The jitter of one frame then
counts little, and the motion at the edge needs no frame beyond it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bachata_assets.families import Absent
from bachata_assets.pose.couple_keypoints import ROLES, CoupleKeypoints
from bachata_assets.pose.embeddings.body_signals import torso_length
from bachata_assets.pose.embeddings.motion import joints_seen
from bachata_assets.pose.skeleton import EYES, HIPS, SHOULDERS, Joint

Side = Literal["beginning", "ending"]
SIDES: tuple[Side, ...] = ("beginning", "ending")

MOMENTS_S = (0.0, 0.27, 0.6)
"""Times from the edge at which positions are taken, s; motion is taken at the first."""
WIDTHS_S = (0.09, 0.09, 0.12)
"""Standard deviation of the Gaussian frame weights around each time, s."""
STEADINESS_S = 0.01
"""Time spread that is added to that of the seen frames, s, to limit the slope from one or two frames."""
LATEST_S = 0.5
"""Maximum time from the clip's edge to the nearest frame with both dancers, s; that frame then counts as the edge."""
MINIMUM_WEIGHT = 0.3
"""Sum of frame weights (keypoint score times nearness) below which a joint is unknown."""
FOLLOWED = [joint for joint in Joint if joint not in EYES]
"""Joints to compare: the eyes add nothing to nose and ears."""


@dataclass(frozen=True)
class Edge:
    """Posture and motion of both dancers at one edge of a clip; axis 1 is (lead, follow).

    Lengths are in torsos (mean of the two dancers'), y upwards. The origin at each time is the middle between the two
    dancers' hips.

    Attributes
    ----------
    places : float (3, 2, 17, 2), positions at `MOMENTS_S`, NaN where unknown
    motion : float (2, 17, 2), velocity at the edge without the couple's own, torsos per second
    couple_motion : float (2,), velocity of the couple in the frame, torsos per second
    couple_shift : float (2, 2), from the couple's place at the edge to that at the other times, torsos
    """

    places: np.ndarray
    motion: np.ndarray
    couple_motion: np.ndarray
    couple_shift: np.ndarray

    def measurements(self) -> np.ndarray:
        """Return the values of all `FOLLOWED` joints in one row, float (246,), NaN where unknown."""
        followed = self.places[:, :, FOLLOWED], self.motion[:, FOLLOWED]
        parts = (*followed, self.couple_motion, self.couple_shift)
        return np.concatenate([part.ravel() for part in parts])


def edge_of(couple: CoupleKeypoints, side: Side) -> Edge | Absent:
    """Return one edge of a clip; Absent if a dancer's hips or shoulders are not seen there.

    Interpolated poses do not count, because they would reveal what comes later.

    Parameters
    ----------
    couple : both dancers, T frames
    side : which edge
    """
    points = couple.steady_keypoints[..., :2].astype(float)
    seen = joints_seen(couple) & ~couple.interpolated[..., None]
    weight = np.where(seen, couple.keypoints[..., 2], 0.0)
    joints = np.where(seen[..., None], points, np.nan)
    torso = np.array([torso_length(joints[:, dancer]) for dancer in (0, 1)])
    inside = 1 if side == "beginning" else -1
    trunks = seen[:, :, [*HIPS, *SHOULDERS]].all(axis=2)[::inside]
    off = np.abs(couple.times - couple.times[::inside][0])[::inside] <= LATEST_S
    if not (trunks.all(axis=1) & off).any():
        return Absent(f"the {_unseen(trunks[off])} cannot be seen where the clip {_WORDS[side]}")
    at = couple.times[::inside][trunks.all(axis=1).argmax()]
    fits = [
        _line(joints, weight, couple.times - (at + inside * moment), width)
        for moment, width in zip(MOMENTS_S, WIDTHS_S, strict=True)
    ]
    known = np.isfinite(fits[0][0][:, [*HIPS, *SHOULDERS]]).all(axis=(1, 2))
    if not known.all():
        return Absent(f"the {_unseen(known[None])} cannot be seen where the clip {_WORDS[side]}")
    scale = np.array([1.0, -1.0]) / torso.mean()
    places, slopes = np.array([place for place, _ in fits]) * scale, fits[0][1] * scale
    middles = places[:, :, HIPS].mean(axis=(1, 2))
    couple_motion = slopes[:, HIPS].mean(axis=(0, 1))
    return Edge(
        places=places - middles[:, None, None],
        motion=slopes - couple_motion,
        couple_motion=couple_motion,
        couple_shift=middles[1:] - middles[0],
    )


def _unseen(seen: np.ndarray) -> str:
    """Return in words who is not seen in some frames, bool (T, 2)."""
    there = np.asarray(seen.any(axis=0))
    roles = [role for number, role in enumerate(ROLES) if not there[number]]
    return " and the ".join(roles or ROLES)


_WORDS = {"beginning": "begins", "ending": "ends"}


def _line(joints: np.ndarray, weight: np.ndarray, offsets: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Return positions (2, 17, 2) and slopes of straight lines through frames, NaN where too little is seen.

    Parameters
    ----------
    joints : float (T, 2, 17, 2), NaN where not seen
    weight : float (T, 2, 17), 0 where not seen
    offsets : float (T,), times relative to the fitted time, s
    width : standard deviation of the Gaussian weights, s
    """
    near = np.abs(offsets) < 5 * width
    at, points = offsets[near, None, None], np.nan_to_num(joints[near])
    weights = weight[near] * np.exp(-0.5 * (at / width) ** 2)
    total, first = weights.sum(axis=0), (weights * at).sum(axis=0)
    second = (weights * at**2).sum(axis=0) + total * STEADINESS_S**2
    sums = (weights[..., None] * points).sum(axis=0)
    moments = (weights[..., None] * at[..., None] * points).sum(axis=0)
    known = total >= MINIMUM_WEIGHT
    scale = np.where(known, total * second - first**2, np.nan)[..., None]
    places = (second[..., None] * sums - first[..., None] * moments) / scale
    return places, (total[..., None] * moments - first[..., None] * sums) / scale
