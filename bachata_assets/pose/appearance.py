"""What a dancer wears: colour histograms of hair, torso, arms and legs, read at the keypoints.

Who is who by these is `identity.py`'s concern.
"""

import numpy as np

BINS = 5
"""Per Lab channel."""
PARTS = ("head", "torso", "arms", "legs")
FEWEST_POINTS = 4
"""A part with fewer points in sight counts as not seen."""
FEATURES = len(PARTS) * BINS**3

_LEFT_EAR, _RIGHT_EAR = 3, 4
_LIMBS = {"arms": ((5, 7), (6, 8)), "legs": ((11, 13), (12, 14), (13, 15), (14, 16))}
_ALONG = np.linspace(0.1, 0.9, 7, dtype=np.float32)


def body_colours(frame: np.ndarray, keypoints: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
    """Return the colour histograms (N, FEATURES) of N persons; each part sums to 1 (or 0 where it is not seen).

    Parameters
    ----------
    frame : uint8 (H, W, 3), BGR
    keypoints : float32 (N, 17, 3), x y score in px of `frame`
    counts : bool (H, W), the pixels to look at; None: all
    """
    import cv2

    features = np.zeros((len(keypoints), len(PARTS), BINS**3), np.float32)
    height, width = frame.shape[:2]
    for person, joints in enumerate(keypoints):
        for part, points in enumerate(_sample_points(joints)):
            xy = points.round().astype(int)
            inside = (xy >= 0).all(1) & (xy[:, 0] < width) & (xy[:, 1] < height)
            xy = xy[inside]
            if counts is not None:
                xy = xy[counts[xy[:, 1], xy[:, 0]]]
            if len(xy) < FEWEST_POINTS:
                continue
            pixels = frame[xy[:, 1], xy[:, 0]][None]
            lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)[0]
            features[person, part] = _soft_histogram(lab.astype(np.float32))
    return features.reshape(len(keypoints), FEATURES)


def _sample_points(joints: np.ndarray) -> list[np.ndarray]:
    """Return the points (M, 2) to look at for each of PARTS."""
    xy = joints[:, :2]
    shoulders, hips = xy[[5, 6]], xy[[11, 12]]
    neck, pelvis = shoulders.mean(0), hips.mean(0)
    trunk = np.linalg.norm(neck - pelvis)
    ears = xy[[_LEFT_EAR, _RIGHT_EAR]].mean(0)
    around = np.stack(np.meshgrid(np.linspace(-0.15, 0.15, 4), np.linspace(-0.28, 0.1, 5)), -1).reshape(-1, 2)
    head = ears + around * trunk
    across = np.linspace(0.15, 0.85, 5, dtype=np.float32)[:, None]
    left = shoulders[0] + _ALONG[:, None] * (hips[0] - shoulders[0])
    right = shoulders[1] + _ALONG[:, None] * (hips[1] - shoulders[1])
    torso = (left[None] + across[:, None] * (right - left)[None]).reshape(-1, 2)
    limbs = [
        np.concatenate([xy[a] + _ALONG[:, None] * (xy[b] - xy[a]) for a, b in _LIMBS[part]])
        for part in ("arms", "legs")
    ]
    return [head, torso, *limbs]


def _soft_histogram(lab: np.ndarray) -> np.ndarray:
    """Return a histogram (BINS^3,) in which each colour is shared among its 8 neighbouring bins."""
    # Skin, hair and most clothes lie near the middle of a and b: the bins cover 128 +- 48 there.
    position = np.stack(
        [lab[:, 0] / 255, np.clip((lab[:, 1] - 80) / 96, 0, 1), np.clip((lab[:, 2] - 80) / 96, 0, 1)], axis=1
    ) * (BINS - 1)
    low = np.minimum(position.astype(int), BINS - 2)
    fraction = position - low
    histogram = np.zeros(BINS**3, np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, fraction, 1 - fraction), axis=1)
        index = np.ravel_multi_index((low + corner).T, (BINS,) * 3)
        histogram += np.bincount(index, weight, BINS**3).astype(np.float32)
    return histogram / len(lab)
