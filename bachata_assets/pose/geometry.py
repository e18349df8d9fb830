"""Measures between boxes and between keypoints: IoU, OKS, NMS.

Boxes are float arrays (..., 4), x1 y1 x2 y2; keypoints (..., 17, 3), x y score in COCO order. NaN in, NaN out.
"""

import numpy as np

from bachata_assets.pose.skeleton import SIGMAS

AREA_OF_BOX = 0.53
"""Mean ratio of a person's area to the area of its box, in COCO."""


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the intersection over union of boxes.

    Parameters
    ----------
    a, b : np.ndarray
        float (..., 4), x1 y1 x2 y2, px; they broadcast against each other.

    Returns
    -------
    np.ndarray
        float (...), 0..1.

    Examples
    --------
    >>> float(box_iou(np.array([0.0, 0, 2, 2]), np.array([1.0, 0, 3, 2])).round(3))
    0.333
    """
    low = np.maximum(a[..., :2], b[..., :2])
    high = np.minimum(a[..., 2:], b[..., 2:])
    inner = np.prod(np.maximum(high - low, 0), axis=-1)
    return inner / np.maximum(box_area(a) + box_area(b) - inner, 1e-6)


def box_area(boxes: np.ndarray) -> np.ndarray:
    """Return the areas, float (...), px^2, of boxes, float (..., 4), px."""
    return np.prod(np.maximum(boxes[..., 2:] - boxes[..., :2], 0), axis=-1)


def box_center(boxes: np.ndarray) -> np.ndarray:
    """Return the centres, float (..., 2), px, of boxes, float (..., 4), px."""
    return (boxes[..., :2] + boxes[..., 2:]) / 2


def non_maximum_suppression(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Return the boxes that no better box overlaps much, best first.

    Parameters
    ----------
    boxes : np.ndarray
        float (N, 4), x1 y1 x2 y2, px.
    scores : np.ndarray
        float (N,).
    threshold : float
        IoU above which the weaker of two boxes is dropped.

    Returns
    -------
    np.ndarray
        int (M,), indices of the remaining boxes.
    """
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, order = order[0], order[1:]
        kept.append(int(best))
        order = order[box_iou(boxes[best], boxes[order]) <= threshold]
    return np.asarray(kept, int)


def object_keypoint_similarity(a: np.ndarray, b: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Return the object keypoint similarity (OKS) of poses.

    It is exp(-d^2 / (2 s^2 k^2)) with k = 2 sigma and s^2 the person's area, averaged over the keypoints with weight
    sqrt(score a x score b), so that guessed joints count little. Source: cocodataset.org, keypoints evaluation.

    Parameters
    ----------
    a, b : np.ndarray
        float (..., 17, 3), x y px and score; they broadcast against each other.
    area : np.ndarray
        float (...), area of the person, px^2.

    Returns
    -------
    np.ndarray
        float (...), 0..1.
    """
    distance2 = np.sum((a[..., :2] - b[..., :2]) ** 2, axis=-1)
    variance = (2 * SIGMAS) ** 2
    similarity = np.exp(-distance2 / (2 * variance * np.maximum(area, 1.0)[..., None]))
    weight = np.sqrt(np.clip(a[..., 2] * b[..., 2], 1e-4, None))
    return np.sum(similarity * weight, axis=-1) / np.sum(weight, axis=-1)


IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])
"""The similarity that moves nothing, a b x y as in `stabilised`."""


def stabilised(points: np.ndarray, to_first: np.ndarray) -> np.ndarray:
    """Return points mapped to the first frame, which removes the camera's motion.

    Parameters
    ----------
    points : np.ndarray
        float (T, ..., K), x y first, px; further values stay.
    to_first : np.ndarray
        float (T, 4), each frame's a, b, x, y: the place in the first frame is (a px - b py + x, b px + a py + y).
    """
    a, b, x, y = (to_first[:, i].reshape(-1, *[1] * (points.ndim - 2)) for i in range(4))
    moved = points.copy()
    moved[..., 0] = a * points[..., 0] - b * points[..., 1] + x
    moved[..., 1] = b * points[..., 0] + a * points[..., 1] + y
    return moved


def inverse_similarity(similarity: np.ndarray) -> np.ndarray:
    """Return the inverse similarities, float (..., 4); a, b, x, y as in `stabilised`."""
    a, b, x, y = np.moveaxis(similarity, -1, 0)
    size = a * a + b * b
    return np.stack([a, -b, -(a * x + b * y), b * x - a * y], axis=-1) / size[..., None]


def camera_motion(to_first: np.ndarray, size: tuple[int, int], fps: float) -> dict[str, float]:
    """Return how fast a camera moves and how much it zooms.

    Parameters
    ----------
    to_first : float (T, 4), each frame's similarity a, b, x, y to the first
    size : width and height of the frame, px
    fps : frames per second

    Returns
    -------
    `px_per_second`: mean speed of the frame's centre; `zoom`: largest over smallest scale.
    """
    middle = np.broadcast_to(np.array(size) / 2, (len(to_first), 1, 2))
    moved = np.linalg.norm(np.diff(stabilised(middle, to_first)[:, 0], axis=0), axis=1)
    scale = np.linalg.norm(to_first[:, :2], axis=1)
    return {
        "px_per_second": float(moved.mean() * fps) if len(moved) else 0.0,
        "zoom": float(scale.max() / scale.min()),
    }
