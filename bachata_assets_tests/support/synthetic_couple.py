"""A couple of stick figures whose motion is known."""

from dataclasses import dataclass, replace

import numpy as np

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.skeleton import ELBOWS, MIRRORED, WRISTS

STANDING = np.array(
    [(0, -78), (4, -81), (-4, -81), (8, -79), (-8, -79), (18, -55), (-18, -55), (26, -30), (-26, -30), (22, -8),
     (-22, -8), (11, 0), (-11, 0), (12, 42), (-12, 42), (12, 84), (-12, 84)], float
)  # fmt: skip
"""COCO joints of someone who faces the camera, px from the hips."""


@dataclass(frozen=True)
class Beats:
    """Stands for the beats found in a clip's music."""

    times: np.ndarray
    trusted: bool = True


def dancer(
    times: np.ndarray,
    *,
    at: tuple[float, float] = (300.0, 360.0),
    period_s: float = 2.0,
    sway: float = 20.0,
    turn_s: float | None = None,
    lift: float = 0.0,
    phase: float = 0.0,
    height: float = 1.0,
) -> np.ndarray:
    """Return joints (T, 17, 2): swaying sideways each `period_s`, turning once each `turn_s`."""
    cycle = 2 * np.pi * times / period_s - phase
    joints = np.repeat(STANDING[None] * height, len(times), axis=0)
    if turn_s is not None:
        joints[..., 0] *= np.cos(2 * np.pi * times / turn_s)[:, None]
    joints[:, WRISTS, 1] += 15 * np.sin(2 * cycle)[:, None] * [1, -0.4] - lift * np.array([1, 0.3])
    joints[:, ELBOWS, 1] += 8 * np.sin(2 * cycle + 0.5)[:, None] * [1, -0.6]
    joints[:, :13, 0] += 4 * np.sin(cycle)[:, None]
    place = np.stack([at[0] + sway * np.sin(cycle), at[1] + 4 * np.cos(2 * cycle)], axis=1)
    return joints + place[:, None]


def couple(lead: np.ndarray, follow: np.ndarray, times: np.ndarray, fps: float = 15.0) -> CoupleKeypoints:
    """Return the keypoints of two dancers (T, 17, 2) who are seen in every frame."""
    points = np.stack([lead, follow], axis=1)
    keypoints = np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1).astype(np.float32)
    valid = np.ones(keypoints.shape[:2], bool)
    boxes = np.concatenate([points.min(axis=2), points.max(axis=2)], axis=-1).astype(np.float32)
    nowhere = np.zeros_like(valid)
    return CoupleKeypoints(
        times, boxes, keypoints, valid, nowhere, nowhere, (0, 1), fps, 1280, 720, role_confidence=0.9
    )


def a_couple(
    seconds: float = 12.0, fps: float = 15.0, start: float = 0.0, tempo: float = 1.0, seed: int = 0
) -> CoupleKeypoints:
    """Return a couple with a follow who turns; `seed` changes what they do, `tempo` how fast."""
    random = np.random.default_rng(seed)
    times = np.arange(round(seconds * fps)) / fps
    danced = (times + start) * tempo
    periods, turns = random.uniform(1.5, 4.0, 2), random.uniform(3.0, 8.0, 2)
    lead = dancer(danced, period_s=periods[0], sway=random.uniform(5, 40), lift=random.uniform(0, 60))
    follow = dancer(
        danced, at=(300.0 + random.uniform(40, 120), 355.0), period_s=periods[1], turn_s=turns[0],
        lift=random.uniform(0, 60), sway=random.uniform(5, 40), phase=random.uniform(0, 3), height=0.93,
    )  # fmt: skip
    return couple(lead, follow, times, fps)


def moved(couple: CoupleKeypoints, scale: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> CoupleKeypoints:
    """Return the couple as a picture zoomed by `scale` and shifted by px would show it."""
    keypoints = couple.keypoints.copy()
    keypoints[..., :2] = keypoints[..., :2] * scale + np.array(shift, np.float32)
    return replace(couple, keypoints=keypoints)


def without_joints(couple: CoupleKeypoints, share: float, seed: int = 0) -> CoupleKeypoints:
    """Return the couple with a random share of joints missing."""
    keypoints = couple.keypoints.copy()
    keypoints[np.random.default_rng(seed).random(keypoints.shape[:3]) < share] = np.nan
    return replace(couple, keypoints=keypoints)


def noisy(couple: CoupleKeypoints, px: float, seed: int = 0) -> CoupleKeypoints:
    keypoints = couple.keypoints.copy()
    keypoints[..., :2] += np.random.default_rng(seed).normal(0, px, keypoints[..., :2].shape)
    return replace(couple, keypoints=keypoints)


def backwards(couple: CoupleKeypoints) -> CoupleKeypoints:
    return replace(couple, keypoints=couple.keypoints[::-1])


def mirrored(couple: CoupleKeypoints) -> CoupleKeypoints:
    """Return the couple as a mirror shows it: left becomes right, in the picture and of the bodies."""
    keypoints = couple.keypoints[:, :, MIRRORED].copy()
    keypoints[..., 0] = couple.width - keypoints[..., 0]
    return replace(couple, keypoints=keypoints)
