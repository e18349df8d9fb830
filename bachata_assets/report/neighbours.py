"""The nearest clips of every clip of a collection, all at once, and why they are near.

The scores are those of `search/similarity.py`; how one clip is looked up in an index lives in `search/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from bachata_assets.explanation import EXPLAINED, groups
from bachata_assets.search.similarity import DEFAULT_WEIGHTS

VIEWS: Mapping[str, Mapping[str, float]] = {
    "everything": DEFAULT_WEIGHTS,
    "movement": {"lead": 1.0, "follow": 1.0, "interaction": 1.0},
    "music": {"audio": 1.0},
    "words": {"text": 1.0},
}
"""What clips can be compared by -> the weight of each family."""
SHOWN = 5
"""Neighbours of a clip."""
_ROWS = 128
"""Clips that are compared with all others at once: bounds the memory."""


@dataclass(frozen=True)
class View:
    """Clips as one way of comparing them sees them: the cosine of two rows is their weighted mean cosine.

    Attributes
    ----------
    stacked : float32 (N, sum of D), unit vectors times the root of their weight, side by side; zeros where absent
    weighed : float32 (N, F), the root of the weight of each family that a clip has
    """

    stacked: np.ndarray
    weighed: np.ndarray

    @classmethod
    def of(cls, vectors: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> "View":
        """Return the view.

        Parameters
        ----------
        vectors : family -> float32 (N, D), a row of NaN where absent
        """
        roots = {family: np.float32(np.sqrt(weight)) for family, weight in weights.items()}
        stacked = np.hstack([np.nan_to_num(unit_vectors(vectors[family]) * root) for family, root in roots.items()])
        there = np.column_stack([~np.isnan(vectors[family][:, 0]) for family in roots])
        return cls(stacked, there * np.array(list(roots.values())))

    @property
    def seen(self) -> np.ndarray:
        """Whether a clip has any of the families, bool (N,)."""
        return np.asarray(self.weighed.any(axis=1))

    def scores(self, rows: np.ndarray | slice, others: np.ndarray | slice = np.s_[:]) -> np.ndarray:
        """Return the scores 0..1 of some clips with others, float32 (R, O); NaN where they share no family."""
        total = self.weighed[rows] @ self.weighed[others].T
        cosine = np.full_like(total, np.nan)
        np.divide(self.stacked[rows] @ self.stacked[others].T, total, out=cosine, where=total > 0)
        return np.asarray((1 + cosine) / 2)


@dataclass(frozen=True)
class Neighbours:
    """The nearest clips, best first.

    Attributes
    ----------
    rows : int (N, SHOWN), -1 where there are no more
    scores : float32 (N, SHOWN), 0..1, NaN where there are no more
    """

    rows: np.ndarray
    scores: np.ndarray


def unit_vectors(rows: np.ndarray) -> np.ndarray:
    """Return vectors (N, D) at length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def nearest(view: View) -> Neighbours:
    """Return the nearest clips of every clip."""
    count = len(view.stacked)
    size = min(SHOWN, max(count - 1, 0))
    rows = np.full((count, SHOWN), -1)
    scores = np.full((count, SHOWN), np.nan, np.float32)
    for start in range(0, count if size else 0, _ROWS):
        some = np.arange(start, min(start + _ROWS, count))
        found = np.nan_to_num(view.scores(some), nan=-1.0)
        found[np.arange(len(some)), some] = -2.0
        best = np.argpartition(-found, size - 1, axis=1)[:, :size]
        values = np.take_along_axis(found, best, axis=1)
        # Among equals the first clip, so that the same collection always gives the same page.
        order = np.lexsort((best, -values))
        best, values = np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
        rows[some, :size] = np.where(values >= 0, best, -1)
        scores[some, :size] = np.where(values >= 0, values, np.nan)
    return Neighbours(rows, scores)


@dataclass(frozen=True)
class Comparison:
    """Each clip with each of its neighbours, in one family.

    Attributes
    ----------
    scores : float32 (N, SHOWN), 0..1, NaN where one of the two lacks the family or there is no neighbour
    kinds, parts : int (N, SHOWN), where most of the cosine comes from, by number in `explanation.groups`; -1 where the
        family has no such groups, or the two are not alike in it (a cosine of 0 or less)
    """

    scores: np.ndarray
    kinds: np.ndarray
    parts: np.ndarray


def compare(family: str, rows: np.ndarray, neighbours: Neighbours) -> Comparison:
    """Compare each clip with its neighbours in one family.

    Parameters
    ----------
    rows : float32 (N, D), a row of NaN where absent
    """
    rows = unit_vectors(rows)
    scores = np.full(neighbours.rows.shape, np.nan, np.float32)
    kinds, parts = np.full(scores.shape, -1), np.full(scores.shape, -1)
    by_kind, by_part = groups(family) if family in EXPLAINED else (None, None)
    for start, slot in product(range(0, len(rows), _ROWS), range(SHOWN)):
        some = np.arange(start, min(start + _ROWS, len(rows)))
        others = neighbours.rows[some, slot]
        products = rows[some] * rows[others]
        cosine = np.where(others >= 0, products.sum(axis=1), np.nan)
        scores[some, slot] = (1 + cosine) / 2
        alike = np.flatnonzero(cosine > 0)
        if by_kind:
            kinds[some[alike], slot] = by_kind.largest(products[alike])
        if by_part:
            parts[some[alike], slot] = by_part.largest(products[alike])
    return Comparison(scores, kinds, parts)
