"""`Backend`: the interface of a store of documents, which `SearchIndex` asks.

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
    """A store of versions of an index of one kind of document, and of the alias that names the one which readers see.

    Opened with a fingerprint it writes, and reads, the version of that fingerprint, made at first use; opened without
    one it reads the live version.

    Attributes
    ----------
    kind : of its documents
    version : name of the version that is written, None for readers; known without a connection
    """

    kind: Kind[D]
    version: str | None

    def require_usable(self) -> None:  # nothing can be wrong with an embedded one
        """Raise a `SearchError` where no document could be written, see `SearchIndex.require_usable`."""

    @abstractmethod
    def put(self, documents: Iterable[D]) -> list[PutResult]:
        """Index documents in bulk, see `SearchIndex.put`."""

    @abstractmethod
    def get(self, key: str) -> D | None:
        """Return a document, None when it is not in the index."""

    @abstractmethod
    def scan(self, filters: Filters, clip_ids: Sequence[str] | None = None) -> Iterator[D]:
        """Yield the documents that pass the filters, as of one moment, in memory that does not grow.

        Parameters
        ----------
        clip_ids : only those of these clips
        """

    @abstractmethod
    def count(self) -> int:
        """Return the number of documents."""

    @abstractmethod
    def ids(self, version: str | None = None) -> set[str]:
        """Return the keys of all documents, of the named version or of the one that is read."""

    @abstractmethod
    def values(
        self, fields: Sequence[str], clip_ids: Sequence[str] | None = None, *, version: str | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """Yield fields of all documents that are never null, without their vectors.

        Parameters
        ----------
        fields : names of fields
        clip_ids : only those of these clips
        version : of this version; None: of the one that is read
        """

    @abstractmethod
    def delete(self, keys: Sequence[str], *, also_live: bool = True) -> int:
        """Remove documents from the version that is read, and from the live one; return how many there were.

        Parameters
        ----------
        also_live : also from the live version, where that is another one
        """

    @abstractmethod
    def refresh(self) -> None:
        """Make visible what other processes wrote, and compact what is worth it."""

    @abstractmethod
    def status(self) -> IndexStatus:
        """Return every version."""

    @abstractmethod
    def live(self) -> str | None:
        """Return the name of the version that readers see, None when there is none."""

    @abstractmethod
    def publish(self, replaced: str | None) -> None:
        """Let readers see the version that is written, instead of the one that they see now."""

    @abstractmethod
    def drop(self, version: str) -> None:
        """Remove a version."""

    def drop_unreadable(self) -> list[str]:
        """Remove what is damaged, versions and alias, and return the names; a server looks after its own."""
        return []

    @abstractmethod
    def adopt(self) -> str:
        """Keep a plain index that has the name of the alias as the live version; return its new name."""

    @abstractmethod
    def nearest(self, query: Query) -> list[Found]:
        """Return the documents of the highest score."""

    @abstractmethod
    def containing(self, words: Sequence[str], filters: Filters) -> dict[str, str]:
        """Return key -> sentence of the documents whose sentence has one of the words; of many, the best thousand.

        Parameters
        ----------
        words : of `words.asked_words`
        filters : conditions on the documents
        """

    @abstractmethod
    def close(self) -> None:
        """Close connections."""


def version_name(alias: str, fingerprint: str, structure: str) -> str:
    """Return the name of a version: the alias and a hash of fingerprint and structure of the documents."""
    digest = hashlib.sha256(f"{fingerprint} {structure}".encode()).hexdigest()
    return f"{alias}-{digest[:12]}"
