"""Someone else of a dancer's size who walks past: while the couple hide one another, that body may be taken for one.

It is only told when; what is made of it: `swaps.py`.
"""

from collections.abc import Sequence

import numpy as np

from bachata_assets.pose.geometry import box_center
from bachata_assets.pose.tracking.candidates import Candidates

SIZES = (0.75, 1.33)
"""Of the dancers' median height: others stand farther off, or are children."""
LEAST_SCORE = 0.35
"""Mean of the detector's and the keypoints' scores from which somebody is there."""
ASIDE = 0.25
"""From both dancers' centres, in body heights: what is nearer may be a second box of one of them."""
NEAR = 1.5
"""From the nearer dancer's centre, in body heights."""
LEAST_LOOKS = 2
"""Before a moment, and after it."""
WALKED = 0.25
"""From the mean place in WINDOW_S before to that in WINDOW_S after, in body heights: spectators stand still."""
WINDOW_S = 1.5


def passer_by(times: np.ndarray, candidates: Sequence[Candidates], chosen: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return bool (S,): at about this look somebody else walks past the couple.

    Parameters
    ----------
    times : float (S,), s, of the looks
    candidates : of each look
    chosen : (S, 2), the dancers among them, negative where missing
    boxes : (S, 2, 4), where the dancers are or are expected, NaN where not known
    """
    heights = (boxes[..., 3] - boxes[..., 1])[~np.isnan(boxes[..., 0])]
    height = float(np.median(heights)) if heights.size else np.nan
    x = [
        _others(found, pair, expected, height) for found, pair, expected in zip(candidates, chosen, boxes, strict=True)
    ]
    passing = np.zeros(len(times), bool)
    for look, time_s in enumerate(times):
        since = times - time_s
        sides = [
            [x[i] for i in np.flatnonzero(side) if x[i].size]
            for side in ((since >= -WINDOW_S) & (since <= 0), (since <= WINDOW_S) & (since >= 0))
        ]
        if min(len(side) for side in sides) >= LEAST_LOOKS:
            before, after = (np.concatenate(side).mean() for side in sides)
            passing[look] = abs(after - before) > WALKED * height
    return passing


def _others(found: Candidates, pair: np.ndarray, expected: np.ndarray, height: float) -> np.ndarray:
    """Return the x (M,), px, of those of a dancer's size near the couple who are neither of them."""
    size = (found.boxes[:, 3] - found.boxes[:, 1]) / height
    score = (found.scores + found.keypoints[..., 2].mean(axis=1)) / 2
    centers = box_center(found.boxes)
    away = np.linalg.norm(centers[:, None] - box_center(expected)[None], axis=-1) / height
    nearest = np.fmin(away[:, 0], away[:, 1])
    is_other = (size > SIZES[0]) & (size < SIZES[1]) & (score > LEAST_SCORE) & (nearest > ASIDE) & (nearest < NEAR)
    is_other[pair[pair >= 0]] = False
    return centers[is_other, 0]
