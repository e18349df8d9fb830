"""Everything that is derived from `ClipRecord`, and that it has not changed for indices made before."""

import dataclasses
import hashlib
import json
from datetime import UTC, datetime
from typing import Any, get_type_hints

import numpy as np

from bachata_assets import schemas
from bachata_assets.clip_record import COLUMNS, VECTOR_FIELDS, ClipRecord
from bachata_assets.families import DIMENSIONS
from bachata_assets.report.page import FACTS
from bachata_assets.search.elasticsearch import mapping
from bachata_assets.search.filters import LABELS
from bachata_assets.search.lancedb.backend import SCHEMA
from bachata_assets.search.similarity import SHOWN_FIELDS, Match
from bachata_assets_tests.support.documents import document

OUTSIDE_THE_DOCUMENT = {"notes", "avg_confidence", "absent", "timeline"}
OUTSIDE_THE_TABLE = {"absent", "timeline"}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_document_has_the_specification_s_fields_in_its_order() -> None:
    assert list(json.loads(document("clip").to_json())) == [
        "clip_id", "video_path",
        "audio_embedding", "lead_embedding", "follow_embedding", "interaction_embedding", "text_embedding",
        "move_label", "difficulty", "energy_level", "lead_follow_roles", "estimated_tempo",
        "quality_score", "detection_rate", "frame_count", "processing_time", "version", "created_at",
    ]  # fmt: skip


def test_every_form_of_a_record_has_exactly_the_fields_of_the_class() -> None:
    everything = [one.name for one in dataclasses.fields(ClipRecord)]
    in_document = [name for name in everything if name not in OUTSIDE_THE_DOCUMENT]
    in_table = [name for name in everything if name not in OUTSIDE_THE_TABLE]
    assert list(COLUMNS) == everything
    assert list(mapping.mapping("any")["properties"]) == in_document
    assert list(document("clip").to_source()) == in_document
    assert sorted(SCHEMA.names) == sorted(in_document)
    assert sorted(schemas.embeddings.names) == sorted(in_table)
    assert list(document("clip").scalars()) == [name for name in in_table if name not in VECTOR_FIELDS.values()]


def test_every_field_says_what_it_is_and_every_column_its_unit() -> None:
    assert all(column.description for column in COLUMNS.values())
    assert all(
        COLUMNS[field.name].description == field.metadata[b"description"].decode() for field in schemas.embeddings
    )
    units = {field.name: (field.metadata or {}).get(b"unit") for field in SCHEMA}
    assert {name: unit.decode() for name, unit in units.items() if unit} == {
        "estimated_tempo": "beats per minute",
        "quality_score": "0..1",
        "detection_rate": "0..1",
        "frame_count": "frames at 15 fps",
        "processing_time": "s",
    }


def test_the_vector_fields_are_those_of_the_families() -> None:
    vectors = {name: column.arrow for name, column in COLUMNS.items() if column.is_vector}
    assert {name: arrow.list_size for name, arrow in vectors.items() if arrow is not None} == {
        f"{family}_embedding": size for family, size in DIMENSIONS.items()
    }


def test_a_match_the_filters_and_the_page_use_fields_of_the_record() -> None:
    said, shown = get_type_hints(ClipRecord), get_type_hints(Match)
    assert {name: shown[name] for name in SHOWN_FIELDS} == {name: said[name] for name in SHOWN_FIELDS}
    assert [one.name for one in dataclasses.fields(Match)] == ["clip_id", "score", "scores", *SHOWN_FIELDS]
    assert LABELS == ("move_label", "difficulty", "energy_level")
    assert set(FACTS) <= set(document("clip").scalars())


def test_what_a_version_s_name_is_hashed_from_is_what_it_was() -> None:
    """Another hash gives every index another name, so all clips are indexed anew: change one only on purpose."""
    both = [sha256(mapping.structure(source_vectors=source_vectors)) for source_vectors in (True, False)]
    assert both == [
        "db3cc4c9867a11deb010ac6d4f36310b171a3df81a131867f4408676c079b06f",
        "906b7403ab63f14ec4cc6e683a70ec5a22ed6d76e7736441c47c81d981a805b3",
    ]
    assert sha256(json.dumps(mapping.mapping("f"))) == (
        "9917d604153700037782bce0c4d86fedeaf6eb882fa395460783f961c8738605"
    )
    assert sha256(SCHEMA.to_string()) == "78d05015da8c016a4aca643da042fd8f1da05a2a9cfb32a2a78728d0d38727ee"


def test_the_json_and_the_content_hash_of_a_document_are_what_they_were() -> None:
    vectors: dict[str, Any] = {name: np.arange(1, DIMENSIONS[family] + 1) / 7 for family, name in VECTOR_FIELDS.items()}
    made = ClipRecord(
        **(vectors | {"follow_embedding": None}),
        clip_id="basic_step_1",
        video_path="data/Bachata_steps/basic_steps/basic_step_1.mp4",
        move_label="paso básico",
        difficulty="beginner",
        energy_level="medium",
        lead_follow_roles="both",
        estimated_tempo=110.0,
        quality_score=0.87,
        detection_rate=0.92,
        frame_count=450,
        processing_time=180.5,
        version="mmpose_v1",
        created_at=datetime(2025, 10, 18, 12, tzinfo=UTC),
    )
    assert sha256(made.to_json()) == "7f67a81b0f6594105d468861a1c32673c37c9910ea607a246ce2332c49f4755e"
    assert made.content_hash == "e6cfd5986faccd75f12a89bf24bde6502c709b8ba2f32c2ed35bc1a973c0c7fc"
    beside = dataclasses.replace(made, notes="slowly", avg_confidence=0.5, absent={"follow": "never seen"})
    assert beside.to_json() == made.to_json()
    assert beside.content_hash == made.content_hash
