"""Frames of a clip in which nobody counts as found, because they are not in the shot that counts."""

from dataclasses import replace

import numpy as np

from bachata_assets.pose.couple_keypoints import CoupleKeypoints


def within_clip(couple: CoupleKeypoints, times: np.ndarray, first: int, cuts: tuple[float, ...]) -> CoupleKeypoints:
    """Extend the couple of one shot to the whole clip, with nobody found in the other shots.

    Parameters
    ----------
    couple : CoupleKeypoints
        The couple in the shot.
    times : np.ndarray
        float64 (T,), times of all frames of the clip, s.
    first : int
        Index in the clip of the shot's first frame.
    cuts : tuple of float
        Times at which another shot begins, s.
    """
    if not cuts:
        return couple
    around = (first, len(times) - first - couple.frame_count)

    def over_all(values: np.ndarray, missing: float) -> np.ndarray:
        return np.pad(values, [around, *[(0, 0)] * (values.ndim - 1)], constant_values=missing)

    camera = couple.camera
    return replace(
        couple,
        times=times,
        boxes=over_all(couple.boxes, np.nan),
        keypoints=over_all(couple.keypoints, np.nan),
        valid=over_all(couple.valid, False),
        interpolated=over_all(couple.interpolated, False),
        occlusion_recovery=over_all(couple.occlusion_recovery, False),
        hands=None if couple.hands is None else over_all(couple.hands, np.nan),
        camera=None if camera is None else np.pad(camera, [around, (0, 0)], mode="edge"),
        cuts=cuts,
    )
