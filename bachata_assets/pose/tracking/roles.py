"""Who leads: cues read off the couple's keypoints, combined into a probability.

Each cue gives log-odds that dancer 0 leads, `weight x tanh(measure / spread)`; they add up. The weights are fitted by
`training/role_weights.py`: a logistic regression in which no weight is negative and each is held near the others, since
the clips of known roles are few. How often each cue is right, and the stated confidence: docs/couple.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bachata_assets.pose.skeleton import EARS, FACE, HIPS, SHOULDERS, TRUNK, WRISTS, Joint

BELIEVED = 0.3
"""Score from which a joint's place is believed."""
FEWEST_FRAMES = 5
"""With both dancers, for the cues to say anything."""
TURNED = 0.06
"""Of the shoulders' distance in body heights from which it is clear which way a dancer faces."""
FACED = 0.18, 0.05
"""Signed distance of the shoulders, and of the nose from the ears, at which a body is seen from the front, and from the
side; in body heights."""
NEARER = 4.0
"""How far nearer someone stands whose feet are lower in the picture, per body height: seen from eye level."""
SAME_WAY = 0.6
"""Cosine between the directions that two face, from which they face the same way."""
IN_LINE = 0.4
"""Cosine between that direction and the way to the partner, from which one stands behind the other."""
SEEN = 0.4
"""Mean keypoint score from which a pose tells which way its dancer faces."""


@dataclass(frozen=True)
class Roles:
    """Which dancer leads (0 or 1), how sure (0.5..1), and each cue's log-odds that this one does."""

    lead: int
    confidence: float
    evidence: dict[str, float]


def judge_roles(
    boxes: np.ndarray,
    keypoints: np.ndarray,
    valid: np.ndarray,
    lead_side: Literal["left", "right"] | None = None,
) -> Roles:
    """Return the roles of a couple.

    Parameters
    ----------
    boxes : (T, 2, 4); keypoints : (T, 2, 17, 3); valid : bool (T, 2)
    lead_side : side of the picture on which the leader stands in the first frame with both, where known
    """
    evidence = {
        name: cue.weight * float(np.tanh(measure / cue.spread))
        for (name, cue), measure in zip(CUES.items(), measures(boxes, keypoints, valid), strict=True)
    }
    total = sum(evidence.values())
    if lead_side is None:
        lead, confidence = (0 if total >= 0 else 1), float(1 / (1 + np.exp(-abs(total))))
    else:
        lead, confidence = _dancer_at(boxes, valid, lead_side), 1.0
    sign = 1 if lead == 0 else -1
    return Roles(lead, confidence, {name: sign * value for name, value in evidence.items()})


def measures(boxes: np.ndarray, keypoints: np.ndarray, valid: np.ndarray) -> list[float]:
    """Return what each of CUES measures, positive where dancer 0 leads; parameters as for `judge_roles`."""
    both = valid.all(axis=1)
    if both.sum() < FEWEST_FRAMES:
        return [0.0] * len(CUES)
    couple = _Couple.of(boxes[both], keypoints[both])
    return [cue.measure(couple) for cue in CUES.values()]


def _dancer_at(boxes: np.ndarray, valid: np.ndarray, side: str) -> int:
    """Return which dancer stands on `side` where the clip first shows both (else: the one that is shown)."""
    both = np.flatnonzero(valid.all(axis=1))
    if not both.size:
        return int(valid.sum(axis=0).argmax())
    x = boxes[both[0]][:, [0, 2]].mean(axis=1)
    return int(x.argmin() if side == "left" else x.argmax())


@dataclass(frozen=True)
class _Couple:
    """Frames with both dancers: boxes' heights and lower edges (T, 2), keypoints (T, 2, 17, 3), a body's height, px."""

    box_height: np.ndarray
    feet: np.ndarray
    keypoints: np.ndarray
    scale: float

    @classmethod
    def of(cls, boxes: np.ndarray, keypoints: np.ndarray) -> "_Couple":
        height = np.maximum(boxes[..., 3] - boxes[..., 1], 1)
        return cls(height, boxes[..., 3], keypoints, float(np.median(height)))

    def y(self, joints: list[Joint]) -> np.ndarray:
        """Return the mean height in the picture (T, 2) of some joints, downwards."""
        mean: np.ndarray = self.keypoints[:, :, joints, 1].mean(axis=-1)
        return mean


def _higher_head(couple: _Couple) -> float:
    """How far dancer 0's head and shoulders are above dancer 1's, in body heights."""
    up = (couple.y(FACE) + couple.y(SHOULDERS)) / 2
    return float(np.median(up[:, 1] - up[:, 0])) / couple.scale


def _taller_box(couple: _Couple) -> float:
    """Log ratio of the boxes' heights."""
    return float(np.median(np.log(couple.box_height[:, 0] / couple.box_height[:, 1])))


def _longer_trunk(couple: _Couple) -> float:
    """Log ratio of the heights from hips to shoulders."""
    trunk = np.maximum(couple.y(HIPS) - couple.y(SHOULDERS), 0.02 * couple.scale)
    return float(np.median(np.log(trunk[:, 0] / trunk[:, 1])))


