"""Schemas of all Parquet tables of a data dir: every column with its description and unit.

The columns of `embeddings` are derived from `ClipRecord` (`clip_record.py`). `collection/dataset.py` writes and reads
tables; the folder of each domain computes their rows. A missing value is null, never zero or NaN.
`docs/data_dictionary.md` is generated from this module.
"""

import pyarrow as pa

from bachata_assets.clip_record import COLUMNS, EDGE_DIMENSIONS, EDGES, TABLE_FIELDS, VECTOR_FIELDS
from bachata_assets.families import DIMENSIONS

KEYPOINTS = 17
"""Number of a body's keypoints; their names and order are in `pose/skeleton.py`."""
HAND_KEYPOINTS = 21
"""Number of a hand's keypoints."""


def vector(dimensions: int) -> pa.DataType:
    """Return the type of a vector column: fixed_size_list<float32, dimensions>."""
    return pa.list_(pa.float32(), dimensions)


def _column(
    name: str, kind: pa.DataType, description: str, *, unit: str | None = None, nullable: bool = False
) -> pa.Field:
    metadata = {"description": description} | ({"unit": unit} if unit else {})
    return pa.field(name, kind, nullable=nullable, metadata=metadata)


def _of_the_record(name: str) -> pa.Field:
    column = COLUMNS[name].arrow_field(name)
    return column.with_metadata({**(column.metadata or {}), "description": COLUMNS[name].description})


keypoints = pa.schema(
    [
        _column("frame", pa.int32(), "number of the sampled frame at 15 fps, from 0"),
        _column("time_s", pa.float64(), "presentation time of the frame", unit="s"),
        _column("role", pa.string(), "lead or follow"),
        _column("track_id", pa.int32(), "track of the dancer in the clip: 0 or 1"),
        _column("box", vector(4), "x1, y1, x2, y2 of the dancer", unit="px of the video", nullable=True),
        _column("keypoints", vector(KEYPOINTS * 3), "17 x (x, y, score)", unit="px, px, 0..1", nullable=True),
        _column("hands", vector(2 * HAND_KEYPOINTS * 3), "left, then right hand, each 21 x (x, y, score)",
                unit="px, px, 0..1", nullable=True),
        _column("valid", pa.bool_(), "the dancer was found in this frame"),
        _column("interpolated", pa.bool_(), "the pose is interpolated between two frames with the dancer"),
        _column("occlusion_recovery", pa.bool_(), "the dancer was found behind the partner, by occlusion recovery"),
        _column("camera", vector(4), "a, b, x, y: the first frame would show a place at"
                " (a px - b py + x, b px + a py + y); null if the camera stands still",
                unit="1, 1, px, px", nullable=True),
    ]
)  # fmt: skip
"""One row per (frame, dancer)."""

beats = pa.schema([_column("time_s", pa.float64(), "time of the beat", unit="s")])
"""One row per beat; tempo and confidence are in the metadata of the table."""


def embedding(family: str) -> pa.Schema:
    """Return the schema of the one-row table of an embedding family.

    Its vector is null if the clip has nothing for the family; `absent_reason` says why.

    Parameters
    ----------
    family : of `DIMENSIONS`
    """
    meaning = COLUMNS[VECTOR_FIELDS[family]].description
    columns = [
        _column("clip_id", pa.string(), COLUMNS["clip_id"].description),
        _column("vector", vector(DIMENSIONS[family]), f"embedding of the {meaning}", nullable=True),
        _column("absent_reason", pa.string(), "why there is no vector; null if there is one", nullable=True),
    ]
    if family == "text":
        columns.append(_column("sentence", pa.string(), "the sentence that was embedded", nullable=True))
    return pa.schema(columns)


MOMENT = {
    "moment": _column("moment", pa.int32(), "number of the moment in its clip, from 0"),
    "start_s": _column("start_s", pa.float64(), "when the moment begins, on the clip's clock", unit="s"),
    "end_s": _column("end_s", pa.float64(), "when it ends", unit="s"),
    "start_beat": _column("start_beat", pa.float64(), "the same in beats from the first row of `beats`, which is 0; "
                          "null without trusted beats", unit="beats", nullable=True),
    "end_beat": _column("end_beat", pa.float64(), "when it ends; null without trusted beats",
                        unit="beats", nullable=True),
    "detection_rate": _column("detection_rate", pa.float64(),
                              "share of its frames in which both dancers are found", unit="0..1"),
    "quality_score": _column("quality_score", pa.float64(),
                             "0.6 x detection_rate + 0.4 x mean keypoint score of the dancers that are found in it",
                             unit="0..1"),
}  # fmt: skip
"""Columns for the part of a clip that a moment is, and how well it is seen."""

