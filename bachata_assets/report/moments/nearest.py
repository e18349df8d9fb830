"""The nearest moments of many moments at once; the scores are those of `search/moments/`, families of equal weight."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bachata_assets.pose.embeddings.moments import FAMILIES
from bachata_assets.report.neighbours import unit_vectors

SHOWN = 4
"""Number of neighbours of a moment, each of another clip: that clip's best moment."""
_ROWS = 512
"""Number of moments that are compared with others at once."""
_COLUMNS = 4096
"""About as many moments are compared with those at once; both bound the memory, to 20 MB."""
_NEVER = np.float32(-2)
"""Below every cosine."""


@dataclass(frozen=True)
class MomentVectors:
    """The vectors of all moments, clip after clip.

    Attributes
    ----------
    vectors : np.ndarray
        float16 (M, sum of D), the unit vectors of lead, follow and interaction, zeros where absent. Half as large as
        float32; their cosines are right to 0.0002.
    there : np.ndarray
        float32 (M, 3), 1 where a moment has the family, else 0.
    firsts : np.ndarray
        int (C + 1,), place of each clip's first moment, and at the end M.
    """

    vectors: np.ndarray
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
    def joined(cls, clips: Sequence["MomentVectors"]) -> "MomentVectors":
        """Return the moments of some clips, of which each has been read by itself."""
        if not clips:
            return cls(np.zeros((0, 0), np.float16), np.zeros((0, len(FAMILIES)), np.float32), np.zeros(1, int))
        vectors = np.concatenate([one.vectors for one in clips])
        there = np.concatenate([one.there for one in clips])
        return cls(vectors, there, np.cumsum([0, *(len(one.vectors) for one in clips)]))

    @property
    def clip_of(self) -> np.ndarray:
        """Number of the clip of each moment, int (M,)."""
        return np.repeat(np.arange(len(self.firsts) - 1), np.diff(self.firsts))

    def cosines(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return the mean cosine of moments with others in the families of both, float32 (R, C); _NEVER: none."""
        shared = self.there[rows] @ self.there[columns].T
        found = self.vectors[rows].astype(np.float32) @ self.vectors[columns].astype(np.float32).T
        found /= np.maximum(shared, 1)
        found[shared == 0] = _NEVER
        return np.asarray(found)


@dataclass(frozen=True)
class NearestMoments:
    """The nearest moments of other clips, best first.

    Attributes
    ----------
    near : int (R, SHOWN), places of moments, -1 where there are no more
    scores : float32 (R, SHOWN), 0..1, NaN where there are no more
    """

    near: np.ndarray
    scores: np.ndarray

    @classmethod
    def none(cls, count: int) -> "NearestMoments":
        """Return no neighbours, of so many moments."""
        return cls(np.full((count, SHOWN), -1), np.full((count, SHOWN), np.nan, np.float32))

    def with_more(self, other: "NearestMoments") -> "NearestMoments":
        """Return the nearest of both; no clip has moments in both."""
        near, scores = np.hstack([self.near, other.near]), np.hstack([self.scores, other.scores])
        order = np.argsort(np.nan_to_num(-scores, nan=np.inf), axis=1, kind="stable")[:, :SHOWN]
        return NearestMoments(np.take_along_axis(near, order, axis=1), np.take_along_axis(scores, order, axis=1))


def nearest_moments(of: MomentVectors, rows: np.ndarray, clips: np.ndarray) -> NearestMoments:
    """Return the nearest moments of some moments among those of some clips, but their own.

    Parameters
    ----------
    rows : int (R,), places of moments
    clips : int (C,), numbers of clips
    """
    found = NearestMoments.none(len(rows))
    clips = clips[np.diff(of.firsts)[clips] > 0]
    clip_of = of.clip_of
    for start in range(0, len(rows), _ROWS):
        some = rows[start : start + _ROWS]
        best = [np.empty((len(some), 0), np.float32), *(_best_of_clips(of, some, part) for part in _parts(of, clips))]
        cosines = np.hstack(best)
        cosines[clip_of[some][:, None] == clips] = _NEVER
        for slot in range(min(SHOWN, len(clips))):
            # Among equals the first clip, so that the same collection always gives the same page.
            chosen = cosines.argmax(axis=1)
            for row, clip in enumerate(chosen):
                if cosines[row, clip] > _NEVER:
                    moments = np.arange(*of.firsts[clips[clip] : clips[clip] + 2])
                    at = int(of.cosines(some[row : row + 1], moments)[0].argmax())
                    found.near[start + row, slot] = moments[at]
                    found.scores[start + row, slot] = (1 + cosines[row, clip]) / 2
            cosines[np.arange(len(some)), chosen] = _NEVER
    return found


def _best_of_clips(of: MomentVectors, rows: np.ndarray, clips: np.ndarray) -> np.ndarray:
    """Return the largest cosine of moments with those of each clip, float32 (R, C)."""
    places = [np.arange(of.firsts[clip], of.firsts[clip + 1]) for clip in clips]
    begins = np.cumsum([0, *map(len, places[:-1])])
    return np.asarray(np.maximum.reduceat(of.cosines(rows, np.concatenate(places)), begins, axis=1))


def _parts(of: MomentVectors, clips: np.ndarray) -> Iterator[np.ndarray]:
    """Yield clips that have about _COLUMNS moments together."""
    moments = np.cumsum(np.diff(of.firsts)[clips])
    ends = np.searchsorted(moments, np.arange(_COLUMNS, (moments[-1] if len(moments) else 0) + _COLUMNS, _COLUMNS))
    for start, end in pairwise(dict.fromkeys([0, *np.minimum(ends + 1, len(clips)).tolist()])):
        yield clips[start:end]
