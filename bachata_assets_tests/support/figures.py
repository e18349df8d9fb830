"""Stick figures for tests: a standing person's keypoints and box, from a few numbers."""

import numpy as np

from bachata_assets.pose.tracking.appearance import FEATURES
from bachata_assets.pose.tracking.candidates import Candidates

_STANDING = np.array(
    [
        [0, 0.08], [0.02, 0.06], [-0.02, 0.06], [0.04, 0.07], [-0.04, 0.07],
        [0.1, 0.2], [-0.1, 0.2], [0.13, 0.36], [-0.13, 0.36], [0.14, 0.5], [-0.14, 0.5],
        [0.06, 0.52], [-0.06, 0.52], [0.07, 0.74], [-0.07, 0.74], [0.07, 0.95], [-0.07, 0.95],
    ]
)  # fmt: skip
"""Joints of someone facing the camera, in body heights from the top of the head; left is on the picture's right."""


def person(x: float, top: float = 50.0, height: float = 250.0, score: float = 0.8) -> np.ndarray:
    """Return keypoints (17, 3) of someone standing with the head at (x, top)."""
    points = _STANDING * height + [x, top]
    return np.concatenate([points, np.full((17, 1), score)], axis=1).astype(np.float32)


def box_of(keypoints: np.ndarray) -> np.ndarray:
    """Return the box (..., 4) around keypoints (..., 17, 3), a tenth of the height wider on every side."""
    low, high = keypoints[..., :2].min(axis=-2), keypoints[..., :2].max(axis=-2)
    margin = 0.05 * (high - low)[..., 1:]
    return np.concatenate([low - margin, high + margin], axis=-1)


def colours(shade: int, count: int = 1) -> np.ndarray:
    """Return colour histograms (count, FEATURES) of clothes all in one shade (a bin's number)."""
    histogram = np.zeros((count, 4, FEATURES // 4), np.float32)
    histogram[:, :, shade] = 1
    return histogram.reshape(count, FEATURES)


def seen(*people: tuple[np.ndarray, float, int]) -> Candidates:
    """Return the candidates of one frame: (keypoints, detector score, shade of the clothes) each."""
    keypoints = np.stack([pose for pose, _, _ in people]) if people else np.zeros((0, 17, 3), np.float32)
    shades = [colours(shade) for _, _, shade in people]
    return Candidates(
        boxes=box_of(keypoints).astype(np.float32) if people else np.zeros((0, 4), np.float32),
        scores=np.array([score for _, score, _ in people], np.float32),
        keypoints=keypoints,
        colours=np.concatenate(shades) if shades else np.zeros((0, FEATURES), np.float32),
    )
