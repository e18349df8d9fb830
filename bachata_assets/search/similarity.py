"""How alike two clips are: the score of each family, their weights, and what is found.

Pure arithmetic on vectors; where the vectors come from is each backend's concern.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from bachata_assets.clip_record import DOCUMENT_FIELDS
from bachata_assets.families import DIMENSIONS
from bachata_assets.search.errors import QueryError
from bachata_assets.search.filters import Filters

DEFAULT_WEIGHTS = {"text": 0.35, "audio": 0.35, "lead": 0.10, "follow": 0.10, "interaction": 0.10}
"""The origin's weights: 35 % text, 35 % audio, 30 % movement."""


CANDIDATES = 750
"""A large collection's clips that are scored, over all families: this many, or 50 for each that is asked for."""
CANDIDATES_PER_MATCH = 50
MOST_CANDIDATES = 9_000
"""What one search of Elasticsearch may return is 10,000."""


@dataclass(frozen=True)
class Match:
    """A clip that was found.

    Attributes
    ----------
    score : weighted mean of `scores`, 0..1
    scores : family -> (1 + cosine) / 2, only the families that both the query and the clip have
    """

    clip_id: str
    score: float
    scores: dict[str, float]
    video_path: str
    move_label: str
    difficulty: str
    energy_level: str
    estimated_tempo: float
    quality_score: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON or a table."""
        return asdict(self)


SHOWN_FIELDS = tuple(one.name for one in fields(Match) if one.name in DOCUMENT_FIELDS and one.name != "clip_id")
"""Fields of the document that a `Match` carries beside its scores."""


@dataclass(frozen=True)
class Query:
    """What is looked for: a vector, and a weight, for each of the same families."""

    vectors: Mapping[str, np.ndarray]
    weights: Mapping[str, float]
    filters: Filters
    size: int
    exclude: str | None = None

    @property
    def weight_vector(self) -> np.ndarray:
        """The weights in the order of `weights`."""
        return np.array(list(self.weights.values()))

    def candidates(self) -> dict[str, int]:
        """Return how many clips of each family, its best, a search of a large collection scores exactly.

        They are dealt out by weight, since a clip that is near in a family of little weight is seldom near in all:
        500 so dealt find as many of the true neighbours as 750 dealt evenly (docs/performance.md).
        """
        total = min(max(CANDIDATES, CANDIDATES_PER_MATCH * self.size), MOST_CANDIDATES)
        shares = self.weight_vector / self.weight_vector.sum()
        return {family: math.ceil(total * share) for family, share in zip(self.weights, shares, strict=True)}


def checked_weights(weights: Mapping[str, float] | None) -> dict[str, float]:
    """Return the weight of each family that counts; None gives `DEFAULT_WEIGHTS`.

    A family that is not named counts nothing. Only ratios matter: scores are divided by the weights' sum.

    Raises
    ------
    QueryError
        Unknown family, a negative or non-finite weight, or none above zero.
    """
    chosen = DEFAULT_WEIGHTS if weights is None else weights
    for family, weight in chosen.items():
        if family not in DIMENSIONS:
            raise QueryError(f"weights: no family {family!r}; there are {', '.join(DIMENSIONS)}")
        if not (np.isfinite(weight) and weight >= 0):
            raise QueryError(f"weights: {family} is {weight}, must be a number of at least 0")
    positive = {family: float(weight) for family, weight in chosen.items() if weight > 0}
    if not positive:
        raise QueryError("weights: at least one family must weigh more than 0")
    return positive


def parse_weights(text: str) -> dict[str, float]:
    """Return the weights of `text=0.5,audio=0.5`, the form of the command line.

    Raises
    ------
    QueryError
        Saying which part cannot be read.
    """
    weights = {}
    for part in text.split(","):
        family, _, weight = part.partition("=")
        try:
            weights[family.strip()] = float(weight)
        except ValueError as error:
            raise QueryError(f"weights: cannot read {part.strip()!r}; write text=0.5,audio=0.5") from error
    checked_weights(weights)
    return weights


def family_scores(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Return (1 + cosine) / 2 of a query (D,) and each row of `vectors` (N, D): (N,), NaN for a NaN row.

    This is Elasticsearch's score for the similarity `cosine`.
    """
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    return np.asarray((1 + vectors @ query / lengths) / 2)


def combine(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean over the families that are there.

    Parameters
    ----------
    scores : float (N, F), NaN where a clip lacks the family
    weights : float (F,)

    Returns
    -------
    float64 (N,), NaN for a clip that has none of the families.
    """
    there = ~np.isnan(scores)
    total = there @ weights
    summed = np.where(there, scores, 0) @ weights
    return np.asarray(np.divide(summed, total, out=np.full(len(scores), np.nan), where=total > 0))


def best(clip_ids: list[str], scores: np.ndarray, weights: np.ndarray, size: int) -> list[tuple[int, float]]:
    """Return (row, score) of the `size` best rows; among equals by clip id, so that answers are stable."""
    combined = combine(scores, weights)
    rows = [row for row in range(len(clip_ids)) if not np.isnan(combined[row])]
    rows.sort(key=lambda row: (-combined[row], clip_ids[row]))
    return [(row, float(combined[row])) for row in rows[:size]]
