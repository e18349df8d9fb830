"""What a search index returns about its documents and versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PutResult:
    """Result of indexing one document; `error` is None if the document is in the index.

    Attributes
    ----------
    clip_id : key of the document: the id of a clip or of a moment
    """

    clip_id: str
    index_name: str
    content_hash: str
    error: str | None = None


@dataclass(frozen=True)
class Found:
    """A document that was found.

    Attributes
    ----------
    key : key of the document
    score : weighted mean of `scores`, 0..1
    scores : family -> (1 + cosine) / 2, only the families that both the query and the document have
    shown : the document's fields in `Kind.shown`
    """

    key: str
    score: float
    scores: dict[str, float]
    shown: Mapping[str, Any]


@dataclass(frozen=True)
class IndexVersion:
    """One version of an index.

    Attributes
    ----------
    name : name of the index in Elasticsearch or of the table in LanceDB
    fingerprint : fingerprint of what made its vectors; None for an adopted index
    documents : number of documents
    bytes : size on disk, bytes
    aliases : every alias that names it, including those that somebody else made
    live : readers see this version
    current : this process writes this version
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
    """Every version of an index.

    Attributes
    ----------
    backend : elasticsearch or lancedb
    location : address of the server, or folder of the tables
    alias : name that readers use
    versions : every version, the live one first
    alias_taken : a plain index has the alias's name, see `SearchIndex.adopt`
    moments : every version of the moments' index, the live one first
    """

    backend: str
    location: str
    alias: str
    versions: tuple[IndexVersion, ...]
    alias_taken: bool = False
    moments: tuple[IndexVersion, ...] = ()


@dataclass(frozen=True)
class Promotion:
    """Result of promoting the version `index_name`.

    Attributes
    ----------
    live : readers see it now
    replaced : name of the version that they saw before
    missing : clips of the old version that it lacks; if it is not live, they are the reason
    """

    index_name: str
    live: bool
    replaced: str | None = None
    missing: tuple[str, ...] = ()
