"""Pictures in the form in which a network takes them: fitted in, in batches.

Crops around a person or a hand are made in `top_down.py`.
"""

from collections.abc import Iterable, Iterator

import numpy as np

PADDING_GREY = 114
"""Grey level beside a frame that does not fill the detector's input, as in RTMDet's test pipeline."""


def letterbox(frame: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return a frame scaled to fit from the top left, the rest grey.

    As in RTMDet's test pipeline.

    Parameters
    ----------
    frame : np.ndarray
        uint8 (H, W, 3), BGR.
    width, height : int
        Size of the result, px.
    """
    import cv2

    scale = min(width / frame.shape[1], height / frame.shape[0])
    size = (min(width, round(frame.shape[1] * scale)), min(height, round(frame.shape[0] * scale)))
    out = np.full((height, width, 3), PADDING_GREY, np.uint8)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out[: size[1], : size[0]] = cv2.resize(frame, size, interpolation=interpolation)
    return out


def batches(images: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """Yield images in batches.

    Parameters
    ----------
    images : iterable of np.ndarray
        uint8 (H, W, 3), all of one size.
    size : int
        Number of images in a batch; the last may hold fewer.

    Yields
    ------
    np.ndarray
        uint8 (N, H, W, 3).
    """
    batch: list[np.ndarray] = []
    for image in images:
        batch.append(image)
        if len(batch) == size:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)
