"""Who leads: cues read off the couple's keypoints, combined into a probability.

Each cue gives log-odds that dancer 0 leads; they add up. A cue's slope starts from twice its mean over its variance on
clips of known roles (what two normal classes that mirror each other give) and is set by hand so that the stated
confidence is honest on clips unlike those; its limit keeps it from deciding alone.
How often each is right: docs/couple.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

_FACE, _SHOULDERS, _HIPS, _WRISTS = [0, 1, 2, 3, 4], [5, 6], [11, 12], [9, 10]
_LEFT_SHOULDER, _RIGHT_SHOULDER = _SHOULDERS
_LEFT_HIP, _RIGHT_HIP = _HIPS
_RIGHT_WRIST = 10
BELIEVED = 0.3
"""Score from which a joint's place is believed."""
FEWEST_FRAMES = 5
"""With both dancers, for the cues to say anything."""
TURNED = 0.06
"""Of the shoulders' distance in body heights from which it is clear which way a dancer faces."""
TOGETHER = 0.8
"""The cues are not independent: what their sum is multiplied by."""


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
    both = valid.all(axis=1)
    evidence = dict.fromkeys(_CUES, 0.0)
    if both.sum() >= FEWEST_FRAMES:
        couple = _Couple.of(boxes[both], keypoints[both])
        for name, (measure, slope, limit) in _CUES.items():
            evidence[name] = float(limit * np.tanh(slope * measure(couple) / limit))
    total = TOGETHER * sum(evidence.values())
    if lead_side is None:
        lead, confidence = (0 if total >= 0 else 1), float(1 / (1 + np.exp(-abs(total))))
    else:
        lead, confidence = _dancer_at(boxes, valid, lead_side), 1.0
    sign = 1 if lead == 0 else -1
    return Roles(lead, confidence, {name: sign * value for name, value in evidence.items()})


def _dancer_at(boxes: np.ndarray, valid: np.ndarray, side: str) -> int:
    """Return which dancer stands on `side` where the clip first shows both (else: the one that is shown)."""
    both = np.flatnonzero(valid.all(axis=1))
    if not both.size:
        return int(valid.sum(axis=0).argmax())
    x = boxes[both[0]][:, [0, 2]].mean(axis=1)
    return int(x.argmin() if side == "left" else x.argmax())


@dataclass(frozen=True)
class _Couple:
    """Frames with both dancers: heights of boxes (T, 2), keypoints (T, 2, 17, 3), one body height for scale, px."""

    box_height: np.ndarray
    keypoints: np.ndarray
    scale: float

    @classmethod
    def of(cls, boxes: np.ndarray, keypoints: np.ndarray) -> "_Couple":
        height = np.maximum(boxes[..., 3] - boxes[..., 1], 1)
        return cls(height, keypoints, float(np.median(height)))

    def y(self, joints: list[int]) -> np.ndarray:
        """Return the mean height in the picture (T, 2) of some joints, downwards."""
        mean: np.ndarray = self.keypoints[:, :, joints, 1].mean(axis=-1)
        return mean


def _higher_head(couple: _Couple) -> float:
    """How far dancer 0's head and shoulders are above dancer 1's, in body heights."""
    up = (couple.y(_FACE) + couple.y(_SHOULDERS)) / 2
    return float(np.median(up[:, 1] - up[:, 0])) / couple.scale


def _taller_box(couple: _Couple) -> float:
    """Log ratio of the boxes' heights."""
    return float(np.median(np.log(couple.box_height[:, 0] / couple.box_height[:, 1])))


def _longer_trunk(couple: _Couple) -> float:
    """Log ratio of the heights from hips to shoulders."""
    trunk = np.maximum(couple.y(_HIPS) - couple.y(_SHOULDERS), 0.02 * couple.scale)
    return float(np.median(np.log(trunk[:, 0] / trunk[:, 1])))


def _broader_shoulders(couple: _Couple) -> float:
    """Log ratio of shoulder over hip width, each at its widest (a body seen from the front or back)."""
    x = couple.keypoints[..., 0]
    shoulders = np.quantile(np.abs(x[..., _LEFT_SHOULDER] - x[..., _RIGHT_SHOULDER]), 0.9, axis=0)
    hips = np.quantile(np.abs(x[..., _LEFT_HIP] - x[..., _RIGHT_HIP]), 0.9, axis=0)
    shape = np.log((shoulders + 1) / (hips + 1))
    return float(shape[0] - shape[1])


def _right_hand_on_trunk(couple: _Couple) -> float:
    """How much more often dancer 0's right hand is on the partner's trunk than the other way round, -1..1."""
    share = [_hand_on_trunk(couple.keypoints[:, who], couple.keypoints[:, 1 - who]).mean() for who in (0, 1)]
    return float(share[0] - share[1])


def _hand_on_trunk(own: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """Return bool (T,): the right wrist of `own` (T, 17, 3) lies on the trunk of `partner`."""
    wrist = own[:, _RIGHT_WRIST]
    trunk = partner[:, [*_SHOULDERS, *_HIPS], :2]
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
    across = (own[:, _LEFT_SHOULDER, 0] - own[:, _RIGHT_SHOULDER, 0]) / scale
    clear = (np.abs(across) > TURNED) & (own[:, _SHOULDERS, 2] > BELIEVED).all(axis=1)
    return int((np.diff(np.sign(across[clear])) != 0).sum())


def _hands_below_head(couple: _Couple) -> float:
    """How much more often dancer 1 has a hand above the own head: the follower turns under the raised arm."""
    over = (couple.keypoints[:, :, _WRISTS, 1].min(axis=-1) < couple.y(_FACE)).mean(axis=0)
    return float(over[1] - over[0])


_CUES: dict[str, tuple[Callable[[_Couple], float], float, float]] = {
    "higher_head": (_higher_head, 40, 2.2),
    "taller_box": (_taller_box, 5, 0.6),
    "longer_trunk": (_longer_trunk, 8, 0.7),
    "broader_shoulders": (_broader_shoulders, 2, 0.5),
    "right_hand_on_trunk": (_right_hand_on_trunk, 9, 1.6),
    "fewer_turns": (_fewer_turns, 0.35, 1.3),
    "hands_below_head": (_hands_below_head, 5, 0.5),
}
"""Cue -> its measure (positive: dancer 0 leads), log-odds per unit, and the most that it says."""
