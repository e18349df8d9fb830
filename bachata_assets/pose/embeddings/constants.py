"""The shipped constants: what is usual for a measurement, how much it counts, how measurements go together.

Made by `training/pose_constants.py` from keypoints of real clips, never from the user's collection:
adding clips changes no vector. Both roles share one set, so that swapping the dancers swaps their vectors.
"""

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

import numpy as np

VERSION = "pose-1"
"""Of the measurements and the constants together; changes whenever vectors stop being comparable."""

SQUASH = 2.0
"""Standard deviations at which an unusual value stops counting more."""


@dataclass(frozen=True)
class Constants:
    """Of one kind of vector, `dancer` or `couple`, with D measurements."""

    usual: np.ndarray
    """Median of each measurement (D,)."""
    spread: np.ndarray
    """Standard deviation of each measurement (D,)."""
    weight: np.ndarray
    """How much each measurement counts (D,)."""
    mean: np.ndarray
    """Mean (D,) of the scores."""
    whitening: np.ndarray
    """Symmetric (D, D): inverse square root of how the scores vary among clips of the same move."""

    def vector(self, measurements: np.ndarray) -> np.ndarray:
        """Return the unit vector float32 (D,) of measurements (D,); an unknown one counts as usual."""
        white = self.whitening @ (self.scores(measurements) - self.mean)
        return np.asarray(white / np.linalg.norm(white[np.isfinite(white)]), np.float32)

    def scores(self, measurements: np.ndarray) -> np.ndarray:
        """Return measurements (..., D) as weighted deviations from the usual, bounded, 0 where unknown."""
        deviations = (measurements - self.usual) / self.spread
        return self.weight * np.where(np.isnan(deviations), 0.0, SQUASH * np.tanh(deviations / SQUASH))


@cache
def load_constants(kind: str) -> Constants:
    """Return the constants of `dancer` or `couple` vectors."""
    file = resources.files(__package__) / f"constants-{VERSION}.npz"
    with resources.as_file(file) as path, np.load(path) as arrays:
        return Constants(**{part.name: arrays[f"{kind}_{part.name}"].astype(float) for part in fields(Constants)})
