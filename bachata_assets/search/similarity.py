"""Similarity of clips: the score of each family, its weight, and the matches.

This module computes with vectors; `elasticsearch/neighbours.py` and `lancedb/neighbours.py` read them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np

from bachata_assets.families import DIMENSIONS
from bachata_assets.search.answers import Answer, Answers
from bachata_assets.search.errors import QueryError
from bachata_assets.search.filters import Filters

DEFAULT_WEIGHTS = {"text": 0.35, "audio": 0.35, "lead": 0.10, "follow": 0.10, "interaction": 0.10}
"""Weights of the families: 35 % text, 35 % audio, 30 % movement, as in the earlier pipeline."""

MAX_SIZE = 1000
"""Maximum number of clips in one answer."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Match(Answer):
    """A clip that was found.

    Attributes
    ----------
    score : weighted mean of `scores`, 0..1
    scores : family -> (1 + cosine) / 2, only the families that both the query and the clip have. A query by sentence
        adds `words`, how well the clip's sentence matches its words; `score` then fuses the two ranks
    """

    scores: dict[str, float]


class Matches(Answers[Match]):
    """The clips that were found, best first."""


@dataclass(frozen=True)
class Query:
    """A search: a vector and a weight for each of its families.

    Attributes
    ----------
    vectors : family -> float32 (D,)
    weights : family -> weight above 0, in the order of `vectors`
    filters : conditions on the clips of the answer
    size : maximum number of matches
    exclude : ids of clips to leave out
    """

    vectors: Mapping[str, np.ndarray]
    weights: Mapping[str, float]
    filters: Filters
    size: int
    exclude: frozenset[str] = frozenset()

    @property
    def weight_vector(self) -> np.ndarray:
        """The weights, float64 (F,), in the order of `weights`."""
        return np.array(list(self.weights.values()))


def checked_size(size: int, name: str = "size") -> int:
    """Return the requested number of documents; raises `QueryError` if it is invalid."""
    if not isinstance(size, int | np.integer) or isinstance(size, bool) or not 1 <= size <= MAX_SIZE:
        raise QueryError(f"{name} is {size!r}, must be a whole number from 1 to {MAX_SIZE}")
    return int(size)


def checked_vector(family: str, vector: np.ndarray) -> np.ndarray:
    """Return a query vector as float32 (D,); raises `QueryError` if it cannot be a vector of this family."""
    if family not in DIMENSIONS:
        raise QueryError(f"vectors: no family {family!r}; choose from {', '.join(DIMENSIONS)}")
    try:
        checked = np.asarray(vector, np.float32)
    except (TypeError, ValueError):
        checked = np.full(0, np.nan, np.float32)
    if checked.shape != (DIMENSIONS[family],) or not np.isfinite(checked).all() or not checked.any():
        raise QueryError(f"vectors: {family} must be {DIMENSIONS[family]} finite numbers, not all zero")
    return checked


def checked_weights(weights: Mapping[str, float] | None) -> dict[str, float]:
    """Return the weights above 0, by family.

    Parameters
    ----------
    weights : family -> weight; a family without a weight does not count. Only ratios matter, because scores are divided
        by the sum of the weights. None: `DEFAULT_WEIGHTS`

    Raises
    ------
    QueryError
        An unknown family, a negative or non-finite weight, or no weight above zero.
    """
    chosen = DEFAULT_WEIGHTS if weights is None else weights
    for family, weight in chosen.items():
        if family not in DIMENSIONS:
            raise QueryError(f"weights: no family {family!r}; choose from {', '.join(DIMENSIONS)}")
        if not isinstance(weight, Real) or isinstance(weight, bool) or not (math.isfinite(weight) and weight >= 0):
            raise QueryError(f"weights: {family} is {weight!r}, must be a number of at least 0")
    positive = {family: float(weight) for family, weight in chosen.items() if weight > 0}
    if not positive:
        raise QueryError("weights: at least one family must weigh more than 0")
    return positive


def parse_weights(text: str) -> dict[str, float]:
    """Return the weights that a command-line text describes.

    Parameters
    ----------
    text : such as `text=0.5,audio=0.5`

    Raises
    ------
    QueryError
        A part cannot be read; the message names it.
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
    """Return the score of every clip in one family, (1 + cosine) / 2.

    Elasticsearch computes the same score for the similarity `cosine`
    (https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/dense-vector#dense-vector-similarity).

    Parameters
    ----------
    query : float (D,)
    vectors : float (N, D), a row of NaN for a clip that lacks the family

    Returns
    -------
    float (N,), 0..1; NaN for a row of NaN

    Examples
    --------
    >>> import numpy as np
    >>> family_scores(np.array([1.0, 0.0]), np.array([[3.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])).tolist()
    [1.0, 0.5, 0.0]
    """
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    return np.asarray((1 + vectors @ query / lengths) / 2)


def combine(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return each clip's weighted mean score over the families that it has.

    Parameters
    ----------
    scores : float (N, F), NaN where a clip lacks the family
    weights : float (F,)

    Returns
    -------
    float64 (N,), NaN for a clip with none of the families
    """
    there = ~np.isnan(scores)
    total = there @ weights
    summed = np.where(there, scores, 0) @ weights
    return np.asarray(np.divide(summed, total, out=np.full(len(scores), np.nan), where=total > 0))


def best(clip_ids: list[str], scores: np.ndarray, weights: np.ndarray, size: int) -> list[tuple[int, float]]:
    """Return the clips with the highest scores; equal scores sort by clip id, so answers are stable.

    Parameters
    ----------
    clip_ids : ids of the N clips
    scores : float (N, F), NaN where a clip lacks the family
    weights : float (F,)
    size : maximum number of clips

    Returns
    -------
    (row, score) of each clip, best first, without clips that have none of the families
    """
    combined = combine(scores, weights)
    rows = [row for row in range(len(clip_ids)) if not np.isnan(combined[row])]
    rows.sort(key=lambda row: (-combined[row], clip_ids[row]))
    return [(row, float(combined[row])) for row in rows[:size]]
