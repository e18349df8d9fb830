"""How much each place of the picture changes over a clip.

Furniture, posters and the frames of mirrors never change; `tracks.py` takes no dancer from there.
"""

from collections.abc import Sequence

import numpy as np

from bachata_assets.pose.tracking.parameters import DEFAULTS, ActivityParameters


class ActivityMap:
    """Standard deviation over time of the grey level of every place.

    It is computed from running sums, so memory does not grow with the clip.

    Parameters
    ----------
    parameters : ActivityParameters
        Thresholds.
    """

    def __init__(self, parameters: ActivityParameters = DEFAULTS.activity) -> None:
        self._parameters = parameters
        self._count = 0
        self._sum = self._squares = np.zeros((1, 1))
        self._scale = 1.0

    def add(self, frame: np.ndarray) -> None:
        """Take in one frame.

        Parameters
        ----------
        frame : np.ndarray
            uint8 (H, W, 3), BGR; all frames have one size.
        """
        import cv2

        self._scale = min(1.0, self._parameters.grid / max(frame.shape[:2]))
        small = cv2.resize(frame, None, fx=self._scale, fy=self._scale, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float64)
        self._count += 1
        self._sum = self._sum + grey
        self._squares = self._squares + grey**2

    def of(self, poses: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return how active the places under each frame's poses are.

        It is relative to the most active poses of the clip, so that a calm couple is not taken for furniture. In a clip
        too short to tell, everything is active.

        Parameters
        ----------
        poses : sequence of np.ndarray
            Of each frame float (N, 17, 3), x y score in px of the frames added.

        Returns
        -------
        list of np.ndarray
            Of each frame float64 (N,), from 0 where nothing moves to 1 where much does.
        """
        limits = self._parameters
        if self._count < limits.fewest_frames:
            return [np.ones(len(keypoints)) for keypoints in poses]
        mean = self._sum / self._count
        deviation = np.sqrt(np.maximum(self._squares / self._count - mean**2, 0))
        deviation *= np.maximum(1, limits.middle_grey / (mean + limits.dark_grey))
        under = [self._under(deviation, keypoints) for keypoints in poses]
        found = np.concatenate([values for values in under if values.size] or [np.array([limits.active_deviation])])
        active = min(limits.active_deviation, 0.5 * float(np.quantile(found, 0.9)))
        still = active * limits.still_share
        return [np.clip((values - still) / max(active - still, 1e-6), 0, 1) for values in under]

    def _under(self, deviation: np.ndarray, keypoints: np.ndarray) -> np.ndarray:
        """Return the median deviation (N,) under the joints of poses (N, 17, 3)."""
        height, width = deviation.shape
        xy = (keypoints[..., :2] * self._scale).round().astype(int)
        places = deviation[np.clip(xy[..., 1], 0, height - 1), np.clip(xy[..., 0], 0, width - 1)]
        middle: np.ndarray = np.median(places, axis=1)
        return middle
