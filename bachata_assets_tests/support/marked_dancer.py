"""A picture of one person of whom each keypoint has a colour of its own, for tests of augmentation."""

import cv2
import numpy as np

COLOURS = np.array([(40 + 12 * k, 255 - 12 * k, (90 * k) % 250) for k in range(17)], np.uint8)
"""Colour of each keypoint, BGR."""
BOX = (150, 40, 290, 260)
"""Box of the person, px."""


def marked_dancer() -> tuple[np.ndarray, np.ndarray]:
    """Return a green box with a disc at each keypoint.

    Returns
    -------
    picture : np.ndarray
        uint8 (288, 512, 3), BGR.
    keypoints : np.ndarray
        float32 (17, 3), x y px and visibility.
    """
    picture = np.zeros((288, 512, 3), np.uint8)
    x1, y1, x2, y2 = BOX
    picture[y1:y2, x1:x2] = (0, 255, 0)
    grid = np.array([(165 + 28 * (k % 5), 60 + 50 * (k // 5)) for k in range(17)], np.float32)
    for point, colour in zip(grid, COLOURS, strict=True):
        cv2.circle(picture, tuple(int(v) for v in point), 9, colour.tolist(), -1)
    return picture, np.column_stack([grid, np.full(17, 2)]).astype(np.float32)
