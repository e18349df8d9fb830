"""The nearest moments of many moments at once; the scores are those of `search/moments/`, with equal family weights.

Every pair of moments is multiplied once, in blocks, for both of them. A product is examined further only if it exceeds
the lowest neighbour found so far, which is rare after the first blocks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from bachata_assets.families import DIMENSIONS
from bachata_assets.pose.embeddings.moments import FAMILIES
from bachata_assets.report.neighbours import unit_vectors
from bachata_assets.report.streaming.rows import Rows, StoredRows

SHOWN = 4
"""Number of neighbours of a moment, each of another clip: that clip's best moment."""
_BLOCK = 2048
"""Approximate number of moments per block on each side of a comparison; bounds the memory to 40 MB."""
_CROWD = 16
"""Number of candidates of a moment above which the best of them are selected first."""
_NEVER = np.float32(-2)
"""Below every cosine."""


@dataclass(frozen=True)
class MomentVectors:
    """The vectors of clips' moments, clip after clip.

    Attributes
    ----------
    vectors : Rows
        float16 (M, sum of D), the unit vectors of lead, follow and interaction, zeros where absent. Half as large as
        float32; their cosines are right to 0.0002.
    there : np.ndarray
        float32 (M, 3), 1 where a moment has the family, else 0.
    firsts : np.ndarray
        int (C + 1,), index of each clip's first moment, and at the end M.
    """

    vectors: Rows
    there: np.ndarray
    firsts: np.ndarray

    @classmethod
    def of_clip(cls, families: Mapping[str, np.ndarray]) -> "MomentVectors":
        """Return the moments of one clip.

        Parameters
        ----------
        families : family -> float32 (moments, D), a row of NaN where absent
        """
        rows = [families[family] for family in FAMILIES]
        units = np.hstack([unit_vectors(one) for one in rows]).astype(np.float16)
        there = np.column_stack([np.isfinite(one).all(axis=1) for one in rows]).astype(np.float32)
        return cls(units, there, np.array([0, len(units)]))

    @classmethod
    def joined(cls, clips: Iterable["MomentVectors"]) -> "MomentVectors":
        """Return the moments of some clips, clip after clip; their vectors are not kept in memory."""
        vectors = StoredRows(sum(DIMENSIONS[family] for family in FAMILIES), np.float16)
        there, firsts = [np.zeros((0, len(FAMILIES)), np.float32)], [0]
        for one in clips:
            vectors.append(one.vectors[:])
            there.append(one.there)
            firsts.append(len(vectors))
        return cls(vectors, np.concatenate(there), np.array(firsts))

    @cached_property
    def clip_of(self) -> np.ndarray:
        """Number of the clip of each moment, int (M,)."""
        return np.repeat(np.arange(len(self.firsts) - 1), np.diff(self.firsts))

    def places(self, clips: np.ndarray) -> np.ndarray:
        """Return the indices of the moments of some clips."""
        return np.concatenate([np.arange(*self.firsts[clip : clip + 2]) for clip in clips])

    def unpacked(self, places: np.ndarray) -> np.ndarray:
        """Return the vectors of some moments, float32 (moments, sum of D)."""
        return self.vectors[places].astype(np.float32)


@dataclass(frozen=True)
class NearestMoments:
    """The nearest moments of other clips, best first.

    Attributes
    ----------
    near : int (R, SHOWN), indices of moments, -1 if there are no more
    scores : float32 (R, SHOWN), 0..1, NaN if there are no more
    """

    near: np.ndarray
    scores: np.ndarray

    @classmethod
    def none(cls, count: int) -> "NearestMoments":
        """Return the result for `count` moments without neighbours."""
        return cls(np.full((count, SHOWN), -1), np.full((count, SHOWN), np.nan, np.float32))


def nearest_moments(of: MomentVectors, known: NearestMoments, asked: np.ndarray, new: np.ndarray) -> NearestMoments:
    """Return the nearest moments of all moments.

    Parameters
    ----------
    known : for each moment, its neighbours among the clips that are not new; empty for those in `asked`
    asked : bool (M,), moments to compare with all clips; those of new clips are compared, too
    new : bool (C,), clips to compare with all moments
    """
    best = _Best(of, known)
    fresh, before = (list(_parts(of, np.flatnonzero(clips))) for clips in (new, ~new))
    for number, clips in enumerate(fresh):
        rows = _Block(of, clips)
        for part in [*fresh[number:], *before]:
            others = rows if part is clips else _Block(of, part)
            cosines = rows.cosines(others)
            best.take(rows.places, others.places, cosines)
            if others is not rows:
                best.take(others.places, rows.places, cosines.T)
    asked_before = asked & ~new[of.clip_of]
    for clips in _parts(of, np.unique(of.clip_of[asked_before])):
        rows = _Block(of, clips, asked_before)
        for part in before:
            others = _Block(of, part)
            best.take(rows.places, others.places, rows.cosines(others))
    return best.found()


