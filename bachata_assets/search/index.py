"""`SearchIndex`: what recommender, pipeline and command line ask of an index, whichever backend holds it.

    with SearchIndex.from_settings() as index:
        index.find_similar("basic_step_1", filters={"difficulty": "beginner"})

The backends are `elasticsearch_index.py` and `lancedb_index.py`.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bachata_assets.clip_record import ClipRecord
from bachata_assets.families import DIMENSIONS
from bachata_assets.search.errors import QueryError, SearchError, UnknownClipError
from bachata_assets.search.filters import Filters
from bachata_assets.search.similarity import Match, Query, checked_weights
from bachata_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from bachata_assets.language.encoder import TextEncoder

FiltersLike = Filters | Mapping[str, Any] | None
MAX_SIZE = 1000


@dataclass(frozen=True)
class PutResult:
    """What became of one document; `error` is None when it is in the index."""

    clip_id: str
    index_name: str
    content_hash: str
    error: str | None = None


@dataclass(frozen=True)
class IndexVersion:
    """One version: `live` is the one that readers see, `current` the one that this process writes.

    Attributes
    ----------
    aliases : every alias that names it, also those of others' making
    """

    name: str
    fingerprint: str | None
    documents: int
    bytes: int
    aliases: tuple[str, ...]
    live: bool
    current: bool


@dataclass(frozen=True)
class IndexStatus:
    """Every version of an index; `alias_taken` when a plain index has the alias' name (see `adopt`)."""

    backend: str
    location: str
    alias: str
    versions: tuple[IndexVersion, ...]
    alias_taken: bool = False


@dataclass(frozen=True)
class Promotion:
    """Whether readers now see `index_name`; if not, `missing` says which live clips it lacks."""

    index_name: str
    live: bool
    replaced: str | None = None
    missing: tuple[str, ...] = ()