def _broader_shoulders(couple: _Couple) -> float:
    """Log ratio of shoulder over hip width, each at its widest (a body seen from the front or back)."""
    x = couple.keypoints[..., 0]
    shoulders = np.quantile(np.abs(x[..., Joint.LEFT_SHOULDER] - x[..., Joint.RIGHT_SHOULDER]), 0.9, axis=0)
    hips = np.quantile(np.abs(x[..., Joint.LEFT_HIP] - x[..., Joint.RIGHT_HIP]), 0.9, axis=0)
    shape = np.log((shoulders + 1) / (hips + 1))
    return float(shape[0] - shape[1])


def _right_hand_on_trunk(couple: _Couple) -> float:
    """How much more often dancer 0's right hand is on the partner's trunk than the other way round, -1..1."""
    share = [_hand_on_trunk(couple.keypoints[:, who], couple.keypoints[:, 1 - who]).mean() for who in (0, 1)]
    return float(share[0] - share[1])


def _hand_on_trunk(own: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """Return bool (T,): the right wrist of `own` (T, 17, 3) lies on the trunk of `partner`."""
    wrist = own[:, Joint.RIGHT_WRIST]
    trunk = partner[:, TRUNK, :2]
    low, high = trunk.min(axis=1), trunk.max(axis=1)
    margin = 0.15 * (high - low)[:, 1:]
    inside: np.ndarray = ((wrist[:, :2] >= low - margin) & (wrist[:, :2] <= high + margin)).all(axis=1)
    return inside & (wrist[:, 2] > BELIEVED)


def _fewer_turns(couple: _Couple) -> float:
    """How many half turns more dancer 1 makes: the follower is turned."""
    turns = [_half_turns(couple.keypoints[:, who], couple.scale) for who in (0, 1)]
    return float(turns[1] - turns[0])


def _half_turns(own: np.ndarray, scale: float) -> int:
    """Return how often `own` (T, 17, 3) changes between facing the camera and showing the back."""
    across = (own[:, Joint.LEFT_SHOULDER, 0] - own[:, Joint.RIGHT_SHOULDER, 0]) / scale
    clear = (np.abs(across) > TURNED) & (own[:, SHOULDERS, 2] > BELIEVED).all(axis=1)
    return int((np.diff(np.sign(across[clear])) != 0).sum())


def _hands_below_head(couple: _Couple) -> float:
    """How much more often dancer 1 has a hand above the own head: the follower turns under the raised arm."""
    over = (couple.keypoints[:, :, WRISTS, 1].min(axis=-1) < couple.y(FACE)).mean(axis=0)
    return float(over[1] - over[0])


def _behind_in_shadow(couple: _Couple) -> float:
    """How much more often dancer 0 stands behind dancer 1 while both face the same way, -1..1."""
    facing = _facing(couple)
    turned = np.linalg.norm(facing, axis=-1)
    facing = facing / np.maximum(turned, 1e-6)[..., None]
    x, feet = couple.keypoints[:, :, TRUNK, 0].mean(axis=-1), couple.feet
    way = np.stack([x[:, 1] - x[:, 0], NEARER * (feet[:, 1] - feet[:, 0])], axis=-1) / couple.scale
    along = (facing.mean(axis=1) * way).sum(axis=-1) / np.maximum(np.linalg.norm(way, axis=-1), 0.05)
    clear = (turned > 0.5).all(axis=1) & (couple.keypoints[..., 2].mean(axis=-1) > SEEN).all(axis=1)
    clear &= ((facing[:, 0] * facing[:, 1]).sum(axis=-1) > SAME_WAY) & (np.abs(way[:, 0]) < 0.5)
    return float((np.sign(along) * (np.abs(along) > IN_LINE) * clear).mean())


def _facing(couple: _Couple) -> np.ndarray:
    """Return which way each faces (T, 2, 2): to the right of the picture, and towards the camera, -1..1 each."""
    x = couple.keypoints[..., 0] / couple.scale
    towards = (x[..., Joint.LEFT_SHOULDER] - x[..., Joint.RIGHT_SHOULDER]) / FACED[0]
    aside = (x[..., Joint.NOSE] - x[..., EARS].mean(axis=-1)) / FACED[1]
    return np.clip(np.stack([aside, towards], axis=-1), -1, 1)


@dataclass(frozen=True)
class Cue:
    """One sign of who leads.

    Attributes
    ----------
    measure : of a couple; positive where dancer 0 leads
    spread : how much that differs from clip to clip
    weight : the most that the cue says, log-odds
    """

    measure: Callable[[_Couple], float]
    spread: float
    weight: float


CUES = {
    "higher_head": Cue(_higher_head, 0.03, 0.85),
    "taller_box": Cue(_taller_box, 0.06, 0.11),
    "longer_trunk": Cue(_longer_trunk, 0.09, 0.39),
    "broader_shoulders": Cue(_broader_shoulders, 0.2, 0.57),
    "right_hand_on_trunk": Cue(_right_hand_on_trunk, 0.13, 0.95),
    "fewer_turns": Cue(_fewer_turns, 4.0, 0.75),
    "hands_below_head": Cue(_hands_below_head, 0.13, 0.49),
    "behind_in_shadow": Cue(_behind_in_shadow, 0.1, 0.87),
}
"""The weights are of version 2, 24 November 2026; a change asks for another `assets.pose.KEYPOINTS_VERSION`."""
