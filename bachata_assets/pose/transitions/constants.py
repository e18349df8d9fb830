"""The shipped constants that make vectors of beginnings and endings comparable.

`training/fit.py` fits them on cuts through real clips, never on the user's collection, so adding clips changes no
vector.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources

import numpy as np

VERSION = "transitions-1"
"""Version of the edges, their facts and the constants together.

Raise it when the same keypoints give another table; vectors of two versions are not comparable.
"""

FILE = "constants.npz"
"""Name of the constants file."""

JUMPS = (
    *("distance", "side", "hold", "lead facing", "follow facing", "lead level", "follow level"),
    *("lead posture", "follow posture", "lead motion", "follow motion"),
)
"""What an ending and a beginning are compared by, in the order of `Constants.usual_jumps`."""


@dataclass(frozen=True)
class Projection:
    """Projection of one side's measurements to a vector.

    Attributes
    ----------
    usual : float (M,), mean of each measurement
    spread : float (M,), standard deviation of each measurement
    directions : float (M, 64)
    """

    usual: np.ndarray
    spread: np.ndarray
    directions: np.ndarray

    def vector(self, measurements: np.ndarray) -> np.ndarray:
        """Return float64 (..., 64) for measurements (..., M); an unknown measurement (NaN) counts as usual."""
        scores = np.nan_to_num((measurements - self.usual) / self.spread)
        return np.asarray(scores @ self.directions)


@dataclass(frozen=True)
class Constants:
    """Constants for the comparison of endings with beginnings.

    Attributes
    ----------
    beginning, ending : projection of each side
    continuation_cosines : float (101,), percentiles 0 to 100 of the cosine between an ending and its true continuation,
        by vectors that were fitted without its clip and similar clips
    usual_jumps : float (11,), jumps that nine of ten real continuations do not exceed, in the order of `JUMPS`
    """

    beginning: Projection
    ending: Projection
    continuation_cosines: np.ndarray
    usual_jumps: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Return name -> float32 array, as in the shipped file."""
        sides = {"beginning": self.beginning, "ending": self.ending}
        named = {f"{side}_{part.name}": getattr(one, part.name) for side, one in sides.items() for part in fields(one)}
        named |= {"continuation_cosines": self.continuation_cosines, "usual_jumps": self.usual_jumps}
        return {name: values.astype(np.float32) for name, values in named.items()}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> "Constants":
        """Return the constants from the result of `arrays`."""
        beginning, ending = (
            Projection(**{part.name: arrays[f"{side}_{part.name}"].astype(float) for part in fields(Projection)})
            for side in ("beginning", "ending")
        )
        said = (arrays[name].astype(float) for name in ("continuation_cosines", "usual_jumps"))
        return cls(beginning, ending, *said)

    def score(self, cosine: float) -> float:
        """Return the share of real continuations that fit no better, 0..1."""
        return float(np.interp(cosine, self.continuation_cosines, np.linspace(0, 1, len(self.continuation_cosines))))


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (..., D) scaled to length 1; zeros stay zeros."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


@cache
def load_constants() -> Constants:
    """Return the shipped constants."""
    file = resources.files(__package__) / FILE
    with resources.as_file(file) as path, np.load(path) as arrays:
        return Constants.of(arrays)
