"""Putting dancers over rooms: soft masks, recoloured persons, cut-outs placed over a picture or behind a person."""

import cv2
import numpy as np

from couples.colours import recoloured
from couples.frames import OUTSIDE


def blended(front: np.ndarray, behind: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return `front` over `behind`, uint8 (H, W, 3); alpha uint8 (H, W)."""
    weight = alpha.astype(np.float32) / 255
    return np.asarray(cv2.blendLinear(front, behind, weight, 1 - weight))


def soft(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a mask as alpha, uint8, its edge soft and now and then a little wider than the person."""
    alpha: np.ndarray = mask.astype(np.uint8) * 255
    if rng.random() < 0.5:
        alpha = cv2.dilate(alpha, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.5, 1.3)))


def with_new_clothes(picture: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the picture with each labelled person recoloured for itself."""
    picture = picture.copy()
    for label in np.unique(labels):
        if label not in (0, OUTSIDE) and rng.random() < 0.75:
            here = labels == label
            picture[here] = recoloured(picture, rng)[here]
    return picture


def placed(dancer: np.ndarray, height: float, foot: tuple[float, float], size: tuple[int, int]) -> np.ndarray:
    """Return a cut-out on an empty canvas of `size` (width, height), its lowest point's middle at `foot`, uint8 BGRA.

    Parameters
    ----------
    dancer : uint8 (h, w, 4)
    height : px that the cut-out is to be high
    foot : x, y in px of the canvas
    """
    h, w = dancer.shape[:2]
    scale = height / h
    if scale < 0.6:
        factor = max(scale, 0.1)
        dancer = cv2.resize(dancer, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        h, w, scale = *dancer.shape[:2], height / dancer.shape[0]
    matrix = np.array([[scale, 0, foot[0] - scale * w / 2], [0, scale, foot[1] - scale * h]])
    return np.asarray(cv2.warpAffine(np.ascontiguousarray(dancer), matrix, size, flags=cv2.INTER_LINEAR))
