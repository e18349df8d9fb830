"""The boxes of a dancer's hands, and their 21 keypoints by the hand model.

Hands are searched at the ends of the forearms. Keypoint order (MMPose's hand5): wrist, then thumb, index, middle, ring
and little finger, four joints each, from the palm outwards. `tracking/` finds the body's keypoints.
"""

from collections.abc import Iterator

import numpy as np

from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.skeleton import ELBOWS, HIPS, SHOULDERS, WRISTS
from bachata_assets.schemas import HAND_KEYPOINTS

LEAST_SCORE = 0.2
"""Minimum score of wrist and elbow to search for a hand."""
HAND_OVER_FOREARM = 0.74
"""Length of the hand over that of the forearm."""
FOREARM_OVER_TRUNK = 0.5
"""Length of the forearm over that of the trunk.

In an adult's height, the hand is 0.108, the forearm 0.146, shoulder to hip 0.288 (Drillis and Contini 1966).
"""
SIDE = 1.2
"""Side of the box around a hand, hand lengths: fingers may be spread, and the wrist is not exact."""


def hand_boxes(keypoints: np.ndarray) -> np.ndarray:
    """Return square boxes around the left and the right hand.

    The centre lies half a hand beyond the wrist, on the line from the elbow. The size follows the visible forearm or
    half the trunk, whichever is longer, so an arm that points at the camera keeps a whole hand.

    Parameters
    ----------
    keypoints : np.ndarray
        float (..., 17, 3), x y score in px.

    Returns
    -------
    np.ndarray
        float (..., 2, 4), x1 y1 x2 y2, px; NaN if wrist or elbow is unknown.
    """
    xy = keypoints[..., :2]
    arm = xy[..., WRISTS, :] - xy[..., ELBOWS, :]
    trunk = np.linalg.norm(xy[..., SHOULDERS, :].mean(-2) - xy[..., HIPS, :].mean(-2), axis=-1)
    forearm = np.maximum(np.linalg.norm(arm, axis=-1), FOREARM_OVER_TRUNK * trunk[..., None])
    center = xy[..., WRISTS, :] + HAND_OVER_FOREARM / 2 * arm
    half = SIDE * HAND_OVER_FOREARM / 2 * forearm[..., None]
    boxes = np.concatenate([center - half, center + half], axis=-1)
    seen = (keypoints[..., WRISTS, 2] >= LEAST_SCORE) & (keypoints[..., ELBOWS, 2] >= LEAST_SCORE)
    return np.where(seen[..., None], boxes, np.nan)


def find_hands(models: PoseModels, frames: ClipFrames, keypoints: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return both dancers' hands.

    Parameters
    ----------
    models : PoseModels
        Models that include a hand model.
    frames : ClipFrames
        The clip's frames.
    keypoints : np.ndarray
        float (T, 2, 17, 3), x y score in px of `frames`.
    valid : np.ndarray
        bool (T, 2), whether the dancer was found.

    Returns
    -------
    np.ndarray
        float32 (T, 2, 2, 21, 3): dancer, left and right hand, x y px and score; NaN where not searched.

    Raises
    ------
    ModelSetError
        The models were loaded without a hand model.
    """
    boxes = hand_boxes(np.where(valid[..., None, None], keypoints, np.nan))
    wanted = ~np.isnan(boxes).any(axis=-1)
    hands = np.full((*wanted.shape, HAND_KEYPOINTS, 3), np.nan, np.float32)

    def jobs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for index, (_, picture) in enumerate(frames):
            for who, side in np.argwhere(wanted[index]):
                yield picture, boxes[index, who, side]

    for place, found in zip(np.argwhere(wanted), models.hand_keypoints(jobs()), strict=True):
        hands[tuple(place)] = found
    return hands
