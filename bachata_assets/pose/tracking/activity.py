"""How much each place of the frame changes over a clip.

Furniture, posters and mirror frames never change; `tracks.py` takes no dancer from there.
"""

from collections.abc import Sequence

import numpy as np

from bachata_assets.pose.tracking.parameters import DEFAULTS, ActivityParameters


class ActivityMap:
    """Standard deviation over time of the grey level at every place, from running sums in constant memory.

    Parameters
    ----------
    parameters : ActivityParameters
        Thresholds.
    """

    def __init__(self, parameters: ActivityParameters = DEFAULTS.activity) -> None:
        self._parameters = parameters
        self._count: int | np.ndarray = 0
        self._sum = self._squares = np.zeros((1, 1))
        self._scale = 1.0
        self._origin = np.zeros(2)

    def add(self, frame: np.ndarray, to_first: np.ndarray | None = None) -> None:
        """Add a frame.

        Parameters
        ----------
        frame : np.ndarray
            uint8 (H, W, 3), BGR; all frames have one size.
        to_first : np.ndarray or None
            float (4,), as in `CameraMotion`, for a map of the room; None if the camera stands still.
        """
        import cv2

        self._scale = min(1.0, self._parameters.grid / max(frame.shape[:2]))
        small = cv2.resize(frame, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA)
        grey: np.ndarray = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float64)
        if to_first is None:
            self._count += 1
        else:
            grey, seen = self._in_room(grey, to_first)
            self._count = self._count + seen
        self._sum = self._sum + grey
        self._squares = self._squares + grey**2

    def _in_room(self, grey: np.ndarray, to_first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return a small frame on a map of the room that extends half a frame beyond the first, and a mask of it."""
        import cv2

        height, width = grey.shape
        self._origin = np.array([width // 2, height // 2])
        a, b, x, y = to_first * [1, 1, self._scale, self._scale]
        move = np.array([[a, -b, x + self._origin[0]], [b, a, y + self._origin[1]]])
        size = (2 * width, 2 * height)
        seen = cv2.warpAffine(np.ones(grey.shape), move, size, flags=cv2.INTER_NEAREST)
        return np.asarray(cv2.warpAffine(grey, move, size)) * seen, np.asarray(seen)

    def extent(self) -> tuple[float, float, float, float] | None:
        """Return the box around all places that certainly move, x1 y1 x2 y2 in px of the frames; None if none does."""
        import cv2

        mean = self._sum / np.maximum(self._count, 1)
        deviation = np.sqrt(np.maximum(self._squares / np.maximum(self._count, 1) - mean**2, 0))
        moves = (deviation > 0.5 * self._parameters.active_deviation).astype(np.uint8)
        lasting = np.asarray(cv2.morphologyEx(moves, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
        rows, columns = np.flatnonzero(lasting.any(axis=1)), np.flatnonzero(lasting.any(axis=0))
        if not rows.size:
            return None
        left, right = columns[[0, -1]] / self._scale
        top, bottom = rows[[0, -1]] / self._scale
        return float(left), float(top), float(right + 1 / self._scale), float(bottom + 1 / self._scale)

    def of(self, poses: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the activity of the places under each frame's poses.

        It is relative to the most active poses of the clip, so that a calm couple does not count as furniture. In a
        clip too short to tell, everything is active.

        Parameters
        ----------
        poses : sequence of np.ndarray
            For each frame, float (N, 17, 3), x y score in px of the frames, or of the first frame if the camera moves.

        Returns
        -------
        list of np.ndarray
            For each frame, float64 (N,), from 0 (nothing moves) to 1 (much moves).
        """
        limits = self._parameters
        if np.max(self._count) < limits.fewest_frames:
            return [np.ones(len(keypoints)) for keypoints in poses]
        count = np.maximum(self._count, 1)
        mean = self._sum / count
        deviation = np.sqrt(np.maximum(self._squares / count - mean**2, 0))
        deviation *= np.maximum(1, limits.middle_grey / (mean + limits.dark_grey))
        deviation = np.where(self._count < limits.fewest_frames, limits.active_deviation, deviation)
        under = [self._under(deviation, keypoints) for keypoints in poses]
        found = np.concatenate([values for values in under if values.size] or [np.array([limits.active_deviation])])
        active = min(limits.active_deviation, 0.5 * float(np.quantile(found, 0.9)))
        still = active * limits.still_share
        return [np.clip((values - still) / max(active - still, 1e-6), 0, 1) for values in under]

    def _under(self, deviation: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
        """Return the median deviation (N,) under the joints of poses (N, 17, 3)."""
        height, width = deviation.shape
        xy = (keypoints[..., :2] * self._scale + self._origin).round().astype(int)
        places = deviation[np.clip(xy[..., 1], 0, height - 1), np.clip(xy[..., 0], 0, width - 1)]
        middle: np.ndarray = np.median(places, axis=1)
        return middle
