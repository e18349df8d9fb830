"""Every Parquet table of a data dir as a `pyarrow.Schema`, with units.

How tables are written and read lives in `collection/dataset.py`; how rows are computed, in the domain folders.
Missing is null, never zero and never NaN.
"""

import pyarrow as pa

from bachata_assets.clip_record import COLUMNS, VECTOR_FIELDS, arrow_field
from bachata_assets.families import DIMENSIONS

KEYPOINTS = 17
"""Number of a body's keypoints; their names and order are in `pose/skeleton.py`."""
HAND_KEYPOINTS = 21


def vector(dimensions: int) -> pa.DataType:
    """Return the type of a vector column: fixed_size_list<float32, dimensions>."""
    return pa.list_(pa.float32(), dimensions)


keypoints = pa.schema(
    [
        pa.field("frame", pa.int32(), nullable=False, metadata={"description": "index at 15 fps, from 0"}),
        pa.field("time_s", pa.float64(), nullable=False, metadata={"unit": "s, presentation time"}),
        pa.field("role", pa.string(), nullable=False, metadata={"description": "lead or follow"}),
        pa.field("track_id", pa.int32(), nullable=False),
        pa.field("box", vector(4), metadata={"unit": "px of the video: x1, y1, x2, y2"}),
        pa.field("keypoints", vector(KEYPOINTS * 3), metadata={"unit": "17 x (x px, y px, score 0..1)"}),
        pa.field("hands", vector(2 * HAND_KEYPOINTS * 3), metadata={"unit": "left, right x 21 x (x, y, score)"}),
        pa.field("valid", pa.bool_(), nullable=False, metadata={"description": "the dancer was found here"}),
        pa.field("interpolated", pa.bool_(), nullable=False, metadata={"description": "bridged over a gap"}),
        pa.field("second_look", pa.bool_(), nullable=False, metadata={"description": "found behind the partner"}),
    ]
)
"""One row a (frame, dancer)."""

beats = pa.schema([pa.field("time_s", pa.float64(), nullable=False, metadata={"unit": "s"})])
"""One row a beat; tempo and confidence are in the table's metadata."""


def embedding(family: str) -> pa.Schema:
    """Return the one-row table of an embedding family; `vector` is null where `absent_reason` says why."""
    extra = [pa.field("sentence", pa.string())] if family == "text" else []
    return pa.schema(
        [
            pa.field("clip_id", pa.string(), nullable=False),
            pa.field("vector", vector(DIMENSIONS[family])),
            pa.field("absent_reason", pa.string()),
            *extra,
        ]
    )


search_index = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False, metadata={"description": "also the document's _id"}),
        pa.field("index_name", pa.string(), nullable=False),
        pa.field("content_hash", pa.string(), nullable=False, metadata={"description": "sha256 of document"}),
        pa.field("document", pa.string(), nullable=False, metadata={"description": "the JSON as sent"}),
        pa.field("avg_confidence", pa.float64(), nullable=False, metadata={"unit": "0..1"}),
        pa.field("absent", pa.string(), nullable=False, metadata={"description": "JSON: family -> why no vector"}),
        pa.field("timeline", pa.string(), nullable=False, metadata={"description": "where both dancers are found"}),
    ]
)

clips = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("path", pa.string(), nullable=False, metadata={"description": "relative to the video dir"}),
        pa.field("size", pa.int64(), nullable=False, metadata={"unit": "bytes"}),
        pa.field("mtime_ns", pa.int64(), nullable=False, metadata={"unit": "ns since 1970"}),
        pa.field(
            "content",
            pa.string(),
            nullable=False,
            metadata={"description": "hash; unread-… until it is known"},
        ),
        pa.field("present", pa.bool_(), nullable=False, metadata={"description": "seen when last looked"}),
        pa.field("renamed", pa.bool_(), nullable=False, metadata={"description": "its id was given to another path"}),
    ]
)
"""The clips of a collection: which id was given to which file."""


def _described(name: str) -> pa.Field:
    """Return a field of `ClipRecord` as a column that also says what it is."""
    column = arrow_field(name)
    return column.with_metadata({**(column.metadata or {}), "description": COLUMNS[name].description})


embeddings = pa.schema(
    [
        *[_described(name) for name, column in COLUMNS.items() if column.arrow and not column.is_vector],
        *[_described(VECTOR_FIELDS[family]) for family in DIMENSIONS],
    ]
)
"""One row a clip, all families side by side; derived from `ClipRecord`."""
