"""Who leads: cues read off the keypoints, combined into a probability.

Each cue gives log-odds that dancer 0 leads, `weight x tanh(measure / spread)`; they add up. The weights are fitted by
`training/role_weights.py`: a logistic regression in which no weight is negative and each is held near the others, since
the clips of known roles are few. How often each cue is right, and the stated confidence: docs/couple.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bachata_assets.pose.skeleton import EARS, FACE, HIPS, SHOULDERS, TRUNK, WRISTS, Joint
from bachata_assets.pose.tracking.parameters import DEFAULTS, CueWeight, RoleParameters


@dataclass(frozen=True)
class Roles:
    """Who leads.

    Attributes
    ----------
    lead : int
        The dancer, 0 or 1.
    confidence : float
        Probability that it is this one, 0.5..1.
    evidence : dict
        Cue -> its log-odds that it is this one.
    """

    lead: int
    confidence: float
    evidence: dict[str, float]


def judge_roles(
    boxes: np.ndarray,
    keypoints: np.ndarray,
    valid: np.ndarray,
    lead_side: Literal["left", "right"] | None = None,
    parameters: RoleParameters = DEFAULTS.roles,
) -> Roles:
    """Return the roles of a couple.

    Parameters
    ----------
    boxes : np.ndarray
        float (T, 2, 4), x1 y1 x2 y2, px.
    keypoints : np.ndarray
        float (T, 2, 17, 3), x y px and score.
    valid : np.ndarray
        bool (T, 2), the dancer was found.
    lead_side : "left", "right" or None
        Side of the picture on which the leader stands in the first frame with both, where known; it decides.
    parameters : RoleParameters
        Thresholds, and spread and weight of each cue.
    """
    measured = measures(boxes, keypoints, valid, parameters)
    evidence = {}
    for name, measure in measured.items():
        cue: CueWeight = getattr(parameters.cues, name)
        evidence[name] = cue.weight * float(np.tanh(measure / cue.spread))
    total = sum(evidence.values())
    if lead_side is None:
        lead, confidence = (0 if total >= 0 else 1), float(1 / (1 + np.exp(-abs(total))))
    else:
        lead, confidence = _dancer_at(boxes, valid, lead_side), 1.0
    sign = 1 if lead == 0 else -1
    return Roles(lead, confidence, {name: sign * value for name, value in evidence.items()})


def measures(
    boxes: np.ndarray, keypoints: np.ndarray, valid: np.ndarray, parameters: RoleParameters = DEFAULTS.roles
) -> dict[str, float]:
    """Return what each cue measures, positive where dancer 0 leads.

    Parameters are those of `judge_roles`.

    Returns
    -------
    dict
        Cue -> its measure; 0 where the two are seen together too rarely.
    """
    both = valid.all(axis=1)
    if both.sum() < parameters.fewest_common_frames:
        return dict.fromkeys(CUES, 0.0)
    couple = _Couple.of(boxes[both], keypoints[both])
    return {name: measure(couple, parameters) for name, measure in CUES.items()}


def _dancer_at(boxes: np.ndarray, valid: np.ndarray, side: str) -> int:
    """Return which dancer stands on `side` where the clip first shows both.

    Where it never does, the dancer that is shown.
    """
    both = np.flatnonzero(valid.all(axis=1))
    if not both.size:
        return int(valid.sum(axis=0).argmax())
    x = boxes[both[0]][:, [0, 2]].mean(axis=1)
    return int(x.argmin() if side == "left" else x.argmax())


@dataclass(frozen=True)
class _Couple:
    """The frames with both dancers.

    Attributes
    ----------
    box_height : np.ndarray
        float (T, 2), px.
    feet : np.ndarray
        float (T, 2), lower edges of the boxes, px.
    keypoints : np.ndarray
        float (T, 2, 17, 3), x y px and score.
    scale : float
        Height of a body, px.
    """

    box_height: np.ndarray
    feet: np.ndarray
    keypoints: np.ndarray
    scale: float

    @classmethod
    def of(cls, boxes: np.ndarray, keypoints: np.ndarray) -> "_Couple":
        height = np.maximum(boxes[..., 3] - boxes[..., 1], 1)
        return cls(height, boxes[..., 3], keypoints, float(np.median(height)))

    def y(self, joints: list[Joint]) -> np.ndarray:
        """Return the mean y of some joints, float (T, 2), px downwards."""
        mean: np.ndarray = self.keypoints[:, :, joints, 1].mean(axis=-1)
        return mean


def _higher_head(couple: _Couple, _: RoleParameters) -> float:
    """How far dancer 0's head and shoulders are above 1's, body heights."""
    up = (couple.y(FACE) + couple.y(SHOULDERS)) / 2
    return float(np.median(up[:, 1] - up[:, 0])) / couple.scale


def _taller_box(couple: _Couple, _: RoleParameters) -> float:
    """Log ratio of the boxes' heights."""
    return float(np.median(np.log(couple.box_height[:, 0] / couple.box_height[:, 1])))


def _longer_trunk(couple: _Couple, _: RoleParameters) -> float:
    """Log ratio of the heights from hips to shoulders."""
    trunk = np.maximum(couple.y(HIPS) - couple.y(SHOULDERS), 0.02 * couple.scale)
    return float(np.median(np.log(trunk[:, 0] / trunk[:, 1])))


