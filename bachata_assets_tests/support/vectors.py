"""Vectors that a test knows to be there."""

import numpy as np

from bachata_assets.families import Absent


def present(vector: np.ndarray | Absent | None) -> np.ndarray:
    """Return the vector; where it is absent the test fails and says why."""
    assert isinstance(vector, np.ndarray), vector
    return vector