class SearchIndex(ABC):
    """Documents by clip id and their neighbours.

    Opened with a fingerprint it writes, and reads, the version of that fingerprint, made at first use; opened
    without one it reads what the alias names. What `put` and `delete` did is found as soon as they return.
    Every method raises `SearchError` or one of its subclasses when the index cannot answer.

    Attributes
    ----------
    version : name of the version that is written, None for readers; known without a connection
    """

    version: str | None

    @classmethod
    def from_settings(cls, settings: Settings | None = None) -> "SearchIndex":
        """Return the index that readers use: Elasticsearch when ELASTICSEARCH_HOST is set, else LanceDB."""
        return open_index(settings)

    @abstractmethod
    def put(self, documents: Iterable[ClipRecord]) -> list[PutResult]:
        """Index documents in bulk, replacing those of the same clip.

        A refused document fails alone, in its result's `error`.

        Raises
        ------
        SearchUnavailableError
            After 3 attempts with exponential backoff; its `completed` are the results that came before.
        """

    @abstractmethod
    def get_embedding_by_id(self, clip_id: str) -> ClipRecord | None:
        """Return the whole document of a clip with its vectors, None when the clip is not in the index."""

    @abstractmethod
    def get_all_embeddings(self, filters: FiltersLike = None) -> Iterator[ClipRecord]:
        """Yield every document with its vectors, as of one moment, in memory that does not grow."""

    @abstractmethod
    def count(self) -> int:
        """Return the number of clips."""

    @abstractmethod
    def ids(self) -> set[str]:
        """Return all clip ids."""

    @abstractmethod
    def delete(self, clip_ids: Iterable[str]) -> int:
        """Remove clips, also from the version that readers see; return how many there were."""

    @abstractmethod
    def refresh(self) -> None:
        """Make visible what other processes wrote, and compact what is worth it."""

    @abstractmethod
    def status(self) -> IndexStatus:
        """Return every version of the index."""

    @abstractmethod
    def promote(self, live_clips: Iterable[str] | None = None, *, force: bool = False) -> Promotion:
        """Let readers see this version, once it has every clip of the version they see now.

        Parameters
        ----------
        live_clips : clips that still exist, the only ones needed; None: all of the old version's
        force : do it whatever is missing

        Raises
        ------
        AliasTakenError
            A plain index has the alias' name: see `adopt`.
        """

    @abstractmethod
    def prune(self) -> list[str]:
        """Remove the versions that no alias names, but not the one being written; return their names."""

    @abstractmethod
    def adopt(self) -> str:
        """Keep a plain index of the alias' name as the version that readers see; return its new name."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""

    @abstractmethod
    def _nearest(self, query: Query) -> list[Match]:
        """Return the best clips."""

    def find_similar(
        self,
        clip_id: str | None = None,
        *,
        vectors: Mapping[str, np.ndarray] | None = None,
        text: str | None = None,
        weights: Mapping[str, float] | None = None,
        filters: FiltersLike = None,
        size: int = 10,
    ) -> list[Match]:
        """Return the clips most like a clip, some vectors, or a sentence; best first.

        Parameters
        ----------
        clip_id : a clip of the index; it is not among its own neighbours
        vectors : family -> float (D,), any of the five
        text : a free sentence, compared with the text vectors; loads the text model on first use
        weights : family -> weight; only ratios matter, one not named counts nothing. Default: text .35,
            audio .35, lead .10, follow .10, interaction .10. A family that query or clip lacks is left out,
            and the others weigh the more.
        filters : see `Filters.of`
        size : 1 to 1000

        Raises
        ------
        QueryError
            Not exactly one of clip, vectors and text; a wrong vector, weight, filter or size;
            no family in common.
        UnknownClipError
            The clip is not in the index.
        """
        if not 1 <= size <= MAX_SIZE:
            raise QueryError(f"size is {size}, must be 1 to {MAX_SIZE}")
        chosen, conditions = checked_weights(weights), Filters.of(filters)
        query = self._vectors_of(clip_id, vectors, text)
        used = {family: query[family] for family in chosen if family in query}
        if not used:
            has, weighs = ", ".join(query) or "nothing", ", ".join(chosen)
            raise QueryError(f"nothing to compare: the query has {has}, the weights {weighs}")
        weighed = {family: chosen[family] for family in used}
        return self._nearest(Query(used, weighed, conditions, size, clip_id))

    def _vectors_of(
        self, clip_id: str | None, vectors: Mapping[str, np.ndarray] | None, text: str | None
    ) -> dict[str, np.ndarray]:
        if sum(given is not None for given in (clip_id, vectors, text)) != 1:
            raise QueryError("ask for exactly one of: a clip, vectors, or a text")
        if clip_id is not None:
            document = self.get_embedding_by_id(clip_id)
            if document is None:
                near = get_close_matches(clip_id, self.ids())
                hint = f"did you mean {' or '.join(near)}?" if near else "`bachata-assets status` names the clips"
                raise UnknownClipError(f"no clip {clip_id!r} in the index: {hint}")
            return document.vectors
        if text is not None:
            return {"text": _encode(text)}
        return {family: _checked(family, vector) for family, vector in (vectors or {}).items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_index(settings: Settings | None = None, *, fingerprint: str | None = None) -> SearchIndex:
    """Return the index that the settings name; nothing is connected or created yet.

    Parameters
    ----------
    settings : default: of the environment and .env
    fingerprint : for writers: whatever makes vectors incomparable (models, precision, code). A changed one
        writes a new version beside the old, until `promote`.
    """
    settings = settings or load_settings()
    if settings.elasticsearch_host:
        from bachata_assets.search.elasticsearch.index import ElasticsearchIndex

        return ElasticsearchIndex(settings, fingerprint)
    from bachata_assets.search.lancedb.index import LanceIndex

    return LanceIndex(settings, fingerprint)


def version_name(alias: str, fingerprint: str, structure: str) -> str:
    """Return the name of a version: the alias and a hash of fingerprint and structure of the documents."""
    digest = hashlib.sha256(f"{fingerprint} {structure}".encode()).hexdigest()
    return f"{alias}-{digest[:12]}"


def writers_only(name: str | None) -> str:
    """Return the version's name, or say that this index was opened for reading."""
    if name is None:
        raise SearchError("this index was opened for reading: open_index(settings, fingerprint=…) writes")
    return name


@cache
def _text_encoder() -> "TextEncoder":
    from bachata_assets.language.encoder import TextEncoder

    return TextEncoder()


def _encode(text: str) -> np.ndarray:
    if not text.strip():
        raise QueryError("the text to search for is empty")
    vector: np.ndarray = _text_encoder().encode([text])[0]
    return vector


def _checked(family: str, vector: np.ndarray) -> np.ndarray:
    if family not in DIMENSIONS:
        raise QueryError(f"vectors: no family {family!r}; there are {', '.join(DIMENSIONS)}")
    checked = np.asarray(vector, np.float32)
    if checked.shape != (DIMENSIONS[family],) or not np.isfinite(checked).all() or not checked.any():
        raise QueryError(f"vectors: {family} must be {DIMENSIONS[family]} finite numbers, not all zero")
    return checked
