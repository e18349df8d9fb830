"""Placement of beats of a known tempo on onset strength, by dynamic programming.

The method is that of Ellis 2007, with the same results to the bit as librosa 0.11 (`librosa.beat.beat_track`, ISC
licence). It is written in numpy because librosa compiles one of its functions (`__beat_local_score`, declared with
`cache=False`) in every process that imports `librosa.beat`.
"""

import math

import numpy as np

TIGHTNESS = 100.0
"""How strictly beats keep the tempo: weight of the squared logarithm of an interval's deviation."""
FIRST_SHARE = 0.01
"""Minimum local score of the first beat, share of the highest."""
STEADY_OVER = 11
"""Number of beats over which the pulse counts as steady."""


def place_beats(strength: np.ndarray, rate: float, tempo: float) -> np.ndarray:
    """Return the indices of onset strength at which beats fall.

    Parameters
    ----------
    strength : np.ndarray
        float (T,), onset strength, 0 or more.
    rate : float
        Values of `strength` per second.
    tempo : float
        Beats per minute.

    Returns
    -------
    np.ndarray
        int64 (B,), ascending; empty without onsets.

    References
    ----------
    Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36.1, 2007.
    """
    if not strength.any():
        return np.zeros(0, np.int64)
    period = int(np.round(rate * 60.0 / tempo))
    normal = strength / (strength.std(ddof=1) + np.finfo(strength.dtype).tiny)
    local = _local_score(normal.astype(np.float64), period)
    links, score = _best_paths(local, period)
    beats = [_last_beat(score)]
    while links[beats[-1]] >= 0:
        beats.append(links[beats[-1]])
    found = np.array(beats[::-1])
    lit = np.flatnonzero(local > 0)
    return found[(found >= lit[0]) & (found <= lit[-1])]


def _local_score(strength: np.ndarray, period: int) -> np.ndarray:
    """Return onset strength (T,) smoothed over a 32nd of a beat."""
    places = -0.5 * (np.arange(-period, period + 1) * 32.0 / period) ** 2
    window = [math.exp(place) for place in places]  # numpy's exp differs from librosa's in the last bit
    count = len(strength)
    score = np.zeros(count)
    # As in librosa's loop, the sum runs in this order and leaves out the first value.
    for place, weight in enumerate(window):
        ahead = period - place
        start, stop = max(0, 1 - ahead), min(count, count - ahead)
        if start < stop:
            score[start:stop] += weight * strength[start + ahead : stop + ahead]
    return score


def _best_paths(local: np.ndarray, period: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each value's best previous beat, int64 (T,), -1 for none, and the score of the path to it, (T,)."""
    lags = np.arange(int(np.round(period / 2)), 2 * period + 1)
    cost = TIGHTNESS * (np.log(lags) - np.log(period)) ** 2
    score = local.copy()
    links = np.full(len(local), -1)
    begun = False
    threshold = FIRST_SHARE * local.max()
    for now, own in enumerate(local):
        link = -1
        within = lags[: max(0, now - lags[0] + 1)]
        if len(within):
            paths = score[now - within] - cost[: len(within)]
            best = int(paths.argmax())
            link, score[now] = now - within[best], own + paths[best]
        begun = begun or own >= threshold
        links[now] = link if begun else -1
    return links, score


def _last_beat(score: np.ndarray) -> int:
    """Return the last local maximum of at least half the median of all local maxima."""
    peaks = np.flatnonzero((score[1:] > score[:-1]) & (score[1:] >= np.append(score[2:], -np.inf))) + 1
    if not peaks.size:
        return len(score) - 1
    return int(peaks[score[peaks] >= 0.5 * np.median(score[peaks])][-1])


def without_stray_ends(times: np.ndarray, period: float) -> np.ndarray:
    """Return the beats without a first or last one far off the others' grid.

    The tracker puts a beat near the start and the end of the sound whether or not there is one.

    Parameters
    ----------
    times : np.ndarray
        float64 (B,), s, ascending.
    period : float
        Length of a beat, s.
    """
    regular = np.abs(np.diff(times) / period - 1) < 0.3
    start = 0 if regular[:1].all() else 1
    end = len(times) if regular[-1:].all() else len(times) - 1
    return times[start:end]


def steadied(times: np.ndarray, period: float) -> np.ndarray:
    """Return the beats with single off-grid beats moved back to the grid.

    Dance music keeps time: the deviation of beats from an even grid changes slowly. The function therefore replaces
    each deviation by the running median. The tracker errs most at the ends, where it has fewer neighbours.

    Parameters
    ----------
    times : np.ndarray
        float64 (B,), s, ascending.
    period : float
        Length of a beat, s.

    Returns
    -------
    np.ndarray
        float64 (B,), s.
    """
    from scipy.ndimage import median_filter

    if len(times) < 4:
        return times
    steps = np.maximum(np.round(np.diff(times) / period), 1)
    grid = period * np.concatenate([[0.0], np.cumsum(steps)])
    width = min(STEADY_OVER, len(times) // 2 * 2 - 1)
    return np.asarray(grid + median_filter(times - grid, size=width, mode="mirror"))
