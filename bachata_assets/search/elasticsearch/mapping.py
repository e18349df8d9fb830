"""The structure of a document in Elasticsearch: its strict mapping and the settings of its index.

Which index has it is `elasticsearch_versions.py`'s concern.
"""

import json
from typing import Any

from bachata_assets.clip_record import COLUMNS, DOCUMENT_FIELDS, VECTOR_FIELDS
from bachata_assets.families import DIMENSIONS

SOURCE_VECTORS_SETTING = "index.mapping.exclude_source_vectors"
"""Known from 9.2 on, where vectors are left out of `_source` unless it is false."""

VECTOR_INDEX = {"type": "bbq_flat", "rescore_vector": {"oversample": 6.0}}
"""One bit a dimension, read whole: no graph to build or to keep in memory. The best 6 k are scored again with
the full vectors, so that scores are exact (those of the int8 kinds are not: measured, off by up to 0.05)."""

SMALL_SEGMENT = "200mb"
"""Segments below this are merged at once (the server's default: 2 MB): a search over five vectors costs each
segment anew, and a bulk load would leave some twenty."""


def mapping(fingerprint: str) -> dict[str, Any]:
    """Return the mapping of a version; `_meta` marks it as ours and keeps the fingerprint for people."""
    return {
        "dynamic": "strict",
        "_meta": {"made_by": "bachata_assets", "fingerprint": fingerprint},
        "properties": _properties(),
    }


def index_settings(*, source_vectors: bool) -> dict[str, Any]:
    """Return the settings of a version; a copy only where a second node can hold it."""
    common = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "index.merge.policy.floor_segment": SMALL_SEGMENT}
    return common | {SOURCE_VECTORS_SETTING: not source_vectors}


def structure(*, source_vectors: bool) -> str:
    """Return what of the structure makes another version necessary."""
    return json.dumps([_properties(), source_vectors], sort_keys=True)


def _properties() -> dict[str, Any]:
    vectors = {
        name: {
            "type": "dense_vector",
            "dims": DIMENSIONS[family],
            "index": True,
            "similarity": "cosine",
            "index_options": VECTOR_INDEX,
        }
        for family, name in VECTOR_FIELDS.items()
    }
    return {name: vectors.get(name, {"type": COLUMNS[name].elasticsearch}) for name in DOCUMENT_FIELDS}
