"""`Kind`: what a backend must know about one kind of document, such as clips.

Each kind has an index of its own, with versions behind an alias. All kinds are filled, promoted, pruned and counted in
the same way. The record of a kind makes its documents: `ClipRecord`, or `MomentRecord` in `moments/record.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Protocol, Self, TypeVar

import pyarrow as pa

from bachata_assets.clip_record import COLUMNS, DOCUMENT_FIELDS, ClipRecord, Column
from bachata_assets.search.answers import SHOWN_FIELDS


class Document(Protocol):
    """The interface of every record in an index."""

    @property
    def content_hash(self) -> str:
        """SHA-256 of the document's content."""

    @property
    def vectors(self) -> dict[str, Any]:
        """The families that the document has, family -> float32 (D,)."""

    def to_json(self) -> str:
        """Return the document as sent to Elasticsearch."""

    @classmethod
    def from_source(cls, source: Mapping[str, Any]) -> Self:
        """Return the record of a document that this program wrote."""

    @classmethod
    def from_stored(cls, source: Mapping[str, Any]) -> Self:
        """Return the record of a document that any program wrote."""


D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class Kind(Generic[D]):
    """One kind of document.

    Attributes
    ----------
    record : class of its documents
    key : field that identifies a document; every kind has `clip_id` too
    columns : field -> its column, in the order of the document
    shown : fields that an answer carries beside its scores
    suffix : suffix of its index's alias
    """

    record: type[D]
    key: str
    columns: Mapping[str, Column]
    shown: tuple[str, ...]
    suffix: str = ""

    @cached_property
    def vector_fields(self) -> dict[str, str]:
        """Embedding family -> its field."""
        return {name.removesuffix("_embedding"): name for name, column in self.columns.items() if column.is_vector}

    @cached_property
    def schema(self) -> pa.Schema:
        """Schema of a table of these documents, with key and vectors first."""
        ordered = dict.fromkeys([self.key, *self.vector_fields.values(), *self.columns])
        return pa.schema([self.columns[name].arrow_field(name) for name in ordered])

    def key_of(self, document: D) -> str:
        """Return the key of a document."""
        return str(getattr(document, self.key))


CLIPS = Kind(ClipRecord, "clip_id", {name: COLUMNS[name] for name in DOCUMENT_FIELDS}, SHOWN_FIELDS)
"""Clips, the documents that the specification defines."""