def _broader_shoulders(couple: _Couple, _: RoleParameters) -> float:
    """Log ratio of shoulder over hip width, dancer 0's against 1's.

    Each is taken at its widest: a body seen from the front or back.
    """
    x = couple.keypoints[..., 0]
    shoulders = np.quantile(np.abs(x[..., Joint.LEFT_SHOULDER] - x[..., Joint.RIGHT_SHOULDER]), 0.9, axis=0)
    hips = np.quantile(np.abs(x[..., Joint.LEFT_HIP] - x[..., Joint.RIGHT_HIP]), 0.9, axis=0)
    shape = np.log((shoulders + 1) / (hips + 1))
    return float(shape[0] - shape[1])


def _right_hand_on_trunk(couple: _Couple, parameters: RoleParameters) -> float:
    """How much more often dancer 0's right hand is on the partner, -1..1.

    It counts where it lies on the trunk, against the partner's right hand on the own trunk.
    """
    dancers = couple.keypoints[:, 0], couple.keypoints[:, 1]
    own, others = (hand_on_trunk(*pair, parameters.believed_score).mean() for pair in (dancers, dancers[::-1]))
    return float(own - others)


def hand_on_trunk(own: np.ndarray, partner: np.ndarray, believed: float, hand: Joint = Joint.RIGHT_WRIST) -> np.ndarray:
    """Return where a wrist lies on the partner's trunk, bool (T,).

    Parameters
    ----------
    own, partner : np.ndarray
        float (T, 17, 3), x y px and score.
    believed : float
        Score from which the wrist's place is believed.
    hand : Joint
        The wrist.
    """
    wrist = own[:, hand]
    trunk = partner[:, TRUNK, :2]
    low, high = trunk.min(axis=1), trunk.max(axis=1)
    margin = 0.15 * (high - low)[:, 1:]
    inside: np.ndarray = ((wrist[:, :2] >= low - margin) & (wrist[:, :2] <= high + margin)).all(axis=1)
    return inside & (wrist[:, 2] > believed)


def _fewer_turns(couple: _Couple, parameters: RoleParameters) -> float:
    """How many half turns more dancer 1 makes: the follower is turned."""
    turns = [_half_turns(couple.keypoints[:, who], couple.scale, parameters) for who in (0, 1)]
    return float(turns[1] - turns[0])


def _half_turns(own: np.ndarray, scale: float, parameters: RoleParameters) -> int:
    """Return how often a dancer changes between showing front and back.

    `own` are keypoints (T, 17, 3).
    """
    across = (own[:, Joint.LEFT_SHOULDER, 0] - own[:, Joint.RIGHT_SHOULDER, 0]) / scale
    clear = (np.abs(across) > parameters.turned) & (own[:, SHOULDERS, 2] > parameters.believed_score).all(axis=1)
    return int((np.diff(np.sign(across[clear])) != 0).sum())


def _hands_below_head(couple: _Couple, _: RoleParameters) -> float:
    """How much more often dancer 1 has a hand above the own head, -1..1.

    The follower turns under the raised arm.
    """
    over = (couple.keypoints[:, :, WRISTS, 1].min(axis=-1) < couple.y(FACE)).mean(axis=0)
    return float(over[1] - over[0])


def _behind_in_shadow(couple: _Couple, parameters: RoleParameters) -> float:
    """How much more often dancer 0 stands behind dancer 1, -1..1.

    It counts while both face the same way.
    """
    facing = _facing(couple, parameters)
    turned = np.linalg.norm(facing, axis=-1)
    facing = facing / np.maximum(turned, 1e-6)[..., None]
    x, feet = couple.keypoints[:, :, TRUNK, 0].mean(axis=-1), couple.feet
    way = np.stack([x[:, 1] - x[:, 0], parameters.nearness * (feet[:, 1] - feet[:, 0])], axis=-1) / couple.scale
    along = (facing.mean(axis=1) * way).sum(axis=-1) / np.maximum(np.linalg.norm(way, axis=-1), 0.05)
    clear = (turned > 0.5).all(axis=1) & (couple.keypoints[..., 2].mean(axis=-1) > parameters.facing_score).all(axis=1)
    clear &= ((facing[:, 0] * facing[:, 1]).sum(axis=-1) > parameters.same_way) & (np.abs(way[:, 0]) < 0.5)
    return float((np.sign(along) * (np.abs(along) > parameters.in_line) * clear).mean())


def _facing(couple: _Couple, parameters: RoleParameters) -> np.ndarray:
    """Return which way each faces, float (T, 2, 2), -1..1.

    To the right of the picture, and towards the camera.
    """
    x = couple.keypoints[..., 0] / couple.scale
    towards = (x[..., Joint.LEFT_SHOULDER] - x[..., Joint.RIGHT_SHOULDER]) / parameters.front_shoulders
    aside = (x[..., Joint.NOSE] - x[..., EARS].mean(axis=-1)) / parameters.side_nose
    return np.clip(np.stack([aside, towards], axis=-1), -1, 1)


Measure = Callable[[_Couple, RoleParameters], float]

CUES: dict[str, Measure] = {
    "higher_head": _higher_head,
    "taller_box": _taller_box,
    "longer_trunk": _longer_trunk,
    "broader_shoulders": _broader_shoulders,
    "right_hand_on_trunk": _right_hand_on_trunk,
    "fewer_turns": _fewer_turns,
    "hands_below_head": _hands_below_head,
    "behind_in_shadow": _behind_in_shadow,
}
"""Cue -> what measures it, positive where dancer 0 leads; `CueWeights` has its spread and weight by the same name."""
