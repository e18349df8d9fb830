"""The structure of an index in Elasticsearch: a strict mapping, derived from the record, and settings."""

import json
from typing import Any

from bachata_assets.clip_record import Column
from bachata_assets.search.candidates import COMBINED, GROUP, combined_size
from bachata_assets.search.kind import CLIPS, Kind

SOURCE_VECTORS_SETTING = "index.mapping.exclude_source_vectors"
"""Setting that keeps vectors in `_source` if it is false (9.2 and newer)."""

VECTOR_INDEX = {"type": "int8_flat", "rescore_vector": {"oversample": 1.0}}
"""Index of a vector field: one byte per dimension, scanned in full, without a graph to build or keep in memory.

The full vectors rescore what it finds, so scores are exact. One-bit codes (`bbq_flat`) take an eighth of the space but
find 0.67 of the nearest documents if a question has three of the five families, and 0.77 by music alone.
"""

LONGEST_KEYWORD = 8191
"""Maximum length of a keyword in characters: Elasticsearch's limit at 4 bytes each. The sub-field `text` has all."""

SMALL_SEGMENT = "200mb"
"""Size below which the server merges segments at once (its default: 2 MB).

A search over five vectors pays for each segment, and a bulk load would leave about twenty.
"""


def mapping(fingerprint: str, kind: Kind[Any] = CLIPS) -> dict[str, Any]:
    """Return the mapping of a version; its `_meta` names the program and the fingerprint."""
    return {
        "dynamic": "strict",
        # Fields that are only searched need no space in the stored document.
        "_source": {"excludes": [COMBINED, GROUP]},
        "_meta": {"made_by": "bachata_assets", "fingerprint": fingerprint},
        "properties": _properties(kind),
    }


def index_settings(*, source_vectors: bool) -> dict[str, Any]:
    """Return the settings of a version; it has a replica only if there is a second node."""
    common = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "index.merge.policy.floor_segment": SMALL_SEGMENT}
    return common | {SOURCE_VECTORS_SETTING: not source_vectors}


def structure(kind: Kind[Any], *, source_vectors: bool) -> str:
    """Return the part of the structure that the hash in a version's name covers, as JSON."""
    return json.dumps([_properties(kind), source_vectors], sort_keys=True)


def _properties(kind: Kind[Any]) -> dict[str, Any]:
    vectors = {name: _vector(kind.schema.field(name).type.list_size) for name in kind.vector_fields.values()}
    fields = {name: vectors.get(name) or _property(column) for name, column in kind.columns.items()}
    return fields | {COMBINED: _vector(combined_size(kind)), GROUP: {"type": "keyword"}}


def _vector(size: int) -> dict[str, Any]:
    return {
        "type": "dense_vector",
        "dims": size,
        "index": True,
        "similarity": "cosine",
        "index_options": VECTOR_INDEX,
    }


def _property(column: Column) -> dict[str, Any]:
    if column.words is None:
        return {"type": column.elasticsearch}
    if column.elasticsearch == "text":
        return {"type": "text", "analyzer": column.words}
    text = {"type": "text", "analyzer": column.words}
    return {"type": column.elasticsearch, "ignore_above": LONGEST_KEYWORD, "fields": {"text": text}}
