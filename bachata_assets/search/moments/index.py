"""`MomentIndex`: the moments of a collection; it adds, replaces and removes a clip's moments together."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bachata_assets.pose.embeddings.moments import FAMILIES, VERSION
from bachata_assets.search.backends import open_backend
from bachata_assets.search.candidates import MOST_CANDIDATES
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.errors import IndexMissingError, QueryError, SearchUnavailableError
from bachata_assets.search.explanation import explain
from bachata_assets.search.filters import Filters
from bachata_assets.search.moments.question import mean_vectors, part_of, told_apart
from bachata_assets.search.moments.record import MOMENTS, MomentMatch, MomentMatches, MomentRecord
from bachata_assets.search.promotion import promote
from bachata_assets.search.results import IndexStatus, Promotion
from bachata_assets.search.similarity import Query, checked_size, checked_vector, checked_weights

CLIPS_AT_ONCE = 500
"""Maximum number of clips in one request to the backend."""
FETCHED = 3
"""Number of moments to fetch for each requested one: some overlap, and some are of the same clip."""
FEWEST_FETCHED = 20
"""Minimum number of moments to fetch."""
EQUAL_WEIGHTS = dict.fromkeys(FAMILIES, 1.0)
"""Default weights of the families."""


class NoMomentsError(QueryError):
    """No moment of the clip is in the index."""


class MomentIndex:
    """The moments of clips and their nearest neighbours; `SearchIndex` opens it.

    Attributes
    ----------
    version : name of the version that it writes, None for readers; known without a connection
    """

    def __init__(self, config: SearchConfig, fingerprint: str | None) -> None:
        self._backend = open_backend(config, fingerprint and f"{fingerprint}|{VERSION}", MOMENTS)
        self.version = self._backend.version

    def require_usable(self) -> None:
        """See `SearchIndex.require_usable`."""
        self._backend.require_usable()

    def put(self, moments: Iterable[MomentRecord]) -> dict[str, str | None]:
        """Index the moments of clips in bulk, replacing all earlier moments of these clips.

        Returns
        -------
        Clip id -> why the index refused one of its moments, None if it has all of them

        Raises
        ------
        SearchUnavailableError
            As for `SearchIndex.put`.
        """
        clip_of: dict[str, str] = {}

        def noted() -> Iterator[MomentRecord]:
            for one in moments:
                clip_of[one.moment_id] = one.clip_id
                yield one

        try:
            results = self._backend.put(noted())
        except SearchUnavailableError as error:
            raise SearchUnavailableError(str(error)) from error  # completed moments do not make a complete clip
        refused: dict[str, str | None] = dict.fromkeys(clip_of.values())
        refused |= {clip_of[result.clip_id]: result.error for result in results if result.error}
        before = self._keys(refused, None)
        self._backend.delete(sorted(before - clip_of.keys()), also_live=False)
        return refused

    def delete(self, clip_ids: Iterable[str]) -> None:
        """Remove the moments of clips, from the live version too."""
        wanted, live = list(clip_ids), self._backend.live()
        keys: set[str] = set()
        for version in {None, live} if self.version else {live} - {None}:
            keys |= self._keys(wanted, version)
        self._backend.delete(sorted(keys))

    def clips(self, version: str | None = None) -> set[str]:
        """Return the clips whose moments are all in the index.

        Parameters
        ----------
        version : version to read; None: the one that this index reads
        """
        found: Counter[str] = Counter()
        wanted: dict[str, int] = {}
        for clip_id, number in self._backend.values(["clip_id", "moments"], version=version):
            found[clip_id] += 1
            wanted[clip_id] = number
        return {clip_id for clip_id, number in wanted.items() if found[clip_id] == number}

    def count(self) -> int:
        """Return the number of moments."""
        return self._backend.count()

    def of_clips(self, clip_ids: Iterable[str]) -> Iterator[tuple[str, list[MomentRecord]]]:
        """Yield each clip with its moments in order; a clip may have none."""
        for some in _parts(list(clip_ids)):
            found: dict[str, list[MomentRecord]] = {clip_id: [] for clip_id in some}
            for one in self._backend.scan(Filters(), some):
                found[one.clip_id].append(one)
            for clip_id, moments in found.items():
                yield clip_id, sorted(moments, key=lambda one: one.moment)

    def status(self) -> IndexStatus:
        """Return every version."""
        return self._backend.status()

    def promote(self, live_clips: Iterable[str] | None, *, force: bool) -> Promotion:
        """See `SearchIndex.promote`."""
        return promote(self._backend, self.clips, live_clips, force=force)

    def close(self) -> None:
        """Close connections."""
        self._backend.close()

    def find(
        self,
        clip_id: str | None = None,
        *,
        start: float | None = None,
        end: float | None = None,
        vectors: Mapping[str, np.ndarray] | None = None,
        weights: Mapping[str, float] | None = None,
        filters: Filters | Mapping[str, Any] | None = None,
        size: int = 10,
        per_clip: int = 2,
        own_clip: bool = False,
        why: bool = False,
    ) -> MomentMatches:
        """See `SearchIndex.find_moments`.

        Raises
        ------
        NoMomentsError
            No moment of the clip is in the index, or there is no such clip.
        """
        wanted, most = checked_size(size), checked_size(per_clip, "per_clip")
        chosen, conditions = checked_weights(EQUAL_WEIGHTS if weights is None else weights), Filters.of(filters)
        asked, question = self._question(clip_id, start, end, vectors)
        used = {family: question[family] for family in chosen if family in question}
        if not used:
            has, weighs = ", ".join(question) or "nobody who is seen for a second", ", ".join(chosen)
            raise QueryError(f"nothing to compare: the question has {has}, the weights {weighs}")
        weighed = {family: chosen[family] for family in used}
        fetched = min(max(FETCHED * wanted, FEWEST_FETCHED), MOST_CANDIDATES)
        left_out = frozenset[str]() if own_clip or clip_id is None else frozenset({clip_id})
        while True:
            found = self._backend.nearest(Query(used, weighed, conditions, fetched, left_out))
            matches = (MomentMatch(score=one.score, scores=one.scores, **one.shown) for one in found)
            told = told_apart(matches, asked, most)[:wanted]
            if len(told) == wanted or len(found) < fetched or fetched == MOST_CANDIDATES:
                return MomentMatches(self._explained(question, told) if why else told)
            fetched = min(4 * fetched, MOST_CANDIDATES)

    def _question(
        self, clip_id: str | None, start: float | None, end: float | None, vectors: Mapping[str, np.ndarray] | None
    ) -> tuple[list[MomentRecord], dict[str, np.ndarray]]:
        if (clip_id is None) == (vectors is None):
            raise QueryError("give exactly one of: a clip, or vectors")
        if clip_id is None:
            if start is not None or end is not None:
                raise QueryError("start and end are a part of a clip: name the clip")
            return [], {family: checked_vector(family, vector) for family, vector in (vectors or {}).items()}
        ((_, moments),) = self.of_clips([clip_id])
        if not moments:
            raise NoMomentsError(f"clip {clip_id!r} has no moments in the index: `bachata-assets generate` makes them")
        asked = part_of(moments, start, end)
        return asked, mean_vectors(asked)

    def _explained(self, question: Mapping[str, np.ndarray], found: Sequence[MomentMatch]) -> list[MomentMatch]:
        vectors = {
            (clip_id, one.moment): one.vectors
            for clip_id, moments in self.of_clips({match.clip_id for match in found})
            for one in moments
        }
        return [replace(one, why=explain(question, vectors.get((one.clip_id, one.moment), {}))) for one in found]

    def _keys(self, clip_ids: Iterable[str], version: str | None) -> set[str]:
        """Return the keys of the clips' moments; none if there is no index yet."""
        try:
            return {
                key
                for some in _parts(list(clip_ids))
                for (key,) in self._backend.values([MOMENTS.key], some, version=version)
            }
        except IndexMissingError:
            return set()


def _parts(clip_ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(clip_ids), CLIPS_AT_ONCE):
        yield clip_ids[start : start + CLIPS_AT_ONCE]
