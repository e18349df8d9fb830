"""Inputs of the networks: letterboxed frames, and batches.

`top_down.py` crops persons and hands.
"""

from collections.abc import Iterable, Iterator

import numpy as np

PADDING_GREY = 114
"""Grey level of the padding around a frame, as in RTMDet's test pipeline."""


def letterbox(frame: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return a frame scaled to fit at the top left, with grey padding, as in RTMDet's test pipeline.

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
        Number of images per batch; the last may have fewer.

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
