"""What every embedding family shares: its size, how it says that it has nothing to say, and the finite check.

How a vector is computed lives with its domain (`pose/`, `music/`, `language/`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DIMENSIONS = {"lead": 512, "follow": 512, "interaction": 256, "audio": 128, "text": 384}
"""Embedding family -> length of its vector."""


@dataclass(frozen=True)
class Absent:
    """A family that cannot be made for a clip (no sound, a dancer never seen): the vector is null, never zeros."""

    reason: str


class NonFiniteVectorError(ValueError):
    """A vector holds NaN or Inf and is rejected."""


def require_finite(vector: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return `vector` unchanged when every element is finite.

    Parameters
    ----------
    vector : float array (D,)
    names : the D names of its dimensions, for the error

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
