"""The pose model's training crops: one dancer in a new room, in other clothes, before or behind another dancer."""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from bachata_assets.pose.skeleton import MIRRORED
from couples.backgrounds import painted
from couples.colours import degraded, relit
from couples.compositing import blended, placed, soft, with_new_clothes
from couples.cut_outs import CutOuts
from couples.frames import OUTSIDE, load

PADDING = 1.25
"""As in MMPose's GetBBoxCenterScale."""
LEAST_SEEN = 0.3
"""A dancer put before the target leaves this share of it to be seen."""


@TRANSFORMS.register_module()
class CoupleCrop(BaseTransform):  # type: ignore[misc]  # OpenMMLab publishes no types
    """A frame and its target person to `img` (crop), `transformed_keypoints` and `keypoints_visible`.

    Parameters
    ----------
    input_size : width, height of the crop, px
    cut_outs : file made by `cut_outs.py`
    new_room : chance that the room is replaced
    alone : chance that a free-standing target loses its partner and, mostly, gets a cut-out dancer before or behind it
    """

    def __init__(self, input_size: tuple[int, int], cut_outs: str, new_room: float, alone: float) -> None:
        width, height = input_size
        self.input_size, self.new_room, self.alone = (width, height), new_room, alone
        self.cut_outs = CutOuts(cut_outs)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Return the results with the crop."""
        rng = np.random.default_rng(np.random.randint(2**31))
        picture, labels = load(results)
        person = results["persons"][results["target"]]
        visible = np.minimum(person["keypoints"][:, 2], 1)
        box = person["box"]
        if rng.random() < 0.15:
            box, hidden = truncate(picture, labels, box, rng)
            x, y = person["keypoints"][:, :2].astype(int).clip(0).T
            beyond = hidden[y.clip(max=hidden.shape[0] - 1), x.clip(max=hidden.shape[1] - 1)]
            visible = np.where(beyond, 0, visible)
        matrix = crop_matrix(box, self.input_size, rng)
        crop = cv2.warpAffine(picture, matrix, self.input_size, flags=cv2.INTER_LINEAR)
        near = cv2.warpAffine(labels, matrix, self.input_size, flags=cv2.INTER_NEAREST, borderValue=OUTSIDE)
        points = person["keypoints"][:, :2] @ matrix[:, :2].T + matrix[:, 2]
        if rng.random() < 0.5:
            crop, near = np.ascontiguousarray(crop[:, ::-1]), np.ascontiguousarray(near[:, ::-1])
            points, visible = points[MIRRORED], visible[MIRRORED]
            points[:, 0] = self.input_size[0] - 1 - points[:, 0]
        crop = self._recomposed(crop, near, results, picture, rng)
        crop = degraded(relit(crop, rng) if rng.random() < 0.7 else crop, rng)
        if rng.random() < 0.3:
            _cover(crop, rng)
        return results | {
            "img": crop,
            "input_size": self.input_size,
            "transformed_keypoints": points[None].astype(np.float32),
            "keypoints_visible": visible[None].astype(np.float32),
        }

    def _recomposed(
        self, crop: np.ndarray, near: np.ndarray, results: dict[str, Any], scene: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Return the crop with a new room, new clothes, another partner, as the lots fall."""
        if rng.random() >= self.new_room:
            return crop
        mine = near == results["target"] + 1
        if not mine.any():
            return crop
        alone = results["persons"][results["target"]]["free"] and rng.random() < self.alone
        kept = mine if alone else (near > 0) & (near != OUTSIDE)
        crop = with_new_clothes(crop, near, rng)
        room = painted(rng, *self.input_size, scene)
        another = rng.random() < (0.85 if alone else 0.15)
        in_front = alone and another and rng.random() < 0.5
        if another and not in_front:
            dancer = self._partner(mine, rng, near_by=alone)
            room = blended(np.ascontiguousarray(dancer[..., :3]), room, dancer[..., 3])
        out = blended(crop, room, soft(kept, rng))
        if in_front:
            dancer = self._partner(mine, rng, near_by=True)
            if (dancer[..., 3][mine] < 128).mean() > LEAST_SEEN:
                out = blended(np.ascontiguousarray(dancer[..., :3]), out, dancer[..., 3])
        if rng.random() < 0.5:
            out[near == OUTSIDE] = 0
        return out

    def _partner(self, mine: np.ndarray, rng: np.random.Generator, near_by: bool) -> np.ndarray:
        """Return a cut-out dancer beside the target (embracing it, when `near_by`), uint8 BGRA of the crop's size."""
        rows, columns = np.flatnonzero(mine.any(1)), np.flatnonzero(mine.any(0))
        height, width = rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1
        aside = rng.choice([-1, 1]) * (rng.uniform(0.05, 0.8) if near_by else rng.uniform(0.5, 1.6)) * width
        foot = ((columns[0] + columns[-1]) / 2 + aside, rows[-1] + rng.uniform(-0.08, 0.08) * height)
        size = height * (rng.uniform(0.82, 1.18) if near_by else rng.uniform(0.5, 1.3))
        return placed(self.cut_outs.draw(rng), size, foot, self.input_size)


def crop_matrix(box: np.ndarray, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return the 2x3 matrix from frame to crop around a box that is moved, scaled and turned at random."""
    width, height = size
    low, high = box[:2], box[2:]
    span = float(max((high - low) / size)) * PADDING
    centre = (low + high) / 2 + rng.normal(0, 0.05, 2).clip(-0.12, 0.12) * span * np.array(size)
    scale = 1 / (span * rng.uniform(0.78, 1.3))
    angle = float(np.clip(rng.normal(0, 0.3), -0.7, 0.7)) if rng.random() < 0.5 else 0.0
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([turn, np.array([width, height]) / 2 - turn @ centre])


def truncate(
    picture: np.ndarray, labels: np.ndarray, box: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Cut the frame through the person, as a picture's edge or a table would; return the box left and what is cut off.

    The cut part of picture and labels is overwritten; bool (H, W) says where.
    """
    hidden = np.zeros(labels.shape, bool)
    share = rng.uniform(0.45, 0.92)
    x1, y1, x2, y2 = box
    side = rng.choice(["bottom", "left", "right", "top"], p=[0.6, 0.15, 0.15, 0.1])
    if side == "bottom":
        y2 = y1 + share * (y2 - y1)
        hidden[int(y2) :] = True
    elif side == "top":
        y1 = y2 - share * (y2 - y1)
        hidden[: int(y1)] = True
    elif side == "right":
        x2 = x1 + share * (x2 - x1)
        hidden[:, int(x2) :] = True
    else:
        x1 = x2 - share * (x2 - x1)
        hidden[:, : int(x1)] = True
    picture[hidden], labels[hidden] = 0, OUTSIDE
    return np.array([x1, y1, x2, y2], np.float32), hidden


def _cover(crop: np.ndarray, rng: np.random.Generator) -> None:
    """Lay a plain rectangle over a part of the crop."""
    height, width = crop.shape[:2]
    h, w = (rng.uniform(0.1, 0.35, 2) * (height, width)).astype(int)
    y, x = int(rng.integers(height - h)), int(rng.integers(width - w))
    crop[y : y + h, x : x + w] = rng.integers(0, 256, 3)