class _Block:
    """The moments of some clips, or a selection of them, unpacked for a product."""

    def __init__(self, of: MomentVectors, clips: np.ndarray, wanted: np.ndarray | None = None) -> None:
        self.places = of.places(clips)
        if wanted is not None:
            self.places = self.places[wanted[self.places]]
        self._vectors = of.unpacked(self.places)
        self._there, self._clips = of.there[self.places], of.clip_of[self.places]

    def cosines(self, others: "_Block") -> np.ndarray:
        """Return the mean cosine over shared families, float32 (R, O); _NEVER: no shared family, or the same clip."""
        found = self._vectors @ others._vectors.T
        if self._there.all() and others._there.all():
            found /= len(FAMILIES)
        else:
            shared = self._there @ others._there.T
            if not shared.all():
                found[shared == 0] = _NEVER
                shared[shared == 0] = 1
            found /= shared
        for clip in np.intersect1d(self._clips, others._clips):
            found[np.ix_(self._clips == clip, others._clips == clip)] = _NEVER
        return np.asarray(found)


class _Best:
    """The nearest moments of all moments among the clips compared so far."""

    def __init__(self, of: MomentVectors, known: NearestMoments) -> None:
        self._clip_of = of.clip_of
        self._near = known.near.copy()
        self._cosines = np.where(known.near < 0, _NEVER, 2 * known.scores - 1)

    def found(self) -> NearestMoments:
        """Return them with their scores."""
        there = self._near >= 0
        return NearestMoments(self._near, np.where(there, (1 + self._cosines) / 2, np.float32(np.nan)))

    def take(self, targets: np.ndarray, others: np.ndarray, cosines: np.ndarray) -> None:
        """Take over nearer neighbours of some moments.

        Parameters
        ----------
        targets : int (T,), indices
        others : int (O,), indices of all moments of clips with which the targets were not compared before
        cosines : float32 (T, O)
        """
        row, column = self._nearer(targets, others, cosines)
        cosine, place = cosines[row, column], others[column]
        clip = self._clip_of[place]
        # The best moment of each clip; among equals the first, so that the same collection always gives the same page.
        order = np.lexsort((place, -cosine, clip, row))
        row, cosine, place, clip = (values[order] for values in (row, cosine, place, clip))
        first = np.flatnonzero(np.diff(row, prepend=-1) | np.diff(clip, prepend=-1))
        touched = np.unique(row)
        before = targets[touched]
        row = np.concatenate([np.repeat(touched, SHOWN), row[first]])
        place = np.concatenate([self._near[before].ravel(), place[first]])
        cosine = np.concatenate([self._cosines[before].ravel(), cosine[first]])
        order = np.lexsort((place, -cosine, row))
        row, place, cosine = row[order], place[order], cosine[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        kept = rank < SHOWN
        at = targets[row[kept]], rank[kept]
        self._near[at], self._cosines[at] = place[kept], cosine[kept]

    def _nearer(self, targets: np.ndarray, others: np.ndarray, cosines: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and columns of the cosines that may belong to new neighbours, and few others."""
        least = np.asarray(self._cosines[targets, -1])
        crowded = np.flatnonzero(np.count_nonzero(cosines > least[:, None], axis=1) > _CROWD)
        if crowded.size:  # the first clips, or the first of a kind: then only what is among the best of these
            begins = np.flatnonzero(np.diff(self._clip_of[others], prepend=-1))
            best = np.maximum.reduceat(cosines[crowded], begins, axis=1)
            place = max(0, len(begins) - SHOWN)
            among = np.nextafter(np.partition(best, place, axis=1)[:, place], _NEVER)
            least[crowded] = np.maximum(least[crowded], among)
        return _above(cosines, least)


def _above(cosines: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and columns of cosines above their row's least."""
    above = cosines > least[:, None]
    # In memory order: a tenth of the cost of np.nonzero.
    if above.flags.c_contiguous:
        row, column = np.divmod(np.flatnonzero(above), above.shape[1])
    else:
        column, row = np.divmod(np.flatnonzero(above.T), above.shape[0])
    return row, column


def _parts(of: MomentVectors, clips: np.ndarray) -> Iterator[np.ndarray]:
    """Yield clips that have about _BLOCK moments together, and none without any."""
    clips = clips[np.diff(of.firsts)[clips] > 0]
    moments = np.cumsum(np.diff(of.firsts)[clips])
    ends = np.searchsorted(moments, np.arange(_BLOCK, (moments[-1] if len(moments) else 0) + _BLOCK, _BLOCK))
    for start, end in pairwise(dict.fromkeys([0, *np.minimum(ends + 1, len(clips)).tolist()])):
        yield clips[start:end]