moments = pa.schema(
    [
        _column("clip_id", pa.string(), COLUMNS["clip_id"].description),
        *MOMENT.values(),
        *(
            _column(f"{family}_embedding", vector(DIMENSIONS[family]), f"embedding of the "
                    f"{COLUMNS[VECTOR_FIELDS[family]].description} in it; null if seen for less than a second",
                    nullable=True)
            for family in ("lead", "follow", "interaction")
        ),
    ]
)  # fmt: skip
"""One row per moment: a window of 8 beats, or of 4 s without trusted beats."""

EDGE_JOINTS = 15
"""Number of joints whose posture and motion are kept at an edge: COCO's without the eyes."""
_EDGE_FACTS = {
    "distance": ("between the two chests, in the picture", "torsos"),
    "side": ("how far the follow stands to the right of the lead, in the picture", "torsos"),
    "hold": ("from the nearest hand of one dancer to a hand of the other", "torsos"),
    "lead_facing": ("width of the lead's shoulders, positive towards the camera, 0 sideways", "torsos"),
    "follow_facing": ("width of the follow's shoulders, positive towards the camera, 0 sideways", "torsos"),
    "lead_level": ("height of the lead's hips above the ankles", "torsos"),
    "follow_level": ("height of the follow's hips above the ankles", "torsos"),
    "phase": ("elapsed part of the beat; null without trusted beats", "0..1"),
    "tempo": ("tempo of the music there; null without trusted beats", "beats per minute"),
}


def _edge(side: str) -> list[pa.Field]:
    """Return the columns of one edge of a clip."""
    joints = vector(2 * EDGE_JOINTS * 2)
    return [
        _column(side, vector(EDGE_DIMENSIONS), f"the clip's {side}, to compare with the other edge of other clips"
                " by cosine; null if the couple is not seen there", nullable=True),
        _column(f"{side}_absent_reason", pa.string(), f"why the clip has no {side}; null if it has one", nullable=True),
        *(
            _column(f"{side}_{name}", pa.float64(), f"at the {side}: {meaning}", unit=unit, nullable=True)
            for name, (meaning, unit) in _EDGE_FACTS.items()
        ),
        _column(f"{side}_posture", joints, f"at the {side}: both dancers' 15 joints x (x, y) from their hips",
                unit="torsos", nullable=True),
        _column(f"{side}_motion", joints, f"at the {side}: motion of the same joints",
                unit="torsos a second", nullable=True),
    ]  # fmt: skip


transitions = pa.schema(
    [_column("clip_id", pa.string(), COLUMNS["clip_id"].description), *(one for side in EDGES for one in _edge(side))]
)
"""One row: how the clip begins and ends."""

search_index = pa.schema(
    [
        _column("clip_id", pa.string(), COLUMNS["clip_id"].description),
        _column("index_name", pa.string(), "version of the index that the document is in"),
        _column("content_hash", pa.string(), "sha256 of the document without processing_time and created_at"),
        _column("document", pa.string(), "the JSON as sent to the index"),
        _column("avg_confidence", pa.float64(), COLUMNS["avg_confidence"].description, unit="0..1"),
        _column("absent", pa.string(), "JSON object: family -> why it has no vector"),
        _column("timeline", pa.string(), "a digit 0..9 for each part of the clip: share of frames with both dancers"),
    ]
)
"""One row: the document of a clip, and what the report says about the clip."""

clips = pa.schema(
    [
        _column("clip_id", pa.string(), "id of the file's clip"),
        _column("path", pa.string(), "path of the file, relative to the video dir"),
        _column("size", pa.int64(), "size of the file", unit="bytes"),
        _column("mtime_ns", pa.int64(), "when the file was last changed", unit="ns since 1970"),
        _column("content", pa.string(), "hash of the file; unread-… until it has been read"),
        _column("present", pa.bool_(), "the file was there when the folder was last listed"),
        _column("renamed", pa.bool_(), "the id was first given to another path"),
        _column("of", pa.string(), "clip of the same file whose further couple this is; empty for the file's own clip"),
        _column("couple", pa.int64(), "number of the couple in the file, from 1"),
        _column("etag", pa.string(), "version of the file's content in a bucket; empty for a file in a folder"),
    ]
)
"""One row per clip of a collection: which file has which id."""

