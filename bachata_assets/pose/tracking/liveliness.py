"""How much each place of the picture changes over a clip: plants, mirrors' frames and posters never move."""

from collections.abc import Sequence

import numpy as np

GRID = 160
"""Longer side of the map, cells."""
ALIVE = 16.0
"""Deviation of the grey level over time from which something surely moves."""
STILL = 0.25
"""Share of that below which nothing does."""
MIDDLE_GREY, DARK = 128, 16
"""What is dark changes little when someone dark moves before it: below this grey its change counts for more."""
FEWEST = 8
"""Frames that must be seen to tell."""


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

    def of(self, looks: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return how lively the places under each frame's poses (N, 17, 3) are, (N,): 0 nothing moves, 1 much does.

        Measured by the liveliest in the clip, so that a calm couple is not taken for furniture. A clip too short to
        tell is lively everywhere.
        """
        if self._count < FEWEST:
            return [np.ones(len(keypoints)) for keypoints in looks]
        mean = self._sum / self._count
        deviation = np.sqrt(np.maximum(self._squares / self._count - mean**2, 0))
        deviation *= np.maximum(1, MIDDLE_GREY / (mean + DARK))
        under = [self._under(deviation, keypoints) for keypoints in looks]
        found = np.concatenate([values for values in under if values.size] or [np.array([ALIVE])])
        alive = min(ALIVE, 0.5 * float(np.quantile(found, 0.9)))
        still = alive * STILL
        return [np.clip((values - still) / max(alive - still, 1e-6), 0, 1) for values in under]

    def _under(self, deviation: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
        height, width = deviation.shape
        xy = (keypoints[..., :2] * self._scale).round().astype(int)
        places = deviation[np.clip(xy[..., 1], 0, height - 1), np.clip(xy[..., 0], 0, width - 1)]
        middle: np.ndarray = np.median(places, axis=1)
        return middle
