"""The shipped constants that make vectors of measurements.

They say what is usual for a measurement, how much it counts, and how measurements go together. They are made by
`training/fit.py` from what the product sees in real clips, never from the user's collection: adding clips changes no
vector. Both roles share one set, so that exchanging the dancers exchanges their vectors. Clips and their moments have
sets of their own: what is usual for a window of 8 beats is not what is usual for a whole clip.
"""

from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

import numpy as np

VERSION = "pose-3"
"""Version of the measurements and the constants together, and so of the three pose vectors.

Raise it whenever the same keypoints give other vectors: those of two versions do not compare.
"""

FILES = {"clip": "constants.npz", "moment": "moment_constants.npz"}
"""What is described -> name of the file of its constants."""

SQUASH = 2.0
"""Number of standard deviations at which an unusual value stops counting more."""


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
        float (D,), how much each measurement counts.
    mean : np.ndarray
        float (D,), mean of the scores.
    whitening : np.ndarray
        float (D, D), symmetric: inverse square root of how the scores vary among clips of the same move.
    """

    usual: np.ndarray
    spread: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    whitening: np.ndarray

    def vector(self, measurements: np.ndarray) -> np.ndarray:
        """Return the vector of measurements.

        Parameters
        ----------
        measurements : np.ndarray
            float (D,); an unknown one (NaN) counts as usual.

        Returns
        -------
        np.ndarray
            float32 (D,), of Euclidean length 1.
        """
        white = self.whitening @ (self.scores(measurements) - self.mean)
        return np.asarray(white / np.linalg.norm(white[np.isfinite(white)]), np.float32)

    def scores(self, measurements: np.ndarray) -> np.ndarray:
        """Return measurements as weighted deviations from the usual.

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
        What is described: "clip" or "moment".
    """
    file = resources.files(__package__) / FILES[of]
    with resources.as_file(file) as path, np.load(path) as arrays:
        return Constants(**{part.name: arrays[f"{kind}_{part.name}"].astype(float) for part in fields(Constants)})
