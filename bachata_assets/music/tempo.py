"""The tempo of music from its onset strength, without octave errors where the music allows.

Bachata has about 100-150 beats per minute, and four-beat bars with an accent on the fourth beat. Both facts decide
between a tempo and its double.
"""

import numpy as np

from bachata_assets.music.onsets import autocorrelation, later

USUAL_TEMPI = (100.0, 150.0)
"""Tempo range of nearly all bachata, beats per minute; the prior is flat within it."""
OCTAVES_OUTSIDE = 0.25
"""Standard deviation of the prior outside `USUAL_TEMPI`, octaves."""
TEMPI = np.geomspace(58, 220, 700)
"""Candidate tempi, beats per minute; neighbours differ by 0.2 %."""
CLEAR_BAR = 0.08
"""Bar evidence below which it is partly noise and counts less."""
BAR_WEIGHT = 1.2
"""Weight of full evidence of bars against the logarithm of the prior."""
CLARITY_WEIGHT = 2.0
"""Weight of the logarithm of pulse clarity against that of the prior."""


def estimate_tempo(bands: np.ndarray, rate: float) -> tuple[float, float]:
    """Return the tempo and its pulse clarity.

    Pulse clarity is the mean autocorrelation at multiples of the beat. Clarity and prior choose the octave family (a
    tempo with its double or half); prior and four-beat bars then choose the member of the family.

    Parameters
    ----------
    bands : np.ndarray
        float (K, T), onset strength from `onsets.onset_bands`.
    rate : float
        Values of `bands` per second.

    Returns
    -------
    tempo : float
        Beats per minute.
    clarity : float
        Pulse clarity, 0..1.
    """
    correlation = autocorrelation(bands, int(0.6 * bands.shape[1]))
    best, best_score = TEMPI[:1], -np.inf
    for tempo in _peaks(_clarity(correlation, 60 * rate / TEMPI)):
        slow = tempo / 2 if tempo / 2 >= TEMPI[0] else tempo
        family = np.array([slow, 2 * slow]) if 2 * slow <= TEMPI[-1] else np.array([slow])
        clarity = _clarity(correlation, 60 * rate / family)
        score = 4 * np.log(clarity).mean() + _log_prior(family).max()
        if score > best_score:
            best, best_score = family, score
    tempo = float(best[_octave(bands, best, rate, _clarity(correlation, 60 * rate / best))])
    return tempo, float(_clarity(correlation, np.array([60 * rate / tempo]))[0])


def _octave(bands: np.ndarray, family: np.ndarray, rate: float, clarity: np.ndarray) -> int:
    """Return the index of the tempo that prior, pulse and bars favour, among one or two an octave apart."""
    if len(family) == 1:
        return 0
    bar_slow, bar_fast = (bar_evidence(bands, 60 * rate / tempo) for tempo in family)
    strongest = max(bar_slow, bar_fast, 1e-9)
    # If the slow tempo is right, its bars are nearly as evident as its half bars. If the fast one is right, two of its
    # bars are alike and leave the slow one little evidence. 0.4 lies in between; weak evidence counts less.
    for_slow = np.clip(4 * (bar_slow / strongest - 0.4), -1, 1) * min(strongest / CLEAR_BAR, 1)
    score = _log_prior(family) + CLARITY_WEIGHT * np.log(clarity) + [BAR_WEIGHT * for_slow, 0]
    return int(score.argmax())


def _clarity(correlation: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Return the mean autocorrelation at 1..8 beats, or as many as the clip has, for each period."""
    multiples = np.arange(1, 9)[:, None] * periods
    values = np.interp(multiples, np.arange(len(correlation)), correlation)
    held = multiples < len(correlation)
    mean = (values * held).sum(axis=0) / np.maximum(held.sum(axis=0), 1)
    return np.asarray(np.maximum(mean, 1e-3))


def _peaks(clarity: np.ndarray) -> np.ndarray:
    """Return the tempi at local maxima of at least a third of the highest, at most 12."""
    inner = np.flatnonzero((clarity[1:-1] >= clarity[:-2]) & (clarity[1:-1] > clarity[2:])) + 1
    inner = inner[clarity[inner] >= clarity.max() / 3]
    best = inner[np.argsort(-clarity[inner])][:12] if inner.size else [int(clarity.argmax())]
    return np.asarray(TEMPI[best])


def bar_evidence(bands: np.ndarray, period: float) -> float:
    """Return how consistently the two halves of a four-beat bar differ.

    A difference at two beats removes what repeats every two beats. The rest repeats every four beats if these are a
    bar, and is noise otherwise.

    Parameters
    ----------
    bands : np.ndarray
        float (K, T), onset strength from `onsets.onset_bands`.
    period : float
        Length of a beat, values of `bands`.

    Returns
    -------
    float
        Correlation, -1..1; 0 if the sound is too short.
    """
    after = later(bands, 2 * period)
    difference = bands[:, : after.shape[1]] - after
    found = []
    for beats in (4, 8, 12):
        again = later(difference, beats * period)
        first = difference[:, : again.shape[1]]
        if again.shape[1] >= 4 * period:
            power = np.sqrt((first**2).sum() * (again**2).sum())
            found.append(float((first * again).sum() / max(power, 1e-9)))
    return float(np.mean(found)) if found else 0.0


def _log_prior(tempi: np.ndarray) -> np.ndarray:
    outside = np.maximum(np.log2(USUAL_TEMPI[0] / tempi), np.log2(tempi / USUAL_TEMPI[1]))
    prior: np.ndarray = -0.5 * (np.maximum(outside, 0) / OCTAVES_OUTSIDE) ** 2
    return prior
