"""The detector's training frames: couples in new rooms, with further dancers over, behind and beside them."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes

from couples.backgrounds import painted
from couples.colours import degraded, relit
from couples.compositing import blended, placed, soft, with_new_clothes
from couples.cut_outs import CutOuts
from couples.frames import OUTSIDE, load

GREY = 114
"""What the product fills the canvas with beyond the frame."""
LEAST_SEEN = 0.15
"""A person of whom less is seen has no box."""
LEAST_INSIDE = 0.25
"""A box of which less lies in the canvas is dropped."""


@TRANSFORMS.register_module()
class CoupleCanvas(BaseTransform):  # type: ignore[misc]  # OpenMMLab publishes no types
    """A frame to `img` of the detector's size and the boxes in it.

    Parameters
    ----------
    input_size : width, height, px
    cut_outs : file made by `cut_outs.py`
    moved : chance that the frame is moved and scaled, instead of fitted as the product does it
    new_room : chance that the room is replaced
    more : chance that further dancers are put in
    """

    def __init__(self, input_size: tuple[int, int], cut_outs: str, moved: float, new_room: float, more: float) -> None:
        width, height = input_size
        self.input_size, self.moved, self.new_room, self.more = (width, height), moved, new_room, more
        self.cut_outs = CutOuts(cut_outs)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the results with canvas and boxes."""
        rng = np.random.default_rng(np.random.randint(2**31))
        frame, frame_labels = load(results)
        boxes = np.array([person["box"] for person in results["persons"]])
        moved = rng.random() < self.moved
        matrix = canvas_matrix(frame.shape[1::-1], boxes, self.input_size, rng, moved=moved)
        picture = cv2.warpAffine(frame, matrix, self.input_size, flags=cv2.INTER_LINEAR)
        labels = cv2.warpAffine(frame_labels, matrix, self.input_size, flags=cv2.INTER_NEAREST, borderValue=OUTSIDE)
        corners = boxes.reshape(-1, 2, 2) @ matrix[:, :2].T + matrix[:, 2]
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        picture, boxes, labels = self._recomposed(picture, boxes, labels, frame, rng)
        picture = degraded(relit(picture, rng) if rng.random() < 0.7 else picture, rng)
        boxes = kept_boxes(boxes, self.input_size)
        return results | {
            "img": picture,
            "img_shape": picture.shape[:2],
            "ori_shape": picture.shape[:2],
            "scale_factor": (1.0, 1.0),
            "gt_bboxes": HorizontalBoxes(boxes),
            "gt_bboxes_labels": np.zeros(len(boxes), np.int64),
            "gt_ignore_flags": np.zeros(len(boxes), bool),
        }

    def _recomposed(
        self, picture: np.ndarray, boxes: np.ndarray, labels: np.ndarray, scene: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return picture, boxes and labels after room, clothes and further dancers, as the lots fall."""
        outside = labels == OUTSIDE
        if rng.random() < self.new_room:
            empty = rng.random() < 0.05
            persons = (labels > 0) & ~outside
            picture = with_new_clothes(picture, labels, rng)
            room = painted(rng, *self.input_size, scene)
            if empty:
                picture, boxes, labels = room, boxes[:0], np.where(outside, OUTSIDE, 0).astype(np.uint8)
            else:
                picture = blended(picture, room, soft(persons, rng))
        if rng.random() < self.more:
            picture, boxes = self._crowded(picture, boxes, labels, rng)
        if not outside.all() and rng.random() < 0.7:
            picture[outside] = GREY
        return picture, boxes, labels

    def _crowded(
        self, picture: np.ndarray, boxes: np.ndarray, labels: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Put one to three dancers before what is there; drop the boxes of those whom they hide."""
        whole = {label: int((labels == label).sum()) for label in range(1, len(boxes) + 1)}
        labels = labels.copy()
        for _ in range(int(rng.integers(1, 4))):
            x1, y1, x2, y2 = boxes[rng.integers(len(boxes))] if len(boxes) else _somewhere(self.input_size, rng)
            aside = rng.choice([-1, 1]) * (rng.uniform(0.1, 0.9) if rng.random() < 0.5 else rng.uniform(0.9, 4))
            foot = ((x1 + x2) / 2 + aside * (x2 - x1), y2 + rng.uniform(-0.15, 0.15) * (y2 - y1))
            size = (y2 - y1) * rng.uniform(0.65, 1.25)
            dancer = placed(self.cut_outs.draw(rng), float(size), foot, self.input_size)
            mask = (dancer[..., 3] > 127) & (labels != OUTSIDE)
            if mask.sum() < 60:
                continue
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            box = np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], float)
            picture = blended(np.ascontiguousarray(dancer[..., :3]), picture, dancer[..., 3])
            boxes = np.concatenate([boxes, box])
            labels[mask] = len(boxes)
            whole[len(boxes)] = int(mask.sum())
        seen = [(labels == label).sum() >= LEAST_SEEN * max(area, 1) for label, area in sorted(whole.items())]
        return picture, boxes[np.array(seen, bool)]


def canvas_matrix(
    frame_size: tuple[int, int], boxes: np.ndarray, size: tuple[int, int], rng: np.random.Generator, *, moved: bool
) -> np.ndarray:
    """Return the 2x3 matrix from frame to canvas, mirrored or not.

    Fitted as the product does it; or `moved`: scaled, with a person somewhere in the middle.
    """
    frame, canvas = np.array(frame_size, float), np.array(size, float)
    fit = float(min(canvas / frame))
    scale, offset = np.array([fit, fit]), np.zeros(2)
    if moved:
        scale = fit * np.exp(rng.uniform(np.log(0.6), np.log(2.0))) * rng.uniform(0.93, 1.07, 2)
        low, high = boxes[rng.integers(len(boxes))].reshape(2, 2) * scale
        # The drawn person's centre lies somewhere in the middle of the canvas.
        offset = canvas * rng.uniform(0.2, 0.8, 2) - (low + high) / 2
    matrix = np.array([[scale[0], 0, offset[0]], [0, scale[1], offset[1]]])
    if rng.random() < 0.5:
        matrix[0] = [-scale[0], 0, scale[0] * frame[0] + offset[0]]
    return matrix


def kept_boxes(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the boxes cut at the canvas's edge, float32 (n, 4), without those hardly in it."""
    limits = np.array([*size, *size])
    inside = np.clip(boxes, 0, limits)
    area, whole = ((b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in (inside, boxes))
    return inside[(area > LEAST_INSIDE * whole) & (area > 40)].astype(np.float32)


def _somewhere(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    width, height = size
    tall = height * rng.uniform(0.3, 0.9)
    x, y = rng.uniform(0, width), height * rng.uniform(0.5, 1)
    return np.array([x - 0.2 * tall, y - tall, x + 0.2 * tall, y])
