"""The structure of an index in Elasticsearch: its strict mapping, derived from the record, and its settings."""

import json
from typing import Any

from bachata_assets.clip_record import Column
from bachata_assets.search.candidates import COMBINED, GROUP, combined_size
from bachata_assets.search.kind import CLIPS, Kind

SOURCE_VECTORS_SETTING = "index.mapping.exclude_source_vectors"
"""Setting of 9.2 and newer, which leave vectors out of `_source` unless it is false."""

VECTOR_INDEX = {"type": "int8_flat", "rescore_vector": {"oversample": 1.0}}
"""Index of a vector field: one byte a dimension, read whole, so that there is no graph to build or to keep in memory.

What is found is scored again with the full vectors, so that scores are exact. Codes of one bit (`bbq_flat`) take an
eighth, but find 0.67 of what is nearest where a question has three of the five families, and 0.77 by the music.
"""

LONGEST_KEYWORD = 8191
"""Most characters of a keyword: at 4 bytes each, Elasticsearch takes no longer one. The sub-field `text` has all."""

SMALL_SEGMENT = "200mb"
"""Size below which segments are merged at once (default of the server: 2 MB).

A search over five vectors costs each segment anew, and a bulk load would leave some twenty.
"""


def mapping(fingerprint: str, kind: Kind[Any] = CLIPS) -> dict[str, Any]:
    """Return the mapping of a version; its `_meta` says who made it, and from which fingerprint."""
    return {
        "dynamic": "strict",
        # What is only searched is not handed out with the document, and takes no place in it.
        "_source": {"excludes": [COMBINED, GROUP]},
        "_meta": {"made_by": "bachata_assets", "fingerprint": fingerprint},
        "properties": _properties(kind),
    }


def index_settings(*, source_vectors: bool) -> dict[str, Any]:
    """Return the settings of a version; it is copied only where there is a second node."""
    common = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "index.merge.policy.floor_segment": SMALL_SEGMENT}
    return common | {SOURCE_VECTORS_SETTING: not source_vectors}


def structure(kind: Kind[Any], *, source_vectors: bool) -> str:
    """Return the part of the structure that is hashed into the name of a version, as JSON."""
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