archive_index = pa.schema(
    [
        _column("clip_id", pa.string(), "clip whose table it is"),
        _column("archive", pa.string(), "name of the archive, the hash of its content"),
        _column("archive_size", pa.int64(), "size of the archive", unit="bytes"),
        _column("offset", pa.int64(), "position of the table's file in the archive", unit="bytes"),
        _column("size", pa.int64(), "size of the table's file", unit="bytes"),
        _column("sha256", pa.string(), "first 128 bits of the sha256 of the table's file"),
    ]
)
"""One row per clip, in their order: where the table of an asset is in the archives, once compacted."""

embeddings = pa.schema(
    [
        *[_of_the_record(name) for name in TABLE_FIELDS if not COLUMNS[name].is_vector],
        *[_of_the_record(VECTOR_FIELDS[family]) for family in DIMENSIONS],
    ]
)
"""One row per clip, all families side by side."""

PROVENANCE = {
    "clip_id": "clip of the table",
    "data_version": "hash of `code_version` and of the data versions of the inputs",
    "code_version": "version of the code that made the table, with the fingerprint of its model if it has one",
    "inputs": "asset -> data version from which the table was made",
    "seconds": "time that making it took, s",
    "cpu_seconds": "processor time of all cores that making it took, s; missing if other work is mixed in",
    "made_at": "when it was made, s since 1970",
}
"""Key of the provenance of every table of a clip -> meaning."""

_CLOCK = {"clock": "`beats` if the beats are trusted, else `seconds`"}
_ABOUT = {
    "lead": _CLOCK,
    "follow": _CLOCK,
    "interaction": _CLOCK,
    "text": {"sentence": "the sentence that was embedded"},
}

METADATA = {
    "keypoints": (
        "couple",
        {
            "fps": "sampling rate, frames per second",
            "width": "width of the video, px",
            "height": "height of the video, px",
            "frame_count": "number of sampled frames",
            "detection_rate": "share of frames in which both dancers are found, 0..1",
            "plainly_seen_rate": "share of frames in which both are found without interpolation or occlusion recovery",
            "certain_rate": "share of frames in which both poses have a mean keypoint score of 0.3 or more",
            "occlusion_recovery_rate": "share of frames in which a dancer was found only by occlusion recovery",
            "interpolated_rate": "share of frames in which a dancer's pose was interpolated over a gap",
            "avg_confidence": "mean keypoint score of the dancers that are found, 0..1",
            "quality_score": "0.6 x detection_rate + 0.4 x avg_confidence, 0..1",
            "role_confidence": "probability that lead and follow are not exchanged, 0.5..1",
            "role_evidence": "cue -> its log-odds that the dancer taken for the lead does lead",
            "identity_switches": "times of suspected identity switches, s",
            "damaged": "times of the frames that are missing because the file is damaged there, s",
            "people_seen": "number of people who are seen for a while and move, without images in mirrors",
            "couples_seen": "number of couples among them",
            "couple_confidence": "probability that this is the couple that is meant, 0..1; 1 if annotated",
            "couple_evidence": "name -> its contribution to the weight of this pair of people",
            "partner_changes": "times at which a dancer changes partners, s; after them nobody counts as found",
            "mirror_images": "number of people who count as images in a mirror",
            "camera_motion": "px a second, and zoom (largest over smallest scale); empty if the camera stands still",
            "camera_lost": "times of the frames with unknown camera motion: too little of the room is seen, s",
            "cuts": "times at which another shot begins, s; dancers count as found only in the one that counts",
        },
    ),
    "beats": (
        "beats",
        {
            "tempo": "beats per minute, null without beats",
            "confidence": "how clearly the music repeats at this tempo, 0..1; from 0.5 the beats are trusted",
            "duration": "length of the sound, s",
            "reason": "why there are no beats, null if there are any",
        },
    ),
    **{f"{family}_embedding": ("about", _ABOUT.get(family, {})) for family in DIMENSIONS},
    "moments": ("about", _CLOCK),
}
"""Asset -> key of its table's schema metadata, and the content of its JSON."""
