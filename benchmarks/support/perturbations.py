"""The same clip filmed, cut or recognised otherwise: what must not change which clip is nearest."""

from dataclasses import replace

import numpy as np

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings.motion import MINIMUM_SCORE


def zoomed(couple: CoupleKeypoints, by: float) -> CoupleKeypoints:
    """Zoom about the picture's middle; joints stay known outside of it."""
    middle = np.array([couple.width, couple.height]) / 2
    return _with_points(couple, (couple.keypoints[..., :2] - middle) * by + middle)


def shifted(couple: CoupleKeypoints, x: float, y: float) -> CoupleKeypoints:
    """Move by shares of the picture."""
    return _with_points(couple, couple.keypoints[..., :2] + np.array([x * couple.width, y * couple.height]))


def cropped(couple: CoupleKeypoints, share: float) -> CoupleKeypoints:
    """Lose `share` of the picture's width and height: joints beyond are missing."""
    points = couple.keypoints[..., :2]
    size = np.array([couple.width, couple.height])
    outside = (points < size * share / 2) | (points > size * (1 - share / 2))
    return _with_points(couple, np.where(outside.any(axis=-1, keepdims=True), np.nan, points))


def cut(couple: CoupleKeypoints, share: float) -> CoupleKeypoints:
    """Lose `share` of the clip's time, half of it at each end."""
    frames = round(couple.frame_count * share / 2)
    kept = slice(frames, couple.frame_count - frames)
    return replace(
        couple,
        times=couple.times[kept],  # the beats stay where they are
        boxes=couple.boxes[kept],
        keypoints=couple.keypoints[kept],
        valid=couple.valid[kept],
        interpolated=couple.interpolated[kept],
        occlusion_recovery=couple.occlusion_recovery[kept],
        camera=None if couple.camera is None else couple.camera[kept],
    )


def reencoded(couple: CoupleKeypoints, fps: float) -> CoupleKeypoints:
    """Show each sample at the nearest frame of a video of `fps`, as sampling at 15 fps does."""
    shown = np.round(couple.times * fps) / fps
    points = couple.keypoints[..., :2].astype(float)
    at = np.interp(shown, couple.times, np.arange(couple.frame_count))
    before, after = np.floor(at).astype(int), np.ceil(at).astype(int)
    share = (at - before)[:, None, None, None]
    return _with_points(couple, points[before] * (1 - share) + points[after] * share)


def without_joints(couple: CoupleKeypoints, share: float) -> CoupleKeypoints:
    """Lose a random share of the joints."""
    lost = np.random.default_rng(0).random((*couple.keypoints.shape[:3], 1)) < share
    return _with_points(couple, np.where(lost, np.nan, couple.keypoints[..., :2]))


def through_gaps_of(couple: CoupleKeypoints, other: CoupleKeypoints) -> CoupleKeypoints:
    """Lose dancers and joints wherever the other clip lost them, beside the own gaps."""
    return _without(couple, np.resize(gaps(other), gaps(couple).shape))


def through_own_gaps_later(couple: CoupleKeypoints) -> CoupleKeypoints:
    """Lose dancers and joints again where the clip lost them half its length before."""
    return _without(couple, np.roll(gaps(couple), couple.frame_count // 2, axis=0))


def gaps(couple: CoupleKeypoints) -> np.ndarray:
    """Return which joints of which dancer are missing, bool (T, 2, 17)."""
    return ~couple.valid[..., None] | ~(couple.keypoints[..., 2] >= MINIMUM_SCORE)


def noisy(couple: CoupleKeypoints, share: float) -> CoupleKeypoints:
    """Add Gaussian noise of `share` of the dancers' height to every joint of every frame."""
    height = np.nanmedian(couple.boxes[..., 3] - couple.boxes[..., 1])
    points = couple.keypoints[..., :2]
    return _with_points(couple, points + np.random.default_rng(0).normal(0, share * height, points.shape))


def _without(couple: CoupleKeypoints, lost: np.ndarray) -> CoupleKeypoints:
    seen = _with_points(couple, np.where(lost[..., None], np.nan, couple.keypoints[..., :2]))
    return replace(seen, valid=couple.valid & ~lost.all(axis=-1))


def _with_points(couple: CoupleKeypoints, points: np.ndarray) -> CoupleKeypoints:
    keypoints = np.concatenate([points, couple.keypoints[..., 2:]], axis=-1)
    return replace(couple, keypoints=keypoints.astype(np.float32))
