"""Telling the two dancers of one clip apart by what they wear.

The colours themselves are read in `appearance.py`; their use over time is `tracks.py`'s concern.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.tracking.appearance import FEATURES, PARTS

SMOOTHING = 0.01
"""Share added to every colour bin, so that one unseen bin decides nothing."""
CLIP = 1.5
"""Largest mean log ratio of one part that counts."""
FEWEST_PAIRS = 3
ENOUGH_PAIRS = 10
"""So few pairs say nothing; with this many more, half of what they say is believed."""
LEAST_DEVIATION = 0.2
"""Of scores: pairs seen in one light say nothing of how much they vary in another."""
DOUBTFUL = 0.3
"""Log-odds that say nothing: looks follow each other closely, so a small bias would add up to a verdict."""
CERTAIN = 4.0
"""Largest log-odds that one look at the clothes gives."""
ROUNDS = 10


@dataclass(frozen=True)
class ColourModel:
    """Tells colours of dancer 0 from those of dancer 1.

    Attributes
    ----------
    log_ratio : (FEATURES,), log ratio of the two dancers' colour bins
    middle, gain : the score where neither is likelier, and log-odds per unit of score from there
    """

    log_ratio: np.ndarray
    middle: float = 0.0
    gain: float = 0.0

    def evidence(self, colours: np.ndarray) -> np.ndarray:
        """Return for colours (N, FEATURES) the log-odds (N,) that they are dancer 0's and not dancer 1's."""
        odds: np.ndarray = self.gain * (_score(colours, self.log_ratio) - self.middle)
        return np.sign(odds) * np.clip(np.abs(odds) - DOUBTFUL, 0, CERTAIN)


NOTHING_KNOWN = ColourModel(np.zeros(FEATURES, np.float32))


def learn_colours(first: np.ndarray, second: np.ndarray) -> tuple[ColourModel, np.ndarray]:
    """Return the model that parts pairs of colours (T, FEATURES) best, and which pairs it sees exchanged, bool (T,).

    Every pair holds both dancers, in unknown order that may change over time: two-means under that constraint.
    """
    if len(first) == 0:
        return NOTHING_KNOWN, np.zeros(0, bool)
    exchanged = _exchanged_at_first(first, second)
    for _ in range(ROUNDS):
        a = np.where(exchanged[:, None], second, first).mean(0)
        b = np.where(exchanged[:, None], first, second).mean(0)
        log_ratio = np.log((a + SMOOTHING) / (b + SMOOTHING)).astype(np.float32)
        now = _score(first, log_ratio) < _score(second, log_ratio)
        if (now == exchanged).all():
            break
        exchanged = now
    return _calibrated(log_ratio, _score(first, log_ratio), _score(second, log_ratio), exchanged), exchanged


def _exchanged_at_first(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the order in which the pairs' differences add up to most: the signs along their main direction."""
    differences = first - second
    if len(differences) < differences.shape[1]:  # the smaller of the two matrices with the same main direction
        along = np.linalg.eigh(differences @ differences.T)[1][:, -1]
    else:
        along = differences @ np.linalg.eigh(differences.T @ differences)[1][:, -1]
    exchanged: np.ndarray = along < 0
    return exchanged if 2 * exchanged.sum() <= len(exchanged) else ~exchanged


def _score(colours: np.ndarray, log_ratio: np.ndarray) -> np.ndarray:
    """Return the summed mean log ratio (N,) of the parts."""
    parts = (colours * log_ratio).reshape(len(colours), len(PARTS), FEATURES // len(PARTS)).sum(-1)
    total: np.ndarray = np.clip(parts, -CLIP, CLIP).sum(-1)
    return total


def _calibrated(log_ratio: np.ndarray, first: np.ndarray, second: np.ndarray, exchanged: np.ndarray) -> ColourModel:
    """Return the model with log-odds as of two normal distributions of one width, trusted by the number of pairs."""
    own, others = np.where(exchanged, second, first), np.where(exchanged, first, second)
    variance = (own.var() + others.var()) / 2 + LEAST_DEVIATION**2
    beyond = max(0, len(first) - FEWEST_PAIRS)
    trust = beyond / (beyond + ENOUGH_PAIRS)
    return ColourModel(
        log_ratio, float(own.mean() + others.mean()) / 2, float(trust * (own.mean() - others.mean()) / variance)
    )
