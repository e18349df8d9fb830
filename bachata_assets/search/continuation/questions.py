"""`ContinuationSearch`: the questions about continuations that `SearchIndex` answers."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from bachata_assets.clip_record import ClipRecord
from bachata_assets.search.asking.example import Example
from bachata_assets.search.asking.questions import document_of
from bachata_assets.search.backend import Backend
from bachata_assets.search.continuation.chain import FOLLOWED, Chain, cheapest_path, checked_length
from bachata_assets.search.continuation.search import Continuations, continuations, followers, require_ending
from bachata_assets.search.errors import QueryError
from bachata_assets.search.filters import Filters
from bachata_assets.search.results import Found
from bachata_assets.search.similarity import checked_size


class ContinuationSearch:
    """Base of an index of clips."""

    _backend: Backend[ClipRecord]

    def find_next(
        self,
        clip_id: str,
        *,
        filters: Filters | Mapping[str, Any] | None = None,
        song: Example | None = None,
        size: int = 10,
    ) -> Continuations:
        """Return the clips whose beginning continues the ending of a clip; best first.

        The search compares posture and motion of both dancers. Music counts only through `filters` and `song`.

        Parameters
        ----------
        clip_id : a clip of the index; it does not follow itself
        filters : see `Filters.of`
        song : result of `embed_song`; clips must fit its tempo, unless `filters` set one
        size : maximum number of clips, 1 to 1000

        Raises
        ------
        UnknownClipError
            The clip is not in the index.
        NoEndingError
            The couple is not seen at the end of the clip, or the index was made before clips had endings.
        QueryError
            An invalid filter or size.
        """
        wanted, conditions = checked_size(size), _conditions(filters, song)
        clip = document_of(self._backend, clip_id)
        return continuations(self._backend, clip, followers(self._backend, clip, conditions, wanted))

    def find_chain(
        self,
        clip_id: str,
        *,
        length: int = 6,
        filters: Filters | Mapping[str, Any] | None = None,
        song: Example | None = None,
    ) -> Chain:
        """Return a flowing sequence of clips that begins with a given clip, without repeats.

        Beam search finds a good sequence, which is not always the cheapest.

        Parameters
        ----------
        clip_id : the first clip, which need not meet the filters
        length : number of clips, 2 to 100
        filters : see `Filters.of`
        song : as for `find_next`

        Raises
        ------
        UnknownClipError, NoEndingError
            As for `find_next`.
        QueryError
            An invalid filter or length, or too few clips can follow one another.
        """
        wanted, conditions = checked_length(length), _conditions(filters, song)
        clip_of = cache(partial(document_of, self._backend))
        require_ending(clip_of(clip_id))

        def following(name: str, without: frozenset[str]) -> list[Found]:
            clip = clip_of(name)
            return [] if clip.ending is None else followers(self._backend, clip, conditions, FOLLOWED, without)

        path = cheapest_path(clip_id, wanted, following)
        links = [continuations(self._backend, clip_of(before), [found]) for before, found in path]
        return Chain.of(clip_id, [link for one in links for link in one])


def _conditions(given: Filters | Mapping[str, Any] | None, song: Example | None) -> Filters:
    """Return the filters, with the song's tempo if they set none.

    Raises
    ------
    QueryError
        The song has no trusted tempo.
    """
    filters = Filters.of(given)
    if song is None or filters.names_tempo:
        return filters
    if song.tempo is None:
        raise QueryError("no tempo can be heard in the song: say it with a filter, such as near_tempo=128")
    return replace(filters, near_tempo=song.tempo)
