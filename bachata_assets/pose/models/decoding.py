"""Decoding of the networks' outputs to boxes and keypoints, with numpy only.

There is one function for each form of output. An exported model carries its form (`form_of`), because finding it out
would need MMPose. The formulas are those of MMPose's codecs and MMDet's box coders.
"""

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import openvino

FORM = ["bachata", "form"]
"""Key of a model's form in its runtime information."""
STRIDES = (8, 16, 32)
"""Strides of RTMDet's three levels, px."""

Outputs = tuple[np.ndarray, ...]


def write_form(model: "openvino.Model", form: dict[str, Any]) -> None:
    """Write the form of its outputs into a model.

    Parameters
    ----------
    model : openvino.Model
        The model, changed in place.
    form : dict
        `kind`, and what decoding needs.
    """
    model.set_rt_info(json.dumps(form), FORM)


def form_of(model: "openvino.Model") -> dict[str, Any]:
    """Return the form that `write_form` wrote into a model."""
    return dict(json.loads(model.get_rt_info(FORM).astype(str)))


def decode_keypoints(form: dict[str, Any], outputs: Outputs, crop_size: tuple[int, int]) -> np.ndarray:
    """Return the keypoints of one crop from the model's outputs.

    Parameters
    ----------
    form : dict
        Form of the pose model.
    outputs : tuple of np.ndarray
        float, SimCC logits along x (K, W s) and y (K, H s), s the split ratio; or heatmaps (K, h, w).
    crop_size : tuple of int
        Width and height of the crop, px.

    Returns
    -------
    np.ndarray
        float32 (K, 3), x y in px of the crop and score 0..1.
    """
    if form["kind"] == "simcc":
        xy, score = _decode_simcc(outputs[0], outputs[1], form["split_ratio"])
    else:
        xy, score = _decode_heatmaps(outputs[0], form["blur"], crop_size)
    return np.concatenate([xy, np.clip(score, 0, 1)[:, None]], axis=1).astype(np.float32)


def _decode_simcc(x: np.ndarray, y: np.ndarray, split: float) -> tuple[np.ndarray, np.ndarray]:
    """Return places (K, 2) and scores (K,) of SimCC logits.

    Source: arXiv:2107.03332; MMPose's SimCCLabel.
    """
    xy = np.stack([x.argmax(-1), y.argmax(-1)], axis=-1) / split
    return xy, np.minimum(x.max(-1), y.max(-1))


def _decode_heatmaps(
    heatmaps: np.ndarray, blur: int | None, crop_size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return places (K, 2) and scores (K,) of heatmaps.

    Source: MMPose's MSRAHeatmap; with `blur`, its unbiased form (DARK, arXiv:1910.06278).
    """
    count, height, width = heatmaps.shape
    flat = heatmaps.reshape(count, -1)
    y, x = np.unravel_index(flat.argmax(-1), (height, width))
    score = flat.max(-1)
    offset = _quarter_offset(heatmaps, x, y) if blur is None else _dark_offset(heatmaps, x, y, blur)
    xy = np.stack([x, y], axis=-1) + offset
    xy[score <= 0] = -1
    return xy * (np.array(crop_size) / (width, height)), score


def _quarter_offset(heatmaps: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the offsets of the joints from the maxima, float (K, 2).

    They are a quarter pixel towards the higher neighbour; joints at the border have none.
    """
    count, height, width = heatmaps.shape
    k = np.arange(count)
    right, left = np.minimum(x + 1, width - 1), np.maximum(x - 1, 0)
    below, above = np.minimum(y + 1, height - 1), np.maximum(y - 1, 0)
    dx = np.sign(heatmaps[k, y, right] - heatmaps[k, y, left]) * ((x > 1) & (x < width - 1) & (y > 0))
    dy = np.sign(heatmaps[k, below, x] - heatmaps[k, above, x]) * ((y > 1) & (y < height - 1) & (x > 0))
    return 0.25 * np.stack([dx, dy], axis=-1)


def _dark_offset(heatmaps: np.ndarray, x: np.ndarray, y: np.ndarray, kernel: int) -> np.ndarray:
    """Return the offsets of the joints from the maxima, float (K, 2).

    They lead to the maximum of a Gaussian fitted to the blurred heatmap; joints at the border have none.
    """
    count, height, width = heatmaps.shape
    k = np.arange(count)
    logs = np.log(np.maximum(_blurred(heatmaps, kernel), 1e-10))
    inside = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
    cx, cy = np.clip(x, 2, width - 3), np.clip(y, 2, height - 3)

    def at(right: int, down: int) -> np.ndarray:
        return logs[k, cy + down, cx + right]

    dx, dy = (at(1, 0) - at(-1, 0)) / 2, (at(0, 1) - at(0, -1)) / 2
    dxx = (at(2, 0) - 2 * at(0, 0) + at(-2, 0)) / 4
    dyy = (at(0, 2) - 2 * at(0, 0) + at(0, -2)) / 4
    dxy = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    determinant = dxx * dyy - dxy**2
    fits = inside & (determinant != 0)
    determinant = np.where(fits, determinant, 1)
    offset = np.stack([dxy * dy - dyy * dx, dxy * dx - dxx * dy], axis=-1) / determinant[:, None]
    return np.where(fits[:, None], offset, 0)


def _blurred(heatmaps: np.ndarray, kernel: int) -> np.ndarray:
    """Return heatmaps blurred by a Gaussian with zero padding, each rescaled to its old maximum."""
    import cv2

    border = (kernel - 1) // 2
    padded = np.pad(heatmaps.astype(np.float32), ((0, 0), (border, border), (border, border)))
    inner = np.s_[border:-border, border:-border]
    blurred = np.stack([cv2.GaussianBlur(one, (kernel, kernel), 0)[inner] for one in padded])
    scale = heatmaps.max((1, 2)) / blurred.max((1, 2))
    return blurred * scale[:, None, None]


def decode_boxes(form: dict[str, Any], raw: np.ndarray, input_size: tuple[int, int]) -> np.ndarray:
    """Return the boxes from a detector's output.

    Parameters
    ----------
    form : dict
        Form of the detector.
    raw : np.ndarray
        float (P, 4), distances from RTMDet's grid to left, top, right, bottom; or boxes.
    input_size : tuple of int
        Width and height of the detector's input, px.

    Returns
    -------
    np.ndarray
        float (P, 4), x1 y1 x2 y2 in px of the detector's input.
    """
    if form["kind"] == "boxes":
        return raw
    centers = _grid_points(*input_size)
    return np.concatenate([centers - raw[:, :2], centers + raw[:, 2:]], axis=1)


def _grid_points(width: int, height: int) -> np.ndarray:
    """Return RTMDet's prior points (P, 2), x y, over all strides."""
    levels = []
    for stride in STRIDES:
        y, x = np.mgrid[0 : height // stride, 0 : width // stride] * stride
        levels.append(np.stack([x.ravel(), y.ravel()], axis=1))
    return np.concatenate(levels).astype(np.float32)
