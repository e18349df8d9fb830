"""Partner changes: when one of the couple dances with somebody else, and which part of the clip is the couple's."""

import numpy as np

from bachata_assets.pose.tracking.choice_parameters import ChoiceParameters
from bachata_assets.pose.tracking.choosing.pairs import Pair
from bachata_assets.pose.tracking.identity_switches import runs


def partner_changes(
    couple: Pair, pairs: list[Pair], others: set[int], times: np.ndarray, limits: ChoiceParameters
) -> tuple[tuple[float, ...], np.ndarray]:
    """Return when a dancer changes partners, s, and the steps of the couple's longest time together, bool (S,)."""
    elsewhere = np.zeros(len(times), bool)
    for pair in pairs:
        if len(set(pair.members) & set(couple.members)) == 1 and set(pair.members) & others:
            with_another = _smoothed(pair.together, times, limits.change_window_s)
            # A partner who is out of sight while the dancer holds somebody else has left.
            left = np.isnan(couple.together) & ~np.isnan(pair.together)
            theirs = _smoothed(np.where(left, 0.0, couple.together), times, limits.change_window_s)
            elsewhere |= (np.nan_to_num(with_another) > limits.couple_together) & (
                np.nan_to_num(with_another) - np.nan_to_num(theirs) > limits.more_together
            )
    spans = [run for run in runs(elsewhere) if times[run[-1]] - times[run[0]] >= limits.shortest_change_s]
    within = np.ones(len(times), bool)
    if not spans:
        return (), within
    for run in spans:
        within[run] = False
    longest = max(runs(within), key=len, default=np.arange(len(times)))
    kept = np.zeros(len(times), bool)
    kept[longest] = True
    edges = {float(round(times[edge], 2)) for run in spans for edge in (run[0], run[-1]) if 0 < edge < len(times) - 1}
    return tuple(sorted(edges)), kept


def _smoothed(values: np.ndarray, times: np.ndarray, window_s: float) -> np.ndarray:
    """Return the mean over a window around each step, float (S,), NaN for a window without known values."""
    known = ~np.isnan(values)
    near = np.abs(times[:, None] - times) <= window_s / 2
    count = (near & known).sum(axis=1)
    total = (near * np.where(known, values, 0)).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
