"""The tempo of music from its onset strength, free of octave errors where the music allows.

Bachata is danced at about 100-150 beats per minute and its bars have four beats with an accent on the fourth: both
decide between a tempo and its double.
"""

import numpy as np

from bachata_assets.music.onsets import autocorrelation, later

USUAL_TEMPI = (100.0, 150.0)
"""Range of the tempi of nearly all bachata, beats per minute: no tempo within is preferred to another."""
OCTAVES_OUTSIDE = 0.25
"""Deviation of the prior outside of `USUAL_TEMPI`, in octaves."""
TEMPI = np.geomspace(58, 220, 700)
"""Tempi that are considered, beats per minute; two neighbours differ by 0.2 %."""
CLEAR_BAR = 0.08
"""Bar evidence below this is partly noise and counts the less."""
BAR_WEIGHT = 1.2
"""Weight of full evidence of bars against the logarithm of the prior."""
CLARITY_WEIGHT = 2.0
"""Weight of the logarithm of pulse clarity against that of the prior."""


def estimate_tempo(bands: np.ndarray, rate: float) -> tuple[float, float]:
    """Return the tempo and its pulse clarity.

    Pulse clarity is the mean autocorrelation at multiples of the beat. First the octave family is chosen (a tempo
    with its double or half), by clarity and prior, then the member of the family, by prior and four-beat bars.

    Parameters
    ----------
    bands : np.ndarray
        float (K, T), onset strength of `onsets.onset_bands`.
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
    """Return the index of the tempo, of one or of two an octave apart, that prior, pulse and bars favour."""
    if len(family) == 1:
        return 0
    bar_slow, bar_fast = (bar_evidence(bands, 60 * rate / tempo) for tempo in family)
    strongest = max(bar_slow, bar_fast, 1e-9)
    # Where the slow one is right its bars are nearly as evident as its half bars; where the fast one is right, two of
    # its bars are alike and leave the slow one little evidence. In between lies 0.4; weak evidence counts less.
    for_slow = np.clip(4 * (bar_slow / strongest - 0.4), -1, 1) * min(strongest / CLEAR_BAR, 1)
    score = _log_prior(family) + CLARITY_WEIGHT * np.log(clarity) + [BAR_WEIGHT * for_slow, 0]
    return int(score.argmax())


def _clarity(correlation: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Return the mean autocorrelation at 1..8 beats, as many as the clip holds, for each period."""
    multiples = np.arange(1, 9)[:, None] * periods
    values = np.interp(multiples, np.arange(len(correlation)), correlation)
    held = multiples < len(correlation)
    mean = (values * held).sum(axis=0) / np.maximum(held.sum(axis=0), 1)
    return np.asarray(np.maximum(mean, 1e-3))


def _peaks(clarity: np.ndarray) -> np.ndarray:
    """Return the tempi at local maxima that reach a third of the highest, at most 12."""
    inner = np.flatnonzero((clarity[1:-1] >= clarity[:-2]) & (clarity[1:-1] > clarity[2:])) + 1
    inner = inner[clarity[inner] >= clarity.max() / 3]
    best = inner[np.argsort(-clarity[inner])][:12] if inner.size else [int(clarity.argmax())]
    return np.asarray(TEMPI[best])


def bar_evidence(bands: np.ndarray, period: float) -> float:
    """Return how consistently the two halves of a four-beat bar differ.

    What repeats every two beats is taken away (a difference at two beats); what is left repeats every four beats
    when these are a bar, and is noise when they are not.

    Parameters
    ----------
    bands : np.ndarray
        float (K, T), onset strength of `onsets.onset_bands`.
    period : float
        Length of a beat, in values of `bands`.

    Returns
    -------
    float
        Correlation, -1..1; 0 where the sound is shorter than the bars it takes.
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
