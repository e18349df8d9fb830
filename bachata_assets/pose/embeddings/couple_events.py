"""16 events of a couple, each a number for the whole clip: turns, contact, facing, levels, synchrony, who initiates.

A number is NaN if too little was seen. `couple_signals.py` has the signals over time.
"""

import numpy as np

from bachata_assets.pose.embeddings.clock import SAMPLES_PER_BEAT
from bachata_assets.pose.embeddings.motion import smooth
from bachata_assets.pose.embeddings.summaries import MINIMUM_SAMPLES, band

CONTACT = 0.45
"""Maximum distance of wrists that hold each other or rest on the partner's body, torsos."""
FACING = 0.2
"""Shoulder width above which a dancer shows the front or the back, torsos (about 0.7 from the front)."""
OPEN = 1.5
"""Minimum distance of the chests in open position, torsos."""
LEVEL = 0.5
"""Minimum height by which a head is lower than the partner's in a dip, torsos."""
LAGS = tuple(range(-2 * SAMPLES_PER_BEAT, 2 * SAMPLES_PER_BEAT + 1))
"""Lags to try for who initiates, samples: two beats either way."""

Signals = dict[str, np.ndarray]


def couple_events(couple: Signals, lead: Signals, follow: Signals) -> dict[str, float]:
    """Return the 16 events of a couple.

    Parameters
    ----------
    couple : dict
        Signals of `couple_signals`.
    lead, follow : dict
        Signals of `body_signals`.

    Returns
    -------
    dict
        Event -> its number, NaN if too little was seen.
    """
    facing = couple["lead faces the camera"], couple["follow faces the camera"]
    effort = _effort(lead), _effort(follow)
    sway = band(lead["place x"], 4), band(follow["place x"], 4)
    heads = couple["follow's head above lead's"]
    return {
        "lead's turns": _crossings(facing[0], FACING),
        "follow's turns": _crossings(facing[1], FACING),
        "turns of the couple's axis": _crossings(couple["follow to the right of lead"], FACING),
        "hand in hand": _share(couple["nearest hands"], couple["nearest hands"] < CONTACT),
        "lead's hand on follow": _touching(couple, "lead"),
        "follow's hand on lead": _touching(couple, "follow"),
        "same front": _share(facing[0] * facing[1], facing[0] * facing[1] > FACING**2),
        "opposite fronts": _share(facing[0] * facing[1], facing[0] * facing[1] < -(FACING**2)),
        "open position": _share(couple["apart"], couple["apart"] > OPEN),
        "follow dips": _share(heads, heads < -LEVEL),
        "follow's lowest level": _quantile(follow["place y"], 0.02),
        "sway together": _correlation(*sway, lag=0),
        "bounce together": _correlation(band(lead["place y"], 2), band(follow["place y"], 2), lag=0),
        "effort together": _correlation(*effort, lag=0),
        "lead initiates effort": _initiative(*effort),
        "lead initiates sway": _initiative(*sway),
    }


def _crossings(signal: np.ndarray, threshold: float) -> float:
    """Return how often a signal changes between +threshold and -threshold, as a logarithm of the number in 8 beats."""
    calm = smooth(signal, 0.3 * SAMPLES_PER_BEAT)
    decided = np.sign(calm[np.abs(np.nan_to_num(calm)) > threshold])
    seen = int(np.isfinite(signal).sum())
    if seen < MINIMUM_SAMPLES:
        return float("nan")
    return float(np.log1p((np.diff(decided) != 0).sum() / seen * SAMPLES_PER_BEAT * 8))


def _share(signal: np.ndarray, happens: np.ndarray) -> float:
    """Return the share of the seen time in which something happens."""
    seen = np.isfinite(signal)
    return float(happens[seen].mean()) if seen.sum() >= MINIMUM_SAMPLES else float("nan")


def _touching(couple: Signals, who: str) -> float:
    """Return the share of time in which a hand is on the partner's shoulders, head or hips."""
    gaps = [gap for name, gap in couple.items() if name.startswith(f"{who}'s") and "partner" in name]
    nearest = np.fmin.reduce(gaps)
    return _share(nearest, nearest < CONTACT)


def _quantile(signal: np.ndarray, quantile: float) -> float:
    seen = signal[np.isfinite(signal)]
    return float(np.quantile(seen, quantile)) if len(seen) >= MINIMUM_SAMPLES else float("nan")


def _effort(dancer: Signals) -> np.ndarray:
    """Return the motion of the whole body between samples, float (N - 1,)."""
    calm = smooth(np.stack(list(dancer.values()), axis=1), 0.3 * SAMPLES_PER_BEAT)
    speed = np.abs(np.diff(calm, axis=0))
    seen = np.isfinite(speed).sum(axis=1)
    total = np.nansum(speed, axis=1)
    return band(np.where(seen > 0, total / np.maximum(seen, 1), np.nan), 4)


def _correlation(first: np.ndarray, second: np.ndarray, lag: int) -> float:
    """Return the correlation of `first` with `second` `lag` samples later."""
    count = len(first) - abs(lag)
    a = first[max(0, -lag) :][: max(count, 0)]
    b = second[max(0, lag) :][: max(count, 0)]
    seen = np.isfinite(a) & np.isfinite(b)
    if seen.sum() < 2 * MINIMUM_SAMPLES:
        return float("nan")
    a, b = a[seen] - a[seen].mean(), b[seen] - b[seen].mean()
    norm = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / norm) if norm > 1e-9 else 0.0


def _initiative(lead: np.ndarray, follow: np.ndarray) -> float:
    """Return how much more the follow echoes the lead than vice versa, over lags of up to two beats."""
    echoes = np.array([_correlation(lead, follow, lag) for lag in LAGS])
    after, before = echoes[len(LAGS) // 2 + 1 :], echoes[: len(LAGS) // 2]
    return float(after.mean() - before.mean())
