"""Answers of a search index about its documents and its versions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PutResult:
    """Result of indexing one document; `error` is None when it is in the index.

    Attributes
    ----------
    clip_id : key of the document: the clip's id, or that of a moment
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
    key : of the document
    score : weighted mean of `scores`, 0..1
    scores : family -> (1 + cosine) / 2, only the families that both the query and the document have
    shown : further fields of the document, those of `Kind.shown`
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
    name : of the index in Elasticsearch, or of the table in LanceDB
    fingerprint : of what makes its vectors comparable; None where an index was adopted
    documents : number of documents
    bytes : size on disk
    aliases : every alias that names it, also those that somebody else made
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
    versions : the live one first
    alias_taken : a plain index has the name of the alias, see `SearchIndex.adopt`
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
    """Result of asking that readers see the version `index_name`.

    Attributes
    ----------
    live : readers see it now
    replaced : name of the version that they saw before
    missing : clips that it lacks and that readers see in the old version; the reason when it is not live
    """

    index_name: str
    live: bool
    replaced: str | None = None
    missing: tuple[str, ...] = ()
