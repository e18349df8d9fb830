"""`Backend`: the interface of a store of documents, which `SearchIndex` asks.

Every method raises `SearchError` or one of its subclasses when the store cannot answer.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from bachata_assets.clip_record import ClipRecord
from bachata_assets.search.filters import Filters
from bachata_assets.search.results import IndexStatus, PutResult
from bachata_assets.search.similarity import Match, Query


class Backend(ABC):
    """A store of versions of an index, and of the alias that names the one which readers see.

    Opened with a fingerprint it writes, and reads, the version of that fingerprint, made at first use; opened without
    one it reads the live version.

    Attributes
    ----------
    version : name of the version that is written, None for readers; known without a connection
    """

    version: str | None

    def require_usable(self) -> None:  # noqa: B027  # nothing can be wrong with an embedded one
        """Raise a `SearchError` where no document could be written, see `SearchIndex.require_usable`."""

    @abstractmethod
    def put(self, documents: Iterable[ClipRecord]) -> list[PutResult]:
        """Index documents in bulk, see `SearchIndex.put`."""

    @abstractmethod
    def get(self, clip_id: str) -> ClipRecord | None:
        """Return the document of a clip, None when the clip is not in the index."""

    @abstractmethod
    def scan(self, filters: Filters) -> Iterator[ClipRecord]:
        """Yield the documents that pass the filters, as of one moment, in memory that does not grow."""

    @abstractmethod
    def count(self) -> int:
        """Return the number of clips."""

    @abstractmethod
    def ids(self, version: str | None = None) -> set[str]:
        """Return all clip ids, of the named version or of the one that is read."""

    @abstractmethod
    def delete(self, clip_ids: Sequence[str]) -> int:
        """Remove clips from the version that is read and from the live one; return how many there were."""

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
    def nearest(self, query: Query) -> list[Match]:
        """Return the clips of the highest score."""

    @abstractmethod
    def close(self) -> None:
        """Close connections."""


def version_name(alias: str, fingerprint: str, structure: str) -> str:
    """Return the name of a version: the alias and a hash of fingerprint and structure of the documents."""
    digest = hashlib.sha256(f"{fingerprint} {structure}".encode()).hexdigest()
    return f"{alias}-{digest[:12]}"
