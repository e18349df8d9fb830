"""Linear interpolation over short gaps in one dancer's keypoints."""

import itertools

import numpy as np

from bachata_assets.pose.tracking.parameters import DEFAULTS


def bridge_gaps(
    times: np.ndarray, values: np.ndarray, valid: np.ndarray, longest_s: float = DEFAULTS.poses.longest_gap_s
) -> tuple[np.ndarray, np.ndarray]:
    """Return values with short gaps filled linearly, and where they are filled.

    The length of a gap is the time from the last value before it to the first after it, minus one frame. Longer gaps
    and gaps at either end stay.

    Parameters
    ----------
    times : np.ndarray
        float (T,), s.
    values : np.ndarray
        float (T, D).
    valid : np.ndarray
        bool (T,), whether the values are known.
    longest_s : float
        Maximum length of a gap to fill, s.

    Returns
    -------
    filled : np.ndarray
        float (T, D).
    bridged : np.ndarray
        bool (T,), whether the values were filled.
    """
    filled = values.copy()
    bridged = np.zeros(len(times), bool)
    seen = np.flatnonzero(valid)
    for before, after in itertools.pairwise(seen):
        inside = slice(before + 1, after)
        if after - before < 2 or times[after] - times[before + 1] > longest_s + 1e-6:
            continue
        share = ((times[inside] - times[before]) / (times[after] - times[before]))[:, None]
        filled[inside] = (1 - share) * values[before] + share * values[after]
        bridged[inside] = True
    return filled, bridged
