"""What a dancer wears: colour histograms of head, torso, arms and legs, sampled at the keypoints.

`reidentification.py` uses them to tell the two dancers apart.
"""

import numpy as np

from bachata_assets.pose.skeleton import EARS, FLANKS, HIPS, SHINS, SHOULDERS, THIGHS, UPPER_ARMS
from bachata_assets.pose.tracking.parameters import DEFAULTS, ClothesParameters
from bachata_assets.schemas import KEYPOINTS

BINS = 5
"""Number of bins per channel of CIE Lab."""
PARTS = ("head", "torso", "arms", "legs")
"""Parts of the body, each with a histogram."""
FEATURES = len(PARTS) * BINS**3
"""Length of all histograms of a person."""

_TORSO = [joint for flank in FLANKS for joint in flank]
"""Left shoulder and hip, right shoulder and hip."""
_LIMBS = {"arms": UPPER_ARMS, "legs": (*THIGHS, *SHINS)}
_CORNERS = np.array(list(np.ndindex(2, 2, 2)))
_ALONG = np.linspace(0.1, 0.9, 7)
"""Sample points along a limb or down the torso, shares of its length."""
_ACROSS = np.linspace(0.15, 0.85, 5)
"""Sample points across the torso, shares of its width."""


def body_colours(
    frame: np.ndarray,
    keypoints: np.ndarray,
    counts: np.ndarray | None = None,
    parameters: ClothesParameters = DEFAULTS.clothes,
) -> np.ndarray:
    """Return the colour histograms of persons.

    Parameters
    ----------
    frame : np.ndarray
        uint8 (H, W, 3), BGR.
    keypoints : np.ndarray
        float32 (N, 17, 3), x y score in px of `frame`.
    counts : np.ndarray or None
        bool (H, W), the pixels to sample; None: all.
    parameters : ClothesParameters
        Thresholds.

    Returns
    -------
    np.ndarray
        float32 (N, FEATURES); each part of the body sums to 1, or to 0 if it is not seen.
    """
    import cv2

    features = np.zeros((len(keypoints), FEATURES), np.float32)
    height, width = frame.shape[:2]
    for person, xy in enumerate(_sample_points(keypoints[..., :2])):
        seen = (xy >= 0).all(1) & (xy[:, 0] < width) & (xy[:, 1] < height)
        if counts is not None:
            seen[seen] = counts[xy[seen, 1], xy[seen, 0]]
        seen &= np.bincount(_PART[seen], minlength=len(PARTS))[_PART] >= parameters.fewest_points
        if seen.any():
            pixels = frame[xy[seen, 1], xy[seen, 0]][None]
            lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)[0]
            features[person] = _soft_histograms(lab.astype(np.float32), _PART[seen])
    return features


def unlike_clothes(ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the difference between the clothes of some people and those of others, float (K, M), 0..1.

    It is one minus the Bhattacharyya coefficient of the histograms, over the parts of the body that both show.

    Parameters
    ----------
    ones : np.ndarray
        float (K, FEATURES).
    others : np.ndarray
        float (M, FEATURES).
    """
    a, b = (colours.reshape(len(colours), len(PARTS), -1).swapaxes(0, 1) for colours in (ones, others))
    both = (a.sum(axis=-1) > 0)[:, :, None] & (b.sum(axis=-1) > 0)[:, None]
    alike = np.sqrt(a) @ np.sqrt(b).swapaxes(1, 2)
    mean = (alike * both).sum(axis=0) / np.maximum(both.sum(axis=0), 1)
    return np.where(both.any(axis=0), 1 - mean, 0.5)


def _sample_points(xy: np.ndarray) -> np.ndarray:
    """Return the points to sample, int (N, M, 2), px, for joints `xy`, (N, 17, 2), px.

    `_PART` (M,) has each point's part of the body.
    """
    trunk = np.linalg.norm((xy[:, SHOULDERS] - xy[:, HIPS]).mean(1), axis=-1)
    points: np.ndarray = (_OF_JOINTS @ xy + _OF_TRUNK * trunk[:, None, None]).round().astype(int)
    return points


def _points() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights that define the sample points, and the part of the body of each.

    They are weights of the joints (M, 17), weights of the trunk's length (M, 2), and index into `PARTS` (M,). The
    points are a grid around the ears, a grid over the torso, and rows along the limbs.
    """
    around = np.stack(np.meshgrid(np.linspace(-0.15, 0.15, 4), np.linspace(-0.28, 0.1, 5)), -1).reshape(-1, 2)
    head = np.zeros((len(around), KEYPOINTS))
    head[:, EARS] = 0.5
    down, across = (grid.ravel() for grid in np.meshgrid(_ALONG, _ACROSS))
    torso = np.zeros((len(down), KEYPOINTS))
    torso[:, _TORSO] = np.stack(
        [(1 - down) * (1 - across), down * (1 - across), (1 - down) * across, down * across], axis=1
    )
    limbs = []
    for pairs in _LIMBS.values():
        rows = np.zeros((len(pairs), len(_ALONG), KEYPOINTS))
        for row, (start, end) in zip(rows, pairs, strict=True):
            row[:, start], row[:, end] = 1 - _ALONG, _ALONG
        limbs.append(rows.reshape(-1, KEYPOINTS))
    parts = [head, torso, *limbs]
    of_joints = np.concatenate(parts)
    of_trunk = np.zeros((len(of_joints), 2))
    of_trunk[: len(around)] = around
    return of_joints, of_trunk, np.repeat(np.arange(len(PARTS)), [len(part) for part in parts])


_OF_JOINTS, _OF_TRUNK, _PART = _points()


def _soft_histograms(lab: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return one histogram for each part of the body, float32 (FEATURES,).

    Trilinear interpolation shares each colour among the 8 bins around it.

    Parameters
    ----------
    lab : np.ndarray
        float32 (M, 3), OpenCV's 8-bit CIE Lab.
    part : np.ndarray
        int (M,), index into `PARTS`.
    """
    # Skin, hair and most clothes lie near the middle of a and b, so the bins cover 128 +- 48 there.
    position = (lab - [0, 80, 80]) / [255, 96, 96]
    position = np.clip(position, 0, 1) * (BINS - 1)
    low = np.minimum(position.astype(int), BINS - 2)
    share = np.stack([1 - (position - low), position - low])
    weight = np.prod([share[_CORNERS[:, channel], :, channel] for channel in range(3)], axis=0)
    place = (low @ [BINS**2, BINS, 1] + part * BINS**3)[None] + (_CORNERS @ [BINS**2, BINS, 1])[:, None]
    histogram = np.bincount(place.ravel(), weight.ravel(), FEATURES)
    size = np.maximum(np.bincount(part, minlength=len(PARTS)), 1)
    return (histogram / np.repeat(size, BINS**3)).astype(np.float32)
