"""Re-identification: telling the two dancers of a clip apart by their clothes.

The model is learned from the clip itself, without labels. `appearance.py` reads the colours; `tracks.py` uses the model
over time.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.tracking.appearance import FEATURES, PARTS, unlike_clothes
from bachata_assets.pose.tracking.parameters import DEFAULTS, ClothesParameters


@dataclass(frozen=True)
class ColourModel:
    """Model that tells colours of dancer 0 from those of dancer 1.

    Attributes
    ----------
    log_ratio : np.ndarray
        float32 (FEATURES,), log ratio of the two dancers' colour bins.
    middle : float
        Score at which both are equally likely.
    gain : float
        Log-odds per unit of score relative to `middle`.
    parameters : ClothesParameters
        Thresholds.
    """

    log_ratio: np.ndarray
    middle: float = 0.0
    gain: float = 0.0
    parameters: ClothesParameters = DEFAULTS.clothes

    def evidence(self, colours: np.ndarray) -> np.ndarray:
        """Return the log-odds that colours are dancer 0's rather than dancer 1's.

        Parameters
        ----------
        colours : np.ndarray
            float32 (N, FEATURES).

        Returns
        -------
        np.ndarray
            float (N,), log-odds.
        """
        limits = self.parameters
        odds: np.ndarray = self.gain * (_score(colours, self.log_ratio, limits) - self.middle)
        return np.sign(odds) * np.clip(np.abs(odds) - limits.doubtful_odds, 0, limits.certain_odds)


@dataclass(frozen=True)
class KnownClothes:
    """The clothes of everyone in the clip.

    Attributes
    ----------
    couple : np.ndarray
        float (2, FEATURES), mean colours of the two dancers.
    others : np.ndarray
        float (M, FEATURES), those of the people who do not belong to the couple.
    """

    couple: np.ndarray
    others: np.ndarray

    def of_others(self, colours: np.ndarray, margin: float) -> np.ndarray:
        """Return which colours are more like those of one of the others than like those of a dancer, bool (N,).

        Parameters
        ----------
        colours : np.ndarray
            float32 (N, FEATURES).
        margin : float
            Minimum difference, 0..1.
        """
        if not len(self.others):
            return np.zeros(len(colours), bool)
        nearest = [unlike_clothes(colours, known).min(axis=1) for known in (self.couple, self.others)]
        more_alike: np.ndarray = nearest[0] - nearest[1] > margin
        return more_alike


NOBODY_ELSE = KnownClothes(np.zeros((0, FEATURES)), np.zeros((0, FEATURES)))
"""The clothes where nobody but the couple is known."""
NOTHING_KNOWN = ColourModel(np.zeros(FEATURES, np.float32))
"""Model with log-odds of 0 for all colours."""


def learn_colours(
    first: np.ndarray, second: np.ndarray, parameters: ClothesParameters = DEFAULTS.clothes
) -> tuple[ColourModel, np.ndarray]:
    """Return the model that best separates pairs of colours.

    Every pair has both dancers, in an unknown order that may change over time. The method is two-means under that
    constraint.

    Parameters
    ----------
    first, second : np.ndarray
        float32 (T, FEATURES), the two members of each pair.
    parameters : ClothesParameters
        Thresholds.

    Returns
    -------
    model : ColourModel
        Model that tells the two apart.
    exchanged : np.ndarray
        bool (T,), whether the model sees the pair in the other order.
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
    """Return an initial order of the pairs, bool (T,): the signs of their differences along the main direction."""
    differences = first - second
    if len(differences) < differences.shape[1]:  # use the smaller of two matrices with the same main direction
        along = np.linalg.eigh(differences @ differences.T)[1][:, -1]
    else:
        along = differences @ np.linalg.eigh(differences.T @ differences)[1][:, -1]
    exchanged: np.ndarray = along < 0
    return exchanged if 2 * exchanged.sum() <= len(exchanged) else ~exchanged


def _score(colours: np.ndarray, log_ratio: np.ndarray, parameters: ClothesParameters) -> np.ndarray:
    """Return the mean log ratio of each part of the body, summed over parts, (N,)."""
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
    """Return the model with the log-odds of two normal distributions of equal width, scaled down if pairs are few.

    `first` and `second` are the scores (T,) of the pairs.
    """
    own, others = np.where(exchanged, second, first), np.where(exchanged, first, second)
    variance = (own.var() + others.var()) / 2 + parameters.least_deviation**2
    beyond = max(0, len(first) - parameters.fewest_pairs)
    trust = beyond / (beyond + parameters.enough_pairs)
    middle, gain = (own.mean() + others.mean()) / 2, trust * (own.mean() - others.mean()) / variance
    return ColourModel(log_ratio, float(middle), float(gain), parameters)
