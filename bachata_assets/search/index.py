"""`SearchIndex`: the clips of a collection and their nearest neighbours, independent of the backend.

The backends are `elasticsearch/` and `lancedb/`; `backend.py` is their interface.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import numpy as np

from bachata_assets.clip_record import ClipRecord
from bachata_assets.search.asking.questions import (
    Question,
    Wanted,
    answer,
    checked_diversity,
    question_of,
    weights_of,
)
from bachata_assets.search.backends import open_backend
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.continuation.questions import ContinuationSearch
from bachata_assets.search.filters import Filters
from bachata_assets.search.kind import CLIPS
from bachata_assets.search.moments.index import MomentIndex
from bachata_assets.search.moments.search import MomentSearch
from bachata_assets.search.promotion import promote, written_version
from bachata_assets.search.results import IndexStatus, Promotion, PutResult
from bachata_assets.search.similarity import Matches, checked_size, checked_weights
from bachata_assets.settings import Settings, load_settings

FiltersLike = Filters | Mapping[str, Any] | None


class SearchIndex(MomentSearch, ContinuationSearch):
    """The documents of clips and their nearest neighbours.

    With a fingerprint, the index writes and reads the version of that fingerprint and creates it at first use. Without
    a fingerprint, it reads the version that the alias names. Searches see the effect of `put` and `delete` as soon as
    they return. The first question opens a connection; `close` or the end of a `with` block closes it. Every method
    raises `SearchError` or a subclass if the index cannot answer.

    Parameters
    ----------
    config : address of the index
    fingerprint : for writers, hash of everything that makes vectors incomparable (models, precision, code). A changed
        fingerprint writes a new version, which readers see after `promote`.

    Attributes
    ----------
    version : name of the version that it writes, None for readers; known without a connection
    moments : the clips' moments, in an index of their own

    Examples
    --------
    A pipeline writes documents and makes them live:

    >>> import tempfile
    >>> from dataclasses import replace
    >>> from datetime import UTC, datetime
    >>> import numpy as np
    >>> from bachata_assets.search import ClipRecord, SearchConfig, SearchIndex
    >>> first = ClipRecord(
    ...     clip_id="basic_step_1",
    ...     video_path="Bachata_steps/basic_step_1.mp4",
    ...     audio_embedding=None,
    ...     lead_embedding=np.eye(512)[0],
    ...     follow_embedding=None,
    ...     interaction_embedding=None,
    ...     text_embedding=None,
    ...     move_label="basic_step",
    ...     difficulty="beginner",
    ...     energy_level="medium",
    ...     lead_follow_roles="both",
    ...     estimated_tempo=110.0,
    ...     quality_score=0.87,
    ...     detection_rate=0.92,
    ...     frame_count=450,
    ...     processing_time=3.2,
    ...     version="mmpose_v1",
    ...     created_at=datetime(2025, 10, 18, tzinfo=UTC),
    ... )
    >>> second = replace(first, clip_id="basic_step_2", lead_embedding=np.eye(512)[0] + np.eye(512)[1])
    >>> folder = tempfile.TemporaryDirectory()
    >>> config = SearchConfig(data_dir=folder.name)
    >>> with SearchIndex(config, fingerprint="models of 2025") as index:
    ...     results = index.put([first, second])
    ...     promotion = index.promote()

    Readers ask for neighbours or documents. `SearchIndex.from_settings()` opens the index that the environment names.

    >>> with SearchIndex(config) as index:
    ...     matches = index.find_similar("basic_step_1", filters={"difficulty": "beginner"})
    ...     document = index.get_embedding_by_id("basic_step_2")
    >>> [(match.clip_id, round(match.score, 3)) for match in matches]
    [('basic_step_2', 0.854)]
    >>> document.move_label, document.vectors["lead"].shape
    ('basic_step', (512,))
    >>> folder.cleanup()
    """

    def __init__(self, config: SearchConfig, fingerprint: str | None = None) -> None:
        self._config = config
        self._backend = open_backend(config, fingerprint, CLIPS)
        self.version = self._backend.version
        self.moments = MomentIndex(config, fingerprint)

    def __repr__(self) -> str:
        place = self._config.address if self._config.host else f"LanceDB in {self._config.data_dir}"
        return f"SearchIndex({self.version or self._config.alias}, {place})"

    @classmethod
    def from_settings(cls, settings: Settings | None = None) -> "SearchIndex":
        """Return the index for readers: in Elasticsearch if ELASTICSEARCH_HOST is set, else in LanceDB.

        Parameters
        ----------
        settings : None: the settings of the environment and `.env`
        """
        return open_index(settings)

    def require_usable(self) -> None:
        """Check that the server accepts documents, without creating anything.

        Raises
        ------
        SearchError
            The server does not answer or is too old, or a plain index has the alias's name.
        """
        self._backend.require_usable()
        self.moments.require_usable()

    def put(self, documents: Iterable[ClipRecord]) -> list[PutResult]:
        """Index documents in bulk, replacing earlier documents of the same clips.

        A document that the index refuses fails alone; its result has an `error`.

        Raises
        ------
        SearchUnavailableError
            3 attempts with exponential backoff failed; `completed` has the results up to then.
        """
        written_version(self._backend)
        return self._backend.put(documents)

    def get_embedding_by_id(self, clip_id: str) -> ClipRecord | None:
        """Return a clip's document with its vectors, or None if the clip is not in the index."""
        return self._backend.get(clip_id)

    def get_all_embeddings(self, filters: FiltersLike = None) -> Iterator[ClipRecord]:
        """Yield every document with its vectors, from one snapshot and in constant memory.

        Parameters
        ----------
        filters : see `Filters.of`
        """
        return self._backend.scan(Filters.of(filters))

    def count(self) -> int:
        """Return the number of clips."""
        return self._backend.count()

    def ids(self) -> set[str]:
        """Return all clip ids."""
        return self._backend.ids()

    def delete(self, clip_ids: Iterable[str]) -> int:
        """Remove clips and their moments, from the live version too, and return how many clips there were."""
        removed = list(clip_ids)
        self.moments.delete(removed)
        return self._backend.delete(removed)

    def refresh(self) -> None:
        """Make visible what other processes wrote, and compact the index where that pays."""
        self._backend.refresh()

    def status(self) -> IndexStatus:
        """Return every version of the index and of the moments' index."""
        return replace(self._backend.status(), moments=self.moments.status().versions)

    def promote(self, live_clips: Iterable[str] | None = None, *, force: bool = False) -> Promotion:
        """Let readers see this version if it has every clip of the version they see now; likewise the moments.

        Parameters
        ----------
        live_clips : clips that still exist; only these must be in the new version. None: all clips of the old version
        force : promote even if clips are missing

        Raises
        ------
        AliasTakenError
            A plain index has the alias's name: see `adopt`.
        """
        needed = None if live_clips is None else set(live_clips)
        promotion = promote(self._backend, self._backend.ids, needed, force=force)
        self.moments.promote(needed, force=force)
        return promotion

    def prune(self) -> list[str]:
        """Remove all versions without an alias, except the one that this index writes, and return their names."""
        state = self.status()
        every = (*state.versions, *state.moments)
        names = [version.name for version in every if not (version.aliases or version.current)]
        for name in names:
            self._backend.drop(name)
        return names

    def drop_unreadable(self) -> list[str]:
        """Remove the damaged versions and alias of an embedded index, and return their names."""
        return self._backend.drop_unreadable()

    def adopt(self) -> str:
        """Turn a plain index that has the alias's name into the live version, and return its new name.

        Raises
        ------
        SearchError
            There is no plain index of this name; LanceDB has none at all.
        """
        return self._backend.adopt()

    def close(self) -> None:
        """Close connections."""
        self._backend.close()
        self.moments.close()

    def find_similar(
        self,
        clip_id: str | None = None,
        *,
        vectors: Mapping[str, np.ndarray] | None = None,
        text: str | None = None,
        by: str | None = None,
        weights: Mapping[str, float] | None = None,
        filters: FiltersLike = None,
        size: int = 10,
        other_song: bool = False,
        diverse: bool | float = False,
    ) -> Matches:
        """Return the clips most similar to a clip, to vectors or to a sentence; best first.

        Pass exactly one of `clip_id`, `vectors` and `text`.

        Parameters
        ----------
        clip_id : a clip of the index; the answer leaves it out
        vectors : family -> float (D,), any of the five; or the result of `embed_song`, `embed_video` or `embed_text`.
            Answers to a song fit its tempo, unless `filters` set one
        text : a free sentence, compared by its vector and its words; the first use loads the text model
        by : kind of similarity: move, couple, lead, follow, music, words or everything; the settings define its weights
        weights : family -> weight, instead of `by`; only ratios matter, and a family without a weight does not count.
            Default: text .35, audio .35, lead .10, follow .10, interaction .10. The search leaves out a family that the
            query or the clip lacks; the others then weigh more
        filters : see `Filters.of`
        size : maximum number of clips, 1 to 1000
        other_song : leave out clips to the same recording, as far as sound and tempo tell
        diverse : weight of diversity among the answers, 0 to 1; True: 0.5

        Raises
        ------
        QueryError
            Not exactly one of clip, vectors and text; an invalid vector, weight, filter or size;
            no family in common; `other_song` without sound.
        UnknownClipError
            The clip is not in the index.
        """
        chosen = weights_of(by, self._config.presets) if weights is None else weights
        wanted = Wanted(
            checked_weights(chosen), checked_size(size), Filters.of(filters), other_song, checked_diversity(diverse)
        )
        return answer(self._backend, self.question(clip_id, vectors, text), wanted)

    def question(
        self,
        clip_id: str | None = None,
        vectors: Mapping[str, np.ndarray] | None = None,
        text: str | None = None,
    ) -> Question:
        """Return the question that exactly one of a clip, vectors and a sentence asks, see `find_similar`."""
        return question_of(self._backend, clip_id, vectors, text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_index(settings: Settings | None = None, *, fingerprint: str | None = None) -> SearchIndex:
    """Return the index that the settings name, without connecting or creating anything.

    Parameters
    ----------
    settings : None: the settings of the environment and `.env`
    fingerprint : for writers, see `SearchIndex`
    """
    return SearchIndex(SearchConfig.from_settings(settings or load_settings()), fingerprint)
