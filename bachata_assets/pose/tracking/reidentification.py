"""Telling the two dancers of a clip apart by what they wear.

It is learned from the clip itself, without labels. The colours are read in `appearance.py` and used over time in
`tracks.py`.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.tracking.appearance import FEATURES, PARTS
from bachata_assets.pose.tracking.parameters import DEFAULTS, ClothesParameters


@dataclass(frozen=True)
class ColourModel:
    """Tells colours of dancer 0 from those of dancer 1.

    Attributes
    ----------
    log_ratio : np.ndarray
        float32 (FEATURES,), log ratio of the two dancers' colour bins.
    middle : float
        Score at which neither is likelier.
    gain : float
        Log-odds per unit of score from there.
    parameters : ClothesParameters
        Thresholds.
    """

    log_ratio: np.ndarray
    middle: float = 0.0
    gain: float = 0.0
    parameters: ClothesParameters = DEFAULTS.clothes

    def evidence(self, colours: np.ndarray) -> np.ndarray:
        """Return the log-odds that colours are dancer 0's and not dancer 1's.

        Parameters
        ----------
        colours : np.ndarray
            float32 (N, FEATURES).

        Returns
        -------
        np.ndarray
            float (N,).
        """
        limits = self.parameters
        odds: np.ndarray = self.gain * (_score(colours, self.log_ratio, limits) - self.middle)
        return np.sign(odds) * np.clip(np.abs(odds) - limits.doubtful_odds, 0, limits.certain_odds)


NOTHING_KNOWN = ColourModel(np.zeros(FEATURES, np.float32))
"""Model that gives log-odds of 0 for all colours."""


def learn_colours(
    first: np.ndarray, second: np.ndarray, parameters: ClothesParameters = DEFAULTS.clothes
) -> tuple[ColourModel, np.ndarray]:
    """Return the model that separates pairs of colours best.

    Every pair holds both dancers, in unknown order that may change over time: two-means under that constraint.

    Parameters
    ----------
    first, second : np.ndarray
        float32 (T, FEATURES), the two of each pair.
    parameters : ClothesParameters
        Thresholds.

    Returns
    -------
    model : ColourModel
        What tells the two apart.
    exchanged : np.ndarray
        bool (T,), the pairs in which the model sees the two in the other order.
    """
    if len(first) == 0:
        return NOTHING_KNOWN, np.zeros(0, bool)
    exchanged = _exchanged_at_first(first, second)
    for _ in range(parameters.clustering_rounds):
        a = np.where(exchanged[:, None], second, first).mean(0)
        b = np.where(exchanged[:, None], first, second).mean(0)
        log_ratio = np.log((a + parameters.smoothing) / (b + parameters.smoothing)).astype(np.float32)
        now = _score(first, log_ratio, parameters) < _score(second, log_ratio, parameters)
        if (now == exchanged).all():
            break
        exchanged = now
    scores = _score(first, log_ratio, parameters), _score(second, log_ratio, parameters)
    return _calibrated(log_ratio, *scores, exchanged, parameters), exchanged


def _exchanged_at_first(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return an order of the pairs to start with, bool (T,).

    It is the one in which the pairs' differences add up to most: the signs along their main direction.
    """
    differences = first - second
    if len(differences) < differences.shape[1]:  # the smaller of the two matrices with the same main direction
        along = np.linalg.eigh(differences @ differences.T)[1][:, -1]
    else:
        along = differences @ np.linalg.eigh(differences.T @ differences)[1][:, -1]
    exchanged: np.ndarray = along < 0
    return exchanged if 2 * exchanged.sum() <= len(exchanged) else ~exchanged


def _score(colours: np.ndarray, log_ratio: np.ndarray, parameters: ClothesParameters) -> np.ndarray:
    """Return the summed mean log ratio (N,) of the parts."""
    parts = (colours * log_ratio).reshape(len(colours), len(PARTS), FEATURES // len(PARTS)).sum(-1)
    total: np.ndarray = np.clip(parts, -parameters.largest_log_ratio, parameters.largest_log_ratio).sum(-1)
    return total


def _calibrated(
    log_ratio: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    exchanged: np.ndarray,
    parameters: ClothesParameters,
) -> ColourModel:
    """Return the model with log-odds of two normal distributions.

    The two have one width. Log-odds are scaled down where the pairs are few. `first` and `second` are the scores (T,)
    of the pairs.
    """
    own, others = np.where(exchanged, second, first), np.where(exchanged, first, second)
    variance = (own.var() + others.var()) / 2 + parameters.least_deviation**2
    beyond = max(0, len(first) - parameters.fewest_pairs)
    trust = beyond / (beyond + parameters.enough_pairs)
    middle, gain = (own.mean() + others.mean()) / 2, trust * (own.mean() - others.mean()) / variance
    return ColourModel(log_ratio, float(middle), float(gain), parameters)
