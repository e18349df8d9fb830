"""Top-down keypoints: crop a person or a hand, run the model, decode, map back to the frame.

`decoding.py` has the formulas; the callers of `pose_models.py` choose the boxes.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from bachata_assets.pose.models.decoding import decode_keypoints
from bachata_assets.pose.models.inputs import batches
from bachata_assets.pose.models.runners import Runner

CROP_PADDING = 1.25
"""Size of a crop over the size of its box, as in MMPose's GetBBoxCenterScale."""
POSE_BATCH = 8
"""Number of crops in a batch on the CPU."""


class TopDown:
    """A model that takes crops of one size.

    Parameters
    ----------
    run : Runner
        Runner of the model.
    form : dict
        Form of its outputs.
    size : tuple of int
        Width and height of the crops, px.
    """

    def __init__(self, run: Runner, form: dict[str, Any], size: tuple[int, int]) -> None:
        self.run = run
        self.form = form
        self.size = size

    def keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield the keypoints of each job, float32 (K, 3), x y px of its frame and score 0..1.

        Parameters
        ----------
        jobs : iterable
            (frame uint8 (H, W, 3) BGR, box float (4,), x1 y1 x2 y2 in px of the frame).
        """
        geometry: deque[np.ndarray] = deque()

        def crops() -> Iterator[np.ndarray]:
            for frame, box in jobs:
                matrix, crop = top_down_crop(frame, box, self.size)
                geometry.append(matrix)
                yield crop

        for outputs in self.run(batches(crops(), POSE_BATCH * self.run.batch_factor)):
            for one in zip(*outputs, strict=True):
                matrix = geometry.popleft()
                keypoints = decode_keypoints(self.form, one, self.size)
                keypoints[:, :2] = (keypoints[:, :2] - matrix[:, 2]) / matrix[0, 0]
                yield keypoints


def top_down_crop(frame: np.ndarray, box: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the crop around a padded box, and the transform from frame to crop.

    Parameters
    ----------
    frame : np.ndarray
        uint8 (H, W, 3), BGR.
    box : np.ndarray
        float (4,), x1 y1 x2 y2, px.
    size : tuple of int
        Width and height of the crop, px.

    Returns
    -------
    matrix : np.ndarray
        float64 (2, 3), from frame to crop.
    crop : np.ndarray
        uint8 (height, width, 3), BGR.
    """
    import cv2

    width, height = size
    x1, y1, x2, y2 = (float(v) for v in box)
    span = max((x2 - x1) / width, (y2 - y1) / height, 1e-3) * CROP_PADDING
    matrix = np.array(
        [[1 / span, 0, width / 2 - (x1 + x2) / 2 / span], [0, 1 / span, height / 2 - (y1 + y2) / 2 / span]]
    )
    return matrix, cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_LINEAR)
