"""Poses while the two dancers cross, corrected from the frames around.

During a crossing, the pose model mixes both bodies into each pose. A longer embrace stays unchanged, because its motion
is the dance.
"""

import numpy as np

from bachata_assets.pose.skeleton import TRUNK
from bachata_assets.pose.tracking.identity_switches import runs
from bachata_assets.pose.tracking.parameters import DEFAULTS, CrossingParameters


def settle_crossings(
    times: np.ndarray,
    boxes: np.ndarray,
    keypoints: np.ndarray,
    valid: np.ndarray,
    parameters: CrossingParameters = DEFAULTS.crossings,
) -> np.ndarray:
    """Return keypoints in which uncertain poses at crossings are moved to their joints' paths.

    Parameters
    ----------
    times : np.ndarray
        float (T,), s.
    boxes : np.ndarray
        float (T, 2, 4), x1 y1 x2 y2, px.
    keypoints : np.ndarray
        float (T, 2, 17, 3), x y px and score.
    valid : np.ndarray
        bool (T, 2), whether the dancer was found.
    parameters : CrossingParameters
        Thresholds.

    Returns
    -------
    np.ndarray
        As `keypoints`, with other x and y at crossings but the same scores.
    """
    crossing = _crossing(times, boxes, keypoints, valid, parameters)
    uncertain = crossing[:, None] & valid & (keypoints[..., 2].mean(axis=-1) < parameters.uncertain_score)
    settled = keypoints.copy()
    for frame, who in np.argwhere(uncertain):
        settled[frame, who, :, :2] = _on_path(keypoints[:, who], valid[:, who], int(frame), parameters.reach_frames)
    return settled


def _crossing(
    times: np.ndarray, boxes: np.ndarray, keypoints: np.ndarray, valid: np.ndarray, parameters: CrossingParameters
) -> np.ndarray:
    """Return bool (T,), true while the two are near one another for a short time."""
    crossing = np.zeros(len(times), bool)
    both = valid.all(axis=1)
    if both.any():
        height = np.median((boxes[..., 3] - boxes[..., 1])[valid])
        trunks = keypoints[..., TRUNK, :2].mean(axis=2)
        apart = np.linalg.norm(trunks[:, 0] - trunks[:, 1], axis=-1) > parameters.mixed_distance * height
        for run in runs(~(both & apart)):
            crossing[run] = times[run[-1]] - times[run[0]] <= parameters.longest_crossing_s
    return crossing


def _on_path(poses: np.ndarray, valid: np.ndarray, frame: int, reach: int) -> np.ndarray:
    """Return the joints of a pose on a line through the poses around it.

    It is a least-squares line over `reach` frames before and after, weighted by score^2 x a triangle in time.

    Parameters
    ----------
    poses : np.ndarray
        float (T, 17, 3), x y px and score.
    valid : np.ndarray
        bool (T,), whether the pose is valid.

    Returns
    -------
    np.ndarray
        float (17, 2), x y px.
    """
    near = np.arange(max(0, frame - reach), min(len(poses), frame + reach + 1))
    near = near[valid[near]]
    offset = (near - frame)[:, None]
    weight = (poses[near, :, 2] ** 2 + 1e-6) * (1 - np.abs(offset) / (reach + 1))
    weight /= weight.sum(axis=0)
    middle = (weight * offset).sum(axis=0)
    place = (weight[..., None] * poses[near, :, :2]).sum(axis=0)
    tilted = ((weight * (offset - middle))[..., None] * poses[near, :, :2]).sum(axis=0)
    spread = (weight * (offset - middle) ** 2).sum(axis=0)
    joints: np.ndarray = place - tilted * (middle / np.maximum(spread, 1e-6))[:, None]
    return joints
