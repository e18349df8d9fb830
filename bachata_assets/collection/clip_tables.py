"""From the tables of a clip to its `ClipRecord`, and from all records to the table `embeddings`."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic_core import from_json

from bachata_assets import schemas
from bachata_assets.clip_record import COLUMNS, EDGES, VECTOR_FIELDS, ClipRecord, InvalidRecordError
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset, provenance_of
from bachata_assets.families import DIMENSIONS
from bachata_assets.music.beats import beats_summary
from bachata_assets.pose.couple_keypoints import couple_summary, found_dancers
from bachata_assets.pose.detection_timeline import detection_timeline

logger = logging.getLogger(__name__)

VERSION = "mmpose_v1"
"""`version` of every record, from the specification. The provenance of a clip's tables has the exact versions."""

DOCUMENT_VERSION = "5"
"""Version of the gathering; raise it when the same tables give another document."""

RECORD_INPUTS = ("keypoints", "beats", *(f"{family}_embedding" for family in DIMENSIONS), "transitions")
"""Tables from which a record is gathered, and whose versions it contains."""

CLIP_TABLES = (*RECORD_INPUTS, "moments")
"""All tables of a clip made before its document, so that its processing time is complete."""

_AT_ONCE = 250
"""Number of records turned into a table at once; bounds the memory."""


def gathered_record(clip: Clip, tables: Mapping[str, pa.Table]) -> ClipRecord:
    """Return the record of a clip from the tables of its stages.

    Parameters
    ----------
    clip : the clip from the folder and the annotations
    tables : asset -> table, for all CLIP_TABLES

    Raises
    ------
    InvalidRecordError
        The content of the tables is not fit for search.
    """
    couple = couple_summary(tables["keypoints"])
    heard = beats_summary(tables["beats"])
    made = [provenance_of(table) for table in tables.values()]
    vectors: dict[str, Any] = {name: vector_of(tables[name]) for name in VECTOR_FIELDS.values()}
    reasons = {family: tables[name].column("absent_reason")[0].as_py() for family, name in VECTOR_FIELDS.items()}
    return ClipRecord(
        clip_id=clip.clip_id,
        video_path=clip.video_path,
        **vectors,
        **_edges(tables["transitions"]),
        **{name: said for name, said in clip.annotation.model_dump().items() if name in COLUMNS},
        heard_tempo=None if heard["tempo"] is None else round(heard["tempo"], 2),
        heard_tempo_confidence=None if heard["tempo"] is None else heard["confidence"],
        sentence=tables["text_embedding"].column("sentence")[0].as_py(),
        **{name: seen for name, seen in couple.items() if name in COLUMNS},
        processing_time=round(sum(one["seconds"] for one in made), 3),
        version=VERSION,
        code_versions=" ".join(f"{name}={provenance_of(tables[name])['code_version']}" for name in RECORD_INPUTS),
        created_at=datetime.fromtimestamp(max(one["made_at"] for one in made), UTC),
        absent={family: reason for family, reason in reasons.items() if reason},
        timeline=detection_timeline(found_dancers(tables["keypoints"])),
    )


def indexed_record(clip: Clip, table: pa.Table) -> ClipRecord:
    """Return the record of a clip from the single table of its document, which is far cheaper than from all its tables.

    Parameters
    ----------
    clip : the clip as it was when indexed
    table : table of `schemas.search_index`
    """
    (row,) = table.to_pylist()
    sent = from_json(row["document"])  # takes a quarter of the time of json
    return ClipRecord.from_source(
        {**sent, "video_path": clip.video_path},
        avg_confidence=row["avg_confidence"],
        absent=json.loads(row["absent"]),
        timeline=row["timeline"],
    )


def sent_record(table: pa.Table) -> ClipRecord:
    """Return the document of a clip as it was sent to the index.

    Parameters
    ----------
    table : table of `schemas.search_index`
    """
    return ClipRecord.from_source(from_json(table.column("document")[0].as_py()))


def embeddings_parts(records: Iterable[ClipRecord]) -> Iterator[pa.Table]:
    """Yield the table of `schemas.embeddings`, one row per clip, some clips at a time: all would be gigabytes."""
    left = iter(records)
    while some := list(islice(left, _AT_ONCE)):
        yield _table(some)


def vector_of(table: pa.Table) -> np.ndarray | None:
    """Return the vector of a family's table, float32 (D,); None if absent."""
    values = table.column("vector")[0].as_py()
    return None if values is None else np.asarray(values, np.float32)


def _edges(table: pa.Table) -> dict[str, Any]:
    """Return the fields of a record about how the clip begins and ends."""
    (row,) = table.to_pylist()
    vectors = {side: None if row[side] is None else np.asarray(row[side], np.float32) for side in EDGES}
    facts = {
        side: {name.removeprefix(f"{side}_"): _rounded(value) for name, value in row.items() if f"{side}_" in name}
        for side in EDGES
    }
    return {**vectors, "edges": json.dumps(facts)}


def _rounded(value: Any) -> Any:
    """Return floats with three decimals, the precision of an edge's measurements."""
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return round(value, 3) if isinstance(value, float) else value


def _table(records: Sequence[ClipRecord]) -> pa.Table:
    columns = {name: [getattr(record, name) for record in records] for name in schemas.embeddings.names}
    return pa.table(columns, schema=schemas.embeddings)


def indexed_records(clips: Sequence[Clip], dataset: Dataset) -> Iterator[ClipRecord]:
    """Yield the records of clips whose documents were sent to the index."""
    contents = dataset.prefetched("search_index", [clip.clip_id for clip in clips])
    for clip, (clip_id, content) in zip(clips, contents, strict=True):
        yield indexed_record(clip, dataset.read_table("search_index", clip_id, content))


def gathered_records(clips: Sequence[Clip], dataset: Dataset) -> Iterator[ClipRecord]:
    """Yield the records of clips whose documents are not sent yet; without those that no index would accept."""
    for clip in clips:
        tables = {name: dataset.read_table(name, clip.clip_id) for name in CLIP_TABLES}
        try:
            yield gathered_record(clip, tables)
        except InvalidRecordError as error:
            logger.warning("%s", error)
