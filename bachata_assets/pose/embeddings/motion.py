"""From a couple's keypoints to joints on the clock's grid, where gaps stay gaps.

This module also has the masked smoothing for everything on the grid. `body_signals.py` and `couple_signals.py` make
named signals of these joints.
"""

import numpy as np

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings.clock import Clock

MINIMUM_SCORE = 0.2
"""Score below which a keypoint is a guess of the pose model.

From 0 to 0.7, this value is best at finding the same move, and gives the best agreement between two pose models.
"""
SMOOTHING_S = 0.06
"""Standard deviation of the Gaussian that removes the frames' jitter, s."""
MINIMUM_EVIDENCE = 0.2
"""Share of the smoothing kernel's weight on seen frames from which a sample counts as seen."""


def joints_on_grid(couple: CoupleKeypoints, clock: Clock) -> np.ndarray:
    """Return joint positions resampled to the times of a clock.

    Each sample is the Gaussian-weighted mean of the seen frames around it (normalised convolution, Knutsson and Westin
    1993), so a missing frame loses only its own weight.

    Parameters
    ----------
    couple : CoupleKeypoints
        Both dancers, T frames.
    clock : Clock
        Its grid has N times.

    Returns
    -------
    np.ndarray
        float64 (N, 2, 17, 2), px, (lead, follow); NaN where a joint was not seen.
    """
    points = couple.steady_keypoints[..., :2].astype(float)
    total, weight = _weighted(points, joints_seen(couple)[..., None], SMOOTHING_S * couple.fps)
    grid = clock.grid(float(couple.times[0]), float(couple.times[-1]))
    total, weight = (_between(frames, couple.times, grid) for frames in (total, weight))
    return np.where(weight >= MINIMUM_EVIDENCE, total / np.maximum(weight, MINIMUM_EVIDENCE), np.nan)


def joints_seen(couple: CoupleKeypoints) -> np.ndarray:
    """Return which joints were seen, bool (T, 2, 17)."""
    points = couple.keypoints
    known = couple.valid[..., None] & np.isfinite(points).all(axis=-1)
    return np.asarray(known & (np.nan_to_num(points[..., 2]) >= MINIMUM_SCORE))


def _between(values: np.ndarray, times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Interpolate `values` (T, ...) from `times` to `grid`."""
    if len(times) == 1:
        return np.repeat(values, len(grid), axis=0)
    right = np.clip(np.searchsorted(times, grid), 1, len(times) - 1)
    share = ((grid - times[right - 1]) / (times[right] - times[right - 1])).clip(0, 1)
    share = share.reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(values[right - 1] * (1 - share) + values[right] * share)


def smooth(values: np.ndarray, samples: float) -> np.ndarray:
    """Return values smoothed along axis 0 by a Gaussian; gaps stay gaps.

    Parameters
    ----------
    values : np.ndarray
        float (N, ...), NaN where unknown.
    samples : float
        Standard deviation of the Gaussian, samples.
    """
    seen = np.isfinite(values)
    total, weight = _weighted(values, seen, samples)
    return np.where(seen, total / np.maximum(weight, 1e-9), np.nan)


def _weighted(values: np.ndarray, seen: np.ndarray, samples: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted sums of the seen values, and the weights."""
    from scipy.ndimage import gaussian_filter1d

    filled = np.where(seen, values, 0.0)
    options = {"axis": 0, "mode": "constant", "truncate": 4.0}
    total = gaussian_filter1d(filled, samples, **options)
    return total, gaussian_filter1d(seen.astype(float), samples, **options)
