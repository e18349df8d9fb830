"""From a couple's keypoints to joints on the clock's grid.

Gaps stay gaps. Here is also the masked smoothing that everything on the grid uses. Named signals are made of these
joints in `body_signals.py` and `couple_signals.py`.
"""

import numpy as np

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings.clock import Clock

MINIMUM_SCORE = 0.2
"""Score below which a keypoint is a guess of the pose model.

Of 0 to 0.7 this value finds the same move best, and makes the keypoints of two pose models agree best.
"""
SMOOTHING_S = 0.06
"""Standard deviation of the Gaussian that takes the frames' jitter away, s."""
MINIMUM_EVIDENCE = 0.2
"""Share of the smoothing kernel's weight that must lie on seen frames for a sample to count as seen."""


def joints_on_grid(couple: CoupleKeypoints, clock: Clock) -> np.ndarray:
    """Return joint positions resampled to the times of a clock.

    Each sample is the Gaussian-weighted mean of the frames seen around it (normalised convolution, Knutsson
    and Westin 1993), so that a missing frame costs nothing but its own weight.

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
    """Return `values` (T, ...) interpolated from `times` to `grid`."""
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
    """Return the weighted sums of what was seen, and the weights."""
    from scipy.ndimage import gaussian_filter1d

    filled = np.where(seen, values, 0.0)
    options = {"axis": 0, "mode": "constant", "truncate": 4.0}
    total = gaussian_filter1d(filled, samples, **options)
    return total, gaussian_filter1d(seen.astype(float), samples, **options)
