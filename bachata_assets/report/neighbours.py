"""The nearest clips of every clip of a collection, all at once, and why they are near.

The scores are those of `search/similarity.py`. `search/` looks up a single clip in an index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.clip_record import ClipRecord
from bachata_assets.families import DIMENSIONS
from bachata_assets.report.streaming.rows import Rows, pieces
from bachata_assets.search.explanation import EXPLAINED, groups
from bachata_assets.search.similarity import DEFAULT_WEIGHTS

VIEWS: Mapping[str, Mapping[str, float]] = {
    "everything": DEFAULT_WEIGHTS,
    "movement": {"lead": 1.0, "follow": 1.0, "interaction": 1.0},
    "music": {"audio": 1.0},
    "words": {"text": 1.0},
}
"""Way of comparing clips -> the weight of each family."""
SHOWN = 5
"""Number of neighbours of a clip."""
_NEVER = np.float32(-1)
"""Below every score."""
_ROWS = 128
"""Number of clips compared with all others at once; bounds the memory."""


def unit_vectors(rows: np.ndarray) -> np.ndarray:
    """Return vectors (N, D), a row of NaN where absent, at length 1: float32 (N, D), zeros where absent."""
    units = np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
    return np.nan_to_num(units, copy=False)


def family_rows(records: Sequence[ClipRecord], family: str) -> np.ndarray:
    """Return a family's vectors, float32 (N, D), a row of NaN where absent."""
    absent = np.full(DIMENSIONS[family], np.nan, np.float32)
    vectors = (record.vectors.get(family) for record in records)
    rows = [absent if vector is None else np.asarray(vector, np.float32) for vector in vectors]
    return np.array(rows, np.float32).reshape(-1, DIMENSIONS[family])


@dataclass(frozen=True)
class View:
    """One way of comparing clips, by the weighted mean of their cosines.

    Attributes
    ----------
    units : mapping of Rows
        Family -> float32 (N, D), from `unit_vectors`; only the families to compare.
    weights : np.ndarray
        float32 (F,), weights of these families.
    there : np.ndarray
        float32 (N, F), 1 where a clip has the family, else 0.
    """

    units: Mapping[str, Rows]
    weights: np.ndarray
    there: np.ndarray

    @classmethod
    def of(cls, units: Mapping[str, Rows], weights: Mapping[str, float]) -> "View":
        """Return the view of all clips, given the unit vectors of every family."""
        compared = {family: units[family] for family in weights}
        there = np.column_stack([_is_there(rows) for rows in compared.values()])
        return cls(compared, np.array(list(weights.values()), np.float32), there.astype(np.float32))

    @property
    def seen(self) -> np.ndarray:
        """Whether a clip has any of the families, bool (N,)."""
        return np.asarray(self.there.any(axis=1))

    def stacked(self, rows: np.ndarray) -> np.ndarray:
        """Return one vector for some clips, float32 (R, sum of D), whose products are the weighted sums of cosines."""
        weighed = zip(self.units.values(), self.weights, strict=True)
        return np.hstack([units[rows] * np.sqrt(weight) for units, weight in weighed])

    def scores(self, rows: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
        """Return the scores 0..1 of some clips with others, by default with all; float32 (R, O).

        They are NaN for clips without a shared family.
        """
        if others is not None:
            return self._scores(self._weighted(rows), rows, others)
        weighted = self._weighted(rows)
        scores = np.empty((len(rows), len(self.there)), np.float32)
        for some in pieces(len(self.there)):
            scores[:, some] = self._scores(weighted, rows, some)
        return scores

    def _weighted(self, rows: np.ndarray) -> list[np.ndarray]:
        weighed = zip(self.units.values(), self.weights, strict=True)
        return [units[rows] * weight for units, weight in weighed]

    def _scores(self, weighted: Sequence[np.ndarray], rows: np.ndarray, others: np.ndarray | slice) -> np.ndarray:
        total = (self.there[rows] * self.weights) @ self.there[others].T
        scores = np.zeros_like(total)
        for mine, units in zip(weighted, self.units.values(), strict=True):
            scores += mine @ units[others].T
        with np.errstate(invalid="ignore"):  # 0 / 0 without a shared family
            scores /= total
        scores += 1
        scores /= 2
        return scores


def _is_there(rows: Rows) -> np.ndarray:
    """Return for each row whether it is a vector, bool (N,)."""
    return np.concatenate([np.zeros(0, bool), *(rows[some].any(axis=1) for some in pieces(len(rows)))])


@dataclass(frozen=True)
class Neighbours:
    """The nearest clips, best first.

    Attributes
    ----------
    rows : int (N, SHOWN), -1 if there are no more
    scores : float32 (N, SHOWN), 0..1, NaN if there are no more
    """

    rows: np.ndarray
    scores: np.ndarray


def nearest(view: View) -> Neighbours:
    """Return the nearest clips of every clip."""
    count = len(view.there)
    rows = np.full((count, SHOWN), -1)
    scores = np.full((count, SHOWN), np.nan, np.float32)
    for start in range(0, count, _ROWS):
        some = np.arange(start, min(start + _ROWS, count))
        each = np.arange(len(some))
        found = np.fmax(view.scores(some), _NEVER)  # ignores NaN
        found[each, some] = _NEVER
        for slot in range(SHOWN):
            # The first clip among equals, so that the same collection always gives the same page.
            best = found.argmax(axis=1)
            there = found[each, best] > _NEVER
            rows[some[there], slot] = best[there]
            scores[some[there], slot] = found[each, best][there]
            found[each, best] = _NEVER
    return Neighbours(rows, scores)


@dataclass(frozen=True)
class Comparison:
    """Each clip with each of its neighbours, in one family.

    Attributes
    ----------
    scores : float32 (N, SHOWN), 0..1, NaN if one of the two lacks the family or there is no neighbour
    kinds, parts : int (N, SHOWN), the largest contribution to the cosine, by number in `explanation.groups`; -1 if the
        family has no such groups, or the two are not alike in it (a cosine of 0 or less)
    """

    scores: np.ndarray
    kinds: np.ndarray
    parts: np.ndarray


def compare(family: str, units: Rows, neighbours: Neighbours) -> Comparison:
    """Compare each clip with its neighbours in one family.

    Parameters
    ----------
    units : float32 (N, D), from `unit_vectors`
    """
    scores = np.full(neighbours.rows.shape, np.nan, np.float32)
    kinds, parts = np.full(scores.shape, -1), np.full(scores.shape, -1)
    by_kind, by_part = groups(family) if family in EXPLAINED else (None, None)
    for start in range(0, len(units), _ROWS):
        some = np.arange(start, min(start + _ROWS, len(units)))
        mine = units[some]
        for slot, others in enumerate(neighbours.rows[some].T):
            theirs = units[others]
            products = mine * theirs
            both = (others >= 0) & mine.any(axis=1) & theirs.any(axis=1)
            cosine = np.where(both, products.sum(axis=1), np.nan)
            scores[some, slot] = (1 + cosine) / 2
            alike = np.flatnonzero(cosine > 0)
            if by_kind:
                kinds[some[alike], slot] = by_kind.largest(products[alike])
            if by_part:
                parts[some[alike], slot] = by_part.largest(products[alike])
    return Comparison(scores, kinds, parts)
