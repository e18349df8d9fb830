"""Everything that is derived from `ClipRecord`, and that it has not changed for indices made before."""

import dataclasses
import hashlib
import json
from datetime import UTC, datetime
from typing import Any, get_type_hints

import numpy as np

from bachata_assets import schemas
from bachata_assets.clip_record import COLUMNS, EDGE_DIMENSIONS, VECTOR_FIELDS, ClipRecord
from bachata_assets.families import DIMENSIONS
from bachata_assets.report.page import FACTS
from bachata_assets.search.answers import SHOWN_FIELDS, Answer
from bachata_assets.search.candidates import COMBINED, GROUP
from bachata_assets.search.elasticsearch import mapping
from bachata_assets.search.filters import LABELS
from bachata_assets.search.kind import CLIPS
from bachata_assets_tests.support.documents import document

OUTSIDE_THE_DOCUMENT = {"avg_confidence", "absent", "timeline"}
BESIDE_THE_SPECIFICATION = {"heard_tempo", "heard_tempo_confidence", "notes", "sentence", "edges", "code_versions"}
EDGES = {"beginning", "ending"}
OUTSIDE_THE_TABLE = {"absent", "timeline", "edges", *EDGES}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_document_has_the_specification_s_fields_in_its_order() -> None:
    sent = list(json.loads(document("clip").to_json()))
    assert set(sent) >= BESIDE_THE_SPECIFICATION | EDGES
    assert [name for name in sent if name not in BESIDE_THE_SPECIFICATION | EDGES] == [
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
    assert list(mapping.mapping("any")["properties"]) == [*in_document, COMBINED, GROUP]
    assert list(document("clip").to_source()) == in_document
    assert sorted(CLIPS.schema.names) == sorted(in_document)
    assert sorted(schemas.embeddings.names) == sorted(in_table)
    assert list(document("clip").scalars()) == [name for name in in_table if name not in VECTOR_FIELDS.values()]


def test_every_field_says_what_it_is_and_every_column_its_unit() -> None:
    assert all(column.description for column in COLUMNS.values())
    assert all(
        COLUMNS[field.name].description == field.metadata[b"description"].decode() for field in schemas.embeddings
    )
    units = {field.name: (field.metadata or {}).get(b"unit") for field in CLIPS.schema}
    assert {name: unit.decode() for name, unit in units.items() if unit} == {
        "estimated_tempo": "beats per minute",
        "heard_tempo": "beats per minute",
        "heard_tempo_confidence": "0..1",
        "quality_score": "0..1",
        "detection_rate": "0..1",
        "frame_count": "frames at 15 fps",
        "processing_time": "s",
    }


def test_the_vector_fields_are_those_of_the_families() -> None:
    vectors = {name: column.arrow for name, column in COLUMNS.items() if column.is_vector}
    assert {name: arrow.list_size for name, arrow in vectors.items() if arrow is not None} == {
        **{f"{family}_embedding": size for family, size in DIMENSIONS.items()},
        **dict.fromkeys(EDGES, EDGE_DIMENSIONS),
    }
    assert list(VECTOR_FIELDS) == ["audio", "lead", "follow", "interaction", "text"]


def test_an_answer_the_filters_and_the_page_use_fields_of_the_record() -> None:
    said, shown = get_type_hints(ClipRecord), get_type_hints(Answer)
    assert {name: shown[name] for name in SHOWN_FIELDS} == {name: said[name] for name in SHOWN_FIELDS}
    assert [one.name for one in dataclasses.fields(Answer)] == ["clip_id", "score", *SHOWN_FIELDS]
    assert LABELS == ("move_label", "difficulty", "energy_level")
    assert set(FACTS) <= set(document("clip").scalars())


def test_labels_paths_and_notes_have_a_sub_field_of_words() -> None:
    properties = mapping.mapping("any")["properties"]
    words = {name: one["fields"]["text"]["analyzer"] for name, one in properties.items() if "fields" in one}
    assert words == {"video_path": "simple", "move_label": "simple", "notes": "standard"}
    assert 4 * properties["notes"]["ignore_above"] <= 32_766  # bytes of the longest keyword
    assert {name for name, column in COLUMNS.items() if column.optional} == BESIDE_THE_SPECIFICATION


def test_what_a_version_s_name_is_hashed_from_is_what_it_was() -> None:
    """Another hash gives every index another name, so all clips are indexed anew: change one only on purpose."""
    both = [sha256(mapping.structure(CLIPS, source_vectors=source_vectors)) for source_vectors in (True, False)]
    assert both == [
        "9df9a151c1b8ff4842a61f2f971741001c708d3b08eac09b3b317bfbfde4a373",
        "ae08ee96e9eefa2673639ee8b59ed789617f5a5400835b0b4d6a9f0f92e3fff5",
    ]
    assert sha256(json.dumps(mapping.mapping("f"))) == (
        "1e03995f9ded48d4b5061f54804e266d7758e59da0055bb6abc3639305acbf49"
    )
    assert sha256(CLIPS.schema.to_string()) == "be0da6dad05fcdbf7a4ad18eec1d1350c0c5cf0f81b3ca47a2fdafc5b9b396e6"


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
        code_versions="keypoints=6 audio_embedding=1",
        created_at=datetime(2025, 10, 18, 12, tzinfo=UTC),
    )
    assert sha256(made.to_json()) == "699d983845ea3adb2dd2ea3d44441a82b179e7dc6d5496bed60273830331cc74"
    assert made.content_hash == "bde69a8e7adb85002685f2bc268ad817ce181bdcb3f3c68ecc6de86ccbd3f0cc"
    beside = dataclasses.replace(made, avg_confidence=0.5, absent={"follow": "never seen"})
    assert beside.to_json() == made.to_json()
    assert beside.content_hash == made.content_hash
