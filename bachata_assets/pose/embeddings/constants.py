"""The shipped constants that turn measurements into vectors.

They hold the usual value and the weight of each measurement, and how measurements vary together. `training/fit.py` fits
them on real clips, never on the user's collection, so adding clips changes no vector. Both roles share one set, so
exchanging the dancers exchanges their vectors. Clips and moments have separate sets, because usual values differ
between a whole clip and a window of 8 beats.
"""

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

import numpy as np

VERSION = "pose-4"
"""Version of the three pose vectors, that is, of measurements and constants.

Raise it when the same keypoints give other vectors; vectors of two versions are not comparable.
"""

FILES = {"clip": "constants.npz", "moment": "moment_constants.npz"}
"""Kind of description -> name of its constants file."""

SQUASH = 2.0
"""Number of standard deviations at which an unusual value saturates."""


@dataclass(frozen=True)
class Constants:
    """Constants of one kind of vector, `dancer` or `couple`.

    Attributes
    ----------
    usual : np.ndarray
        float (D,), median of each measurement.
    spread : np.ndarray
        float (D,), standard deviation of each measurement.
    weight : np.ndarray
        float (D,), weight of each measurement.
    mean : np.ndarray
        float (D,), mean of the scores.
    whitening : np.ndarray
        float (D, D), symmetric: inverse square root of the scores' covariance among clips of the same move.
    """

    usual: np.ndarray
    spread: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    whitening: np.ndarray

    def vector(self, measurements: np.ndarray) -> np.ndarray:
        """Turn measurements into a vector.

        Parameters
        ----------
        measurements : np.ndarray
            float (D,); an unknown measurement (NaN) counts as usual.

        Returns
        -------
        np.ndarray
            float32 (D,), of Euclidean length 1.
        """
        white = self.whitening @ (self.scores(measurements) - self.mean)
        return np.asarray(white / np.linalg.norm(white[np.isfinite(white)]), np.float32)

    def scores(self, measurements: np.ndarray) -> np.ndarray:
        """Return the weighted deviations of measurements from their usual values.

        Parameters
        ----------
        measurements : np.ndarray
            float (..., D), NaN where unknown.

        Returns
        -------
        np.ndarray
            float (..., D), bounded by `SQUASH` times the weight, 0 where unknown.
        """
        deviations = (measurements - self.usual) / self.spread
        return self.weight * np.where(np.isnan(deviations), 0.0, SQUASH * np.tanh(deviations / SQUASH))


@cache
def load_constants(kind: str, of: str = "clip") -> Constants:
    """Return the shipped constants.

    Parameters
    ----------
    kind : str
        "dancer" or "couple".
    of : str
        Kind of description: "clip" or "moment".
    """
    file = resources.files(__package__) / FILES[of]
    with resources.as_file(file) as path, np.load(path) as arrays:
        return Constants(**{part.name: arrays[f"{kind}_{part.name}"].astype(float) for part in fields(Constants)})
