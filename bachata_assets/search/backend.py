"""`Backend`: the document store that `SearchIndex` asks, as an interface.

Every method raises `SearchError` or one of its subclasses when the store cannot answer.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic

from bachata_assets.search.filters import Filters
from bachata_assets.search.kind import D, Kind
from bachata_assets.search.results import Found, IndexStatus, PutResult
from bachata_assets.search.similarity import Query


class Backend(ABC, Generic[D]):
    """The versions of an index of one kind of document, and the alias that names the live version.

    With a fingerprint, a backend writes and reads the version of that fingerprint and creates it at first use. Without
    a fingerprint, it reads the live version.

    Attributes
    ----------
    kind : kind of its documents
    version : name of the version that it writes, None for readers; known without a connection
    """

    kind: Kind[D]
    version: str | None

    def require_usable(self) -> None:  # an embedded index is always usable
        """Raise a `SearchError` if no document could be written, see `SearchIndex.require_usable`."""

    @abstractmethod
    def put(self, documents: Iterable[D]) -> list[PutResult]:
        """Index documents in bulk, see `SearchIndex.put`."""

    @abstractmethod
    def get(self, key: str) -> D | None:
        """Return a document, or None if it is not in the index."""

    @abstractmethod
    def scan(self, filters: Filters, clip_ids: Sequence[str] | None = None) -> Iterator[D]:
        """Yield the documents that pass the filters, from one snapshot and in constant memory.

        Parameters
        ----------
        clip_ids : only documents of these clips
        """

    @abstractmethod
    def count(self) -> int:
        """Return the number of documents."""

    @abstractmethod
    def ids(self, version: str | None = None) -> set[str]:
        """Return the keys of all documents in the named version, by default the one that this backend reads."""

    @abstractmethod
    def values(
        self, fields: Sequence[str], clip_ids: Sequence[str] | None = None, *, version: str | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Yield some fields of all documents, without reading their vectors.

        Parameters
        ----------
        fields : names of fields that are never null
        clip_ids : only documents of these clips
        version : version to read; None: the one that this backend reads
        """

    @abstractmethod
    def delete(self, keys: Sequence[str], *, also_live: bool = True) -> int:
        """Remove documents and return how many there were.

        Parameters
        ----------
        also_live : remove them from the live version too, where that is another one
        """

    @abstractmethod
    def refresh(self) -> None:
        """Make visible what other processes wrote, and compact the index where that pays."""

    @abstractmethod
    def status(self) -> IndexStatus:
        """Return every version."""

    @abstractmethod
    def live(self) -> str | None:
        """Return the name of the version that readers see, or None if there is none."""

    @abstractmethod
    def publish(self, replaced: str | None) -> None:
        """Let readers see the version that this backend writes, instead of the one that they see now."""

    @abstractmethod
    def drop(self, version: str) -> None:
        """Remove a version."""

    def drop_unreadable(self) -> list[str]:
        """Remove damaged versions and a damaged alias, and return their names; a server repairs its own files."""
        return []

    @abstractmethod
    def adopt(self) -> str:
        """Turn a plain index that has the alias's name into the live version, and return its new name."""

    @abstractmethod
    def nearest(self, query: Query) -> list[Found]:
        """Return the documents with the highest scores."""

    @abstractmethod
    def containing(self, words: Sequence[str], filters: Filters) -> dict[str, str]:
        """Return key -> sentence of the documents whose sentence has one of the words, at most the best thousand.

        Parameters
        ----------
        words : from `words.asked_words`
        filters : conditions on the documents
        """

    @abstractmethod
    def close(self) -> None:
        """Close connections."""


def version_name(alias: str, fingerprint: str, structure: str) -> str:
    """Return the name of a version: the alias and a hash of the fingerprint and the documents' structure."""
    digest = hashlib.sha256(f"{fingerprint} {structure}".encode()).hexdigest()
    return f"{alias}-{digest[:12]}"
