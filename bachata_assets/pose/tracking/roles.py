"""Who leads: cues from the keypoints, combined into a probability.

Each cue gives log-odds that dancer 0 leads, `weight x tanh(measure / spread)`; the log-odds add up.
`training/role_weights.py` fits the weights by logistic regression. Because few clips have known roles, no weight may be
negative and each is held near the others. docs/couple.md says how often each cue and the stated confidence are right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bachata_assets.pose.skeleton import ANKLES, EARS, FACE, SHOULDERS, TRUNK, Joint
from bachata_assets.pose.tracking.parameters import DEFAULTS, CueWeight, RoleParameters


@dataclass(frozen=True)
class Roles:
    """Who leads.

    Attributes
    ----------
    lead : int
        Number of the lead, 0 or 1.
    confidence : float
        Probability that this dancer leads, 0.5..1.
    evidence : dict
        Cue -> its log-odds that this dancer leads.
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
        bool (T, 2), whether the dancer was found.
    lead_side : "left", "right" or None
        Side of the frame on which the lead stands in the first frame with both, if known; it decides.
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
    """Return the measure of each cue, positive if dancer 0 leads.

    Parameters are those of `judge_roles`.

    Returns
    -------
    dict
        Cue -> its measure; 0 if the two are seen together too rarely.
    """
    both = valid.all(axis=1)
    if both.sum() < parameters.fewest_common_frames:
        return dict.fromkeys(CUES, 0.0)
    couple = _Couple.of(boxes[both], keypoints[both])
    return {name: measure(couple, parameters) for name, measure in CUES.items()}


def _dancer_at(boxes: np.ndarray, valid: np.ndarray, side: str) -> int:
    """Return which dancer stands on `side` when the clip first shows both; if it never does, the dancer it shows."""
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
    feet : np.ndarray
        float (T, 2), lower edges of the boxes, px.
    keypoints : np.ndarray
        float (T, 2, 17, 3), x y px and score.
    scale : float
        Height of a body, px.
    """

    feet: np.ndarray
    keypoints: np.ndarray
    scale: float

    @classmethod
    def of(cls, boxes: np.ndarray, keypoints: np.ndarray) -> "_Couple":
        height = np.maximum(boxes[..., 3] - boxes[..., 1], 1)
        return cls(boxes[..., 3], keypoints, float(np.median(height)))

    def y(self, joints: list[Joint]) -> np.ndarray:
        """Return the mean y of some joints, float (T, 2), px downwards."""
        mean: np.ndarray = self.keypoints[:, :, joints, 1].mean(axis=-1)
        return mean


def _taller_body(couple: _Couple, parameters: RoleParameters) -> float:
    """Return the log ratio of the dancers' heights, corrected for their distance from the camera.

    A nearer dancer looks taller. The distance follows from how far the ankles are below the horizon, which crosses all
    bodies on one floor at the camera's height (Criminisi, Reid and Zisserman, "Single view metrology", IJCV 2000).
    """
    ankles = couple.y(ANKLES)
    height = np.maximum(ankles - (couple.y(FACE) + couple.y(SHOULDERS)) / 2, 0.2 * couple.scale)
    usual = float(np.median(height))
    horizon = np.median(ankles) - parameters.camera_height * usual
    below = np.maximum(ankles - horizon, 0.1 * usual)
    ratio = np.log(height / below)
    return float(np.median(ratio[:, 0] - ratio[:, 1]))


def _fewer_turns(couple: _Couple, parameters: RoleParameters) -> float:
    """Return how many more half turns dancer 1 makes than dancer 0; the follow turns more."""
    turns = [_half_turns(couple.keypoints[:, who], couple.scale, parameters) for who in (0, 1)]
    return float(turns[1] - turns[0])


def _half_turns(own: np.ndarray, scale: float, parameters: RoleParameters) -> int:
    """Return how often a dancer with keypoints `own`, (T, 17, 3), changes between showing front and back."""
    across = (own[:, Joint.LEFT_SHOULDER, 0] - own[:, Joint.RIGHT_SHOULDER, 0]) / scale
    clear = (np.abs(across) > parameters.turned) & (own[:, SHOULDERS, 2] > parameters.believed_score).all(axis=1)
    return int((np.diff(np.sign(across[clear])) != 0).sum())


def _behind_in_shadow(couple: _Couple, parameters: RoleParameters) -> float:
    """Return how much more often dancer 0 is behind dancer 1 than vice versa while both face the same way, -1..1."""
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
    """Return which way each dancer faces, float (T, 2, 2), -1..1: to the right of the frame, and towards the camera."""
    x = couple.keypoints[..., 0] / couple.scale
    towards = (x[..., Joint.LEFT_SHOULDER] - x[..., Joint.RIGHT_SHOULDER]) / parameters.front_shoulders
    aside = (x[..., Joint.NOSE] - x[..., EARS].mean(axis=-1)) / parameters.side_nose
    return np.clip(np.stack([aside, towards], axis=-1), -1, 1)


Measure = Callable[[_Couple, RoleParameters], float]

CUES: dict[str, Measure] = {
    "taller_body": _taller_body,
    "fewer_turns": _fewer_turns,
    "behind_in_shadow": _behind_in_shadow,
}
"""Cue -> its measure, positive if dancer 0 leads; `CueWeights` has its spread and weight by the same name."""
