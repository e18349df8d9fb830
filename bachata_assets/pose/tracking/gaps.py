"""Short gaps in one dancer's keypoints, bridged."""

import itertools

import numpy as np

LONGEST_GAP_S = 0.3


def bridge_gaps(
    times: np.ndarray, values: np.ndarray, valid: np.ndarray, longest_s: float = LONGEST_GAP_S
) -> tuple[np.ndarray, np.ndarray]:
    """Return `values` (T, D) with short gaps filled linearly, and where they were filled, bool (T,).

    A gap counts from the last value seen before it to the first after it, less one frame; gaps at either end and longer
    ones stay as they are.
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
