"""How much each place of the picture changes over a clip: plants, mirrors' frames and posters never move."""

import numpy as np

GRID = 160
"""Longer side of the map, cells."""
STILL, ALIVE = 4.0, 16.0
"""Deviation of the grey level over time: below the first nothing moves, above the second something does."""


class Liveliness:
    """Running deviation of the grey level of every place, float (h, w); memory does not grow with the clip."""

    def __init__(self) -> None:
        self._count = 0
        self._sum = self._squares = np.zeros((1, 1))
        self._scale = 1.0

    def add(self, frame: np.ndarray) -> None:
        """Take in one frame, uint8 (H, W, 3)."""
        import cv2

        self._scale = min(1.0, GRID / max(frame.shape[:2]))
        small = cv2.resize(frame, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float64)
        self._count += 1
        self._sum = self._sum + grey
        self._squares = self._squares + grey**2

    def of(self, keypoints: np.ndarray) -> np.ndarray:
        """Return how lively the places under N poses (N, 17, 3) are, (N,): 0 nothing ever moves, 1 much does.

        A clip too short to tell is lively everywhere.
        """
        if self._count < 8:
            return np.ones(len(keypoints))
        mean = self._sum / self._count
        deviation = np.sqrt(np.maximum(self._squares / self._count - mean**2, 0))
        height, width = deviation.shape
        xy = (keypoints[..., :2] * self._scale).round().astype(int)
        under = deviation[np.clip(xy[..., 1], 0, height - 1), np.clip(xy[..., 0], 0, width - 1)]
        return np.clip((np.median(under, axis=1) - STILL) / (ALIVE - STILL), 0, 1)
