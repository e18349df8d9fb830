"""The five embedding families: their sizes, absent vectors, and the check for NaN and Inf.

How a vector is computed is in the folder of its domain (`pose/`, `music/`, `language/`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DIMENSIONS = {"lead": 512, "follow": 512, "interaction": 256, "audio": 128, "text": 384}
"""Embedding family -> length of its vector."""


@dataclass(frozen=True)
class Absent:
    """A vector that a clip does not have, and why: it has no sound, or a dancer is never seen.

    The vector is stored as null, never as zeros.
    """

    reason: str


class NonFiniteVectorError(ValueError):
    """A vector holds NaN or Inf and is rejected."""


def require_finite(vector: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return a vector unchanged when every element is finite.

    Parameters
    ----------
    vector : float (D,)
    names : of its D dimensions, for the message

    Raises
    ------
    NonFiniteVectorError
        Naming the first dimensions that are NaN or Inf.
    """
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        listed = ", ".join(f"{names[i]} = {vector[i]}" for i in bad[:3])
        raise NonFiniteVectorError(f"{bad.size} of {len(vector)} dimensions are not finite: {listed}")
    return vector
