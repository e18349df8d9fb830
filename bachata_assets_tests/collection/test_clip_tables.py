"""A clip's record gathered from its tables, read again from its document, and the table over all clips."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bachata_assets import schemas
from bachata_assets.annotation import Annotation
from bachata_assets.clip_record import InvalidRecordError
from bachata_assets.collection import clip_tables
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.clip_tables import RECORD_INPUTS, embeddings_parts, gathered_record, indexed_record
from bachata_assets.collection.dataset import PROVENANCE_KEY, Dataset
from bachata_assets.families import DIMENSIONS
from bachata_assets.music.beats import Beats
from bachata_assets_tests.support.documents import document
from bachata_assets_tests.support.golden import check_golden
from bachata_assets_tests.support.synthetic_couple import a_couple

CLIP = Clip(
    "dip_1",
    Path("dip_1.mp4"),
    "data/Bachata_steps/dip_1.mp4",
    Annotation(move_label="dip", difficulty="advanced", notes="slowly", lead="left"),
    {},
)


def provenance(made_at: float, code_version: str) -> dict[bytes, bytes]:
    said = {"seconds": 1.5004, "made_at": made_at, "code_version": code_version}
    return {PROVENANCE_KEY: json.dumps(said).encode()}


def tables(absent: str = "audio", **vectors: np.ndarray) -> dict[str, pa.Table]:
    """Return the tables of a clip without one family, made in the order of RECORD_INPUTS."""
    couple = a_couple(seconds=2).to_table()
    seen = {**couple.schema.metadata, **provenance(1_760_000_000.0, "6+nano-1a2b")}
    heard = Beats(np.arange(4) / 2, tempo=119.128, confidence=0.9, duration=2.0).to_table()
    made = {
        "keypoints": couple.replace_schema_metadata(seen),
        "beats": heard.replace_schema_metadata({**heard.schema.metadata, **provenance(1_760_000_000.0, "1")}),
    }
    for number, (family, size) in enumerate(DIMENSIONS.items()):
        vector = None if family == absent else vectors.get(family, np.full(size, number + 1, np.float32))
        row = {"clip_id": "dip_1", "vector": vector, "absent_reason": "no sound" if vector is None else None}
        row |= {"sentence": "Dance move: dip."} if family == "text" else {}
        table = pa.Table.from_pylist([row], schema=schemas.embedding(family))
        made[f"{family}_embedding"] = table.replace_schema_metadata(provenance(1_760_000_001.0 + number, f"{family}-1"))
    edges = {"clip_id": "dip_1", "ending": np.full(64, 0.125, np.float32), "ending_distance": 1.2344}
    edges["beginning_absent_reason"] = "the lead cannot be seen where the clip begins"
    transitions = pa.Table.from_pylist([edges], schema=schemas.transitions)
    made["transitions"] = transitions.replace_schema_metadata(provenance(1_760_000_002.0, "transitions-1"))
    assert tuple(made) == RECORD_INPUTS
    return made


def test_a_record_says_what_the_tables_and_the_annotation_of_its_clip_say() -> None:
    record = gathered_record(CLIP, tables())
    assert record.scalars() == {
        "clip_id": "dip_1",
        "video_path": "data/Bachata_steps/dip_1.mp4",
        "move_label": "dip",
        "difficulty": "advanced",
        "energy_level": "medium",
        "lead_follow_roles": "both",
        "estimated_tempo": 120.0,
        "heard_tempo": 119.13,
        "heard_tempo_confidence": 0.9,
        "notes": "slowly",
        "sentence": "Dance move: dip.",
        "quality_score": 1.0,
        "detection_rate": 1.0,
        "avg_confidence": 1.0,
        "frame_count": 30,
        "processing_time": 12.003,
        "version": "mmpose_v1",
        "code_versions": "keypoints=6+nano-1a2b beats=1 lead_embedding=lead-1 follow_embedding=follow-1 "
        "interaction_embedding=interaction-1 audio_embedding=audio-1 text_embedding=text-1 "
        "transitions=transitions-1",
        "created_at": "2025-10-09T08:53:25Z",
    }
    assert record.absent == {"audio": "no sound"}
    assert record.timeline == "9" * 30
    assert {family: vector[-1] for family, vector in record.vectors.items()} == {
        "lead": 1, "follow": 2, "interaction": 3, "text": 5,
    }  # fmt: skip
    assert record.beginning is None
    assert record.ending is not None
    assert record.ending.tolist() == [0.125] * 64
    edges = json.loads(record.edges or "")
    assert edges["beginning"]["absent_reason"] == "the lead cannot be seen where the clip begins"
    assert edges["ending"]["distance"] == 1.234


def test_a_clip_that_cannot_be_searched_is_refused_by_its_vector() -> None:
    with pytest.raises(InvalidRecordError, match="dip_1: lead_embedding is all zeros"):
        gathered_record(CLIP, tables(lead=np.zeros(512)))


def test_the_record_read_from_the_document_s_table_is_the_record_that_was_indexed() -> None:
    record = gathered_record(CLIP, tables())
    row = {
        "clip_id": "dip_1",
        "index_name": "moves-1",
        "content_hash": record.content_hash,
        "document": record.to_json(),
        "avg_confidence": record.avg_confidence,
        "absent": json.dumps(record.absent),
        "timeline": record.timeline,
    }
    read = indexed_record(CLIP, pa.Table.from_pylist([row], schema=schemas.search_index))
    assert read.scalars() == record.scalars()
    assert (read.absent, read.timeline) == (record.absent, record.timeline)
    assert read.content_hash == record.content_hash


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_the_table_has_a_row_for_every_record_in_their_order(
    count: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clip_tables, "_AT_ONCE", 2)
    records = []
    for number in range(count):
        lead = np.full(512, number + 1, np.float32)
        sound: dict[str, Any] = {"audio_embedding": None} if number % 2 else {}
        records.append(document(f"clip {number}", lead_embedding=lead, notes="", avg_confidence=0.9, **sound))
    dataset = Dataset(str(tmp_path))
    assert dataset.write_parts("embeddings.parquet", schemas.embeddings, embeddings_parts(records)) == count
    table = dataset.read_parquet("embeddings.parquet")
    assert table is not None
    assert table.schema.names == schemas.embeddings.names
    assert all(part.schema.equals(schemas.embeddings, check_metadata=True) for part in embeddings_parts(records))
    rows = table.to_pylist()
    assert [row["clip_id"] for row in rows] == [f"clip {number}" for number in range(count)]
    assert [row["lead_embedding"][511] for row in rows] == [number + 1 for number in range(count)]
    assert [row["audio_embedding"] is None for row in rows] == [number % 2 == 1 for number in range(count)]


def test_the_same_tables_give_the_same_document_while_the_version_stays() -> None:
    sent = json.loads(gathered_record(CLIP, tables()).to_json())
    vectors = {name: value for name, value in sent.items() if isinstance(value, list)}
    words = {"rest": json.dumps({name: value for name, value in sent.items() if name not in vectors})}
    version, constant = clip_tables.DOCUMENT_VERSION, "collection.clip_tables.DOCUMENT_VERSION"
    check_golden("document", version, constant, words | {name: sum(value) for name, value in vectors.items()}, 1e-3)
