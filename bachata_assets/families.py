"""The five embedding families: their sizes, absent vectors, and the check for NaN and Inf.

`pose/`, `music/` and `language/` compute the vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DIMENSIONS = {"lead": 512, "follow": 512, "interaction": 256, "audio": 128, "text": 384}
"""Embedding family -> length of its vector."""


@dataclass(frozen=True)
class Absent:
    """A vector that a clip does not have, with the reason, such as no sound or a dancer who is never seen.

    It is stored as null, never as zeros.
    """

    reason: str


class NonFiniteVectorError(ValueError):
    """A vector contains NaN or Inf and is rejected."""


def require_finite(vector: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return a vector unchanged if every element is finite.

    Parameters
    ----------
    vector : float (D,)
    names : names of its D dimensions, for the message

    Raises
    ------
    NonFiniteVectorError
        A dimension is NaN or Inf; the message names the first ones.
    """
    bad = np.flatnonzero(~np.isfinite(vector))
    if bad.size:
        listed = ", ".join(f"{names[i]} = {vector[i]}" for i in bad[:3])
        raise NonFiniteVectorError(f"{bad.size} of {len(vector)} dimensions are not finite: {listed}")
    return vector
