"""Measures that turn a signal into numbers: level, energy at periods in beats, regularity, order in time.

The signals come from `body_signals.py` and `couple_signals.py`. Unseen samples do not count.
"""

import warnings
from collections.abc import Callable

import numpy as np

from bachata_assets.pose.embeddings.clock import SAMPLES_PER_BEAT
from bachata_assets.pose.embeddings.motion import smooth

PERIODS = (1, 2, 3, 4, 6, 8)
"""Periods of the motion energy, beats."""
DOG_PERIOD = 6.54
"""Period that a difference of Gaussians of widths s and 2 s passes best, in units of s: 2 pi / sqrt(2 ln 4 / 3)."""
MINIMUM_SAMPLES = SAMPLES_PER_BEAT
"""Minimum number of seen samples for a measure: one beat."""
FLOOR = 0.01
"""Motion at which logarithms start, torsos; below a hundredth it is the pose model's noise."""

Signals = np.ndarray
"""float (N, S), NaN where unknown."""


def band(signals: Signals, period: float) -> Signals:
    """Return the motion with a period of about `period` beats, by a difference of Gaussians of widths s and 2 s.

    Parameters
    ----------
    signals : np.ndarray
        float (N, ...), NaN where unknown.
    period : float
        Period, beats.
    """
    width = period / DOG_PERIOD * SAMPLES_PER_BEAT
    return np.asarray(smooth(signals, width) - smooth(signals, 2 * width))


def _level(quantile: float) -> Callable[[Signals], np.ndarray]:
    return lambda signals: np.nanquantile(signals, quantile, axis=0)


def _energy(period: float) -> Callable[[Signals], np.ndarray]:
    return lambda signals: np.log(np.sqrt(np.nanmean(band(signals, period) ** 2, axis=0)) + FLOOR)


def _speed(signals: Signals) -> np.ndarray:
    """Return the logarithm of the mean speed in torsos per beat."""
    velocity = np.diff(smooth(signals, 0.15 * SAMPLES_PER_BEAT), axis=0) * SAMPLES_PER_BEAT
    return np.asarray(np.log(np.nanmean(np.abs(velocity), axis=0) + 2 * FLOOR))


def _regularity(lag: float) -> Callable[[Signals], np.ndarray]:
    """Return a measure of the autocorrelation after `lag` beats, which is 1 if the signal repeats itself."""

    def measure(signals: Signals) -> np.ndarray:
        step = round(lag * SAMPLES_PER_BEAT)
        calm = smooth(signals, 0.3 * SAMPLES_PER_BEAT)
        calm = calm - np.nanmean(calm, axis=0)
        if len(calm) < step + MINIMUM_SAMPLES:
            return np.full(signals.shape[1], np.nan)
        after = np.nanmean(calm[step:] * calm[:-step], axis=0)
        return np.asarray(after / (np.nanmean(calm**2, axis=0) + FLOOR**2))

    return measure


def _later(signals: Signals) -> np.ndarray:
    """Return the mean of the last third minus that of the first."""
    third = len(signals) // 3
    return np.asarray(np.nanmean(signals[-third:], axis=0) - np.nanmean(signals[:third], axis=0))


def _livelier(signals: Signals) -> np.ndarray:
    """Return how much more the last third moves than the first: the logarithm of the ratio of their 4-beat energies."""
    third = len(signals) // 3
    power = band(signals, 4) ** 2
    last, first = (np.sqrt(np.nanmean(part, axis=0)) for part in (power[-third:], power[:third]))
    return np.asarray(np.log(last + FLOOR) - np.log(first + FLOOR))


def _suddenness(signals: Signals) -> np.ndarray:
    """Return the skewness of the 4-beat velocity, positive if the signal rises fast and falls slowly."""
    velocity = np.diff(band(signals, 4), axis=0)
    spread = np.nanmean(velocity**2, axis=0)
    return np.asarray(np.nanmean(velocity**3, axis=0) / (spread**1.5 + 1e-5))


MEASURES: dict[str, Callable[[Signals], np.ndarray]] = {
    "low level": _level(0.1),
    "middle level": _level(0.5),
    "high level": _level(0.9),
    **{f"energy at {period} beats": _energy(period) for period in PERIODS},
    "speed": _speed,
    "repeats after half a beat": _regularity(0.5),
    "repeats after 1 beat": _regularity(1),
    "repeats after 4 beats": _regularity(4),
    "later than early": _later,
    "livelier later": _livelier,
    "rises fast": _suddenness,
}
"""Name -> measure of signals (N, S), giving (S,)."""


def summarise(signals: dict[str, np.ndarray], measures: tuple[str, ...] = tuple(MEASURES)) -> np.ndarray:
    """Return each measure of each signal.

    Parameters
    ----------
    signals : dict
        Name -> float (N,), S of them, NaN where unknown.
    measures : tuple of str
        Names in `MEASURES`, M of them.

    Returns
    -------
    np.ndarray
        float (S x M,), signal by signal, NaN if too little was seen.
    """
    columns = np.stack(list(signals.values()), axis=1)
    with warnings.catch_warnings():
        # For a signal that was never seen, numpy warns and returns NaN, which is right.
        warnings.simplefilter("ignore", RuntimeWarning)
        table = np.stack([MEASURES[name](columns) for name in measures], axis=1)
    table[np.isfinite(columns).sum(axis=0) < MINIMUM_SAMPLES] = np.nan
    return table.ravel()
