"""Who leads: cues read off the couple's keypoints, combined into a probability.

Each cue gives log-odds that dancer 0 leads; they add up. Scales are from the 12 clips of known roles and the habits of the
dance (see docs/models.md); the cap keeps any one cue from deciding alone.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

_NOSE, _LEFT_SHOULDER, _RIGHT_SHOULDER = 0, 5, 6
_LEFT_WRIST, _RIGHT_WRIST = 9, 10
_HIPS, _ANKLES = [11, 12], [15, 16]
_FACE = [0, 1, 2, 3, 4]
BELIEVED = 0.3
"""Score from which a joint's place is believed."""
PRIOR_SHRINK = 0.85


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
    lead_side : side of the picture on which the leader stands in the first frame with both, where a person said so
    """
    both = valid.all(axis=1)
    cues = {
        "taller": _taller(keypoints[both]),
        "taller_box": _taller_box(boxes[both]),
        "hand_on_back": _hand_on_back(keypoints[both]),
    }
    total = sum(cues.values()) * PRIOR_SHRINK
    lead = (0 if total >= 0 else 1) if lead_side is None else _dancer_at(boxes, valid, lead_side)
    confidence = 1 / (1 + np.exp(-abs(total))) if lead_side is None else 1.0
    sign = 1.0 if lead == 0 else -1.0
    return Roles(lead, float(confidence), {name: sign * value for name, value in cues.items()})


def _dancer_at(boxes: np.ndarray, valid: np.ndarray, side: str) -> int:
    """Return which dancer stands on `side` where the clip first shows both (else: the one that is shown)."""
    both = np.flatnonzero(valid.all(axis=1))
    if not both.size:
        return int(valid.sum(axis=0).argmax())
    x = boxes[both[0], :, [0, 2]].mean(axis=0)
    return int(x.argmin() if side == "left" else x.argmax())


def _bounded(value: float, limit: float) -> float:
    return float(limit * np.tanh(value / limit)) if np.isfinite(value) else 0.0


def _taller_box(boxes: np.ndarray) -> float:
    """Log-odds from the boxes' heights: 10 % taller is about 4 to 1."""
    if len(boxes) < 3:
        return 0.0
    height = boxes[..., 3] - boxes[..., 1]
    return _bounded(float(np.median(np.log(height[:, 0] / height[:, 1]))) * 12, 1.5)


def _taller(keypoints: np.ndarray) -> float:
    """Log-odds from the height of the face above the ankles, where both are seen."""
    face = keypoints[:, :, _FACE, 1].mean(-1)
    ankles = keypoints[:, :, _ANKLES, 1].max(-1)
    seen = (keypoints[:, :, _FACE + _ANKLES, 2].mean(-1) > BELIEVED).all(axis=1)
    if seen.sum() < 3:
        return 0.0
    height = (ankles - face)[seen]
    # The camera is nearer to one of them at times: the one whose feet are lower in the picture.
    return _bounded(
        float(np.median(np.log(np.maximum(height[:, 0], 1) / np.maximum(height[:, 1], 1)))) * 15, 2.0
    )


def _hand_on_back(keypoints: np.ndarray) -> float:
    """Log-odds from right hands that rest on the partner's trunk: in closed hold it is the leader's."""
    believed = [_right_hand_on(keypoints[:, who], keypoints[:, 1 - who]) for who in (0, 1)]
    counts = [int(hand.sum()) for hand in believed]
    if sum(counts) < 5:
        return 0.0
    return _bounded((counts[0] - counts[1]) / (sum(counts) + 5) * 2.0, 1.5)


def _right_hand_on(own: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """Return per frame whether the right wrist of `own` (T, 17, 3) lies on the trunk of `partner`."""
    wrist = own[:, _RIGHT_WRIST]
    trunk = partner[:, [_LEFT_SHOULDER, _RIGHT_SHOULDER, *_HIPS], :2]
    low, high = trunk.min(axis=1), trunk.max(axis=1)
    margin = 0.15 * (high - low)[:, 1:]
    inside = ((wrist[:, :2] >= low - margin) & (wrist[:, :2] <= high + margin)).all(axis=1)
    return inside & (wrist[:, 2] > BELIEVED)
