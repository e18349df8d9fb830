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
_CORNERS = np.array(list(np.ndindex(2, 2, 2)))
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

    features = np.zeros((len(keypoints), FEATURES), np.float32)
    height, width = frame.shape[:2]
    for person, joints in enumerate(keypoints):
        points = _sample_points(joints)
        part = np.repeat(np.arange(len(PARTS)), [len(p) for p in points])
        xy = np.concatenate(points).round().astype(int)
        seen = (xy >= 0).all(1) & (xy[:, 0] < width) & (xy[:, 1] < height)
        if counts is not None:
            seen[seen] = counts[xy[seen, 1], xy[seen, 0]]
        seen &= np.bincount(part[seen], minlength=len(PARTS))[part] >= FEWEST_POINTS
        if seen.any():
            pixels = frame[xy[seen, 1], xy[seen, 0]][None]
            lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB)[0]
            features[person] = _soft_histograms(lab.astype(np.float32), part[seen])
    return features


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


def _soft_histograms(lab: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return one histogram a part (FEATURES,) in which each colour is shared among its 8 neighbouring bins."""
    # Skin, hair and most clothes lie near the middle of a and b: the bins cover 128 +- 48 there.
    position = (lab - [0, 80, 80]) / [255, 96, 96]
    position = np.clip(position, 0, 1) * (BINS - 1)
    low = np.minimum(position.astype(int), BINS - 2)
    share = np.stack([1 - (position - low), position - low])
    weight = np.prod([share[_CORNERS[:, channel], :, channel] for channel in range(3)], axis=0)
    place = (low @ [BINS**2, BINS, 1] + part * BINS**3)[None] + (_CORNERS @ [BINS**2, BINS, 1])[:, None]
    histogram = np.bincount(place.ravel(), weight.ravel(), FEATURES)
    size = np.maximum(np.bincount(part, minlength=len(PARTS)), 1)
    return (histogram / np.repeat(size, BINS**3)).astype(np.float32)
