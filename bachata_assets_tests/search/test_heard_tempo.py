"""The tempo that is heard in documents and filters, and indices that were made before documents had it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.clip_record import ClipRecord
from bachata_assets.search import SearchIndex
from bachata_assets.search.candidates import COMBINED, GROUP
from bachata_assets.search.elasticsearch import mapping
from bachata_assets.search.elasticsearch import neighbours as elasticsearch_neighbours
from bachata_assets.search.kind import CLIPS
from bachata_assets.search.lancedb import neighbours as lancedb_neighbours
from bachata_assets.search.lancedb.backend import ALIASES
from bachata_assets.settings import Settings
from bachata_assets_tests.support.documents import document, read_of
from bachata_assets_tests.support.elasticsearch_node import Node

LATER = ("heard_tempo", "heard_tempo_confidence", "sentence", "beginning", "ending", "edges", COMBINED, GROUP)
"""Fields that documents did not have before."""


def heard(clip_id: str, estimated: float, tempo: float | None = None, confidence: float | None = None) -> ClipRecord:
    return document(clip_id, estimated_tempo=estimated, heard_tempo=tempo, heard_tempo_confidence=confidence)


SENT = [
    heard("heard_130", 100.0, 130.0, 0.9),
    heard("heard_100", 130.0, 100.0, 0.5),
    heard("not_trusted", 130.0, 90.0, 0.49),
    heard("not_heard", 130.0),
]


def test_the_tempo_of_a_clip_is_the_heard_one_where_it_is_trusted() -> None:
    assert [clip.tempo for clip in SENT] == [130.0, 100.0, 130.0, 130.0]


def test_tempo_filters_use_the_heard_tempo_where_it_is_trusted(writer: SearchIndex) -> None:
    writer.put(SENT)
    fast = writer.find_similar("heard_100", filters={"tempo": (120, 140)})
    assert {match.clip_id: match.tempo for match in fast} == {"heard_130": 130, "not_heard": 130, "not_trusted": 130}
    assert {record.clip_id for record in writer.get_all_embeddings({"max_tempo": 100})} == {"heard_100"}
    read = read_of(writer, "heard_100")
    assert (read.heard_tempo, read.heard_tempo_confidence, read.estimated_tempo) == (100.0, 0.5, 130.0)


@pytest.fixture
def lancedb_of_before(tmp_path: Path) -> Settings:
    """A table as an earlier version wrote it, without the fields that came later."""
    import lancedb
    import pyarrow as pa

    schema = pa.schema([field for field in CLIPS.schema if field.name not in LATER])
    records = [document("first", 0), document("second", 3), document("third", 6)]
    columns = {name: [getattr(record, name) for record in records] for name in schema.names}
    db = lancedb.connect(str(tmp_path / "lancedb"))
    db.create_table("moves-before", pa.table(columns, schema=schema))
    db.create_table(ALIASES, pa.table({"alias": ["moves"], "name": ["moves-before"]}))
    return Settings(_env_file=None, elasticsearch_host=None, data_dir=str(tmp_path), elasticsearch_index="moves")


@pytest.fixture
def elasticsearch_of_before(elasticsearch_node: Node, alias: str) -> Iterator[Settings]:
    """An index as an earlier version wrote it, with its strict mapping."""

    def without(fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if name not in LATER}

    said = mapping.mapping("before")
    with elasticsearch_node.client() as client:
        client.indices.create(index=f"{alias}-before", mappings=said | {"properties": without(said["properties"])})
        for record in (document("first", 0), document("second", 3), document("third", 6)):
            source = without(json.loads(record.to_json()))
            client.index(index=f"{alias}-before", id=record.clip_id, document=source, refresh=True)
        client.indices.put_alias(index=f"{alias}-before", name=alias)
    yield elasticsearch_node.settings(elasticsearch_index=alias)
    elasticsearch_node.delete_indices(alias)


@pytest.mark.parametrize("made_before", ["lancedb_of_before", "elasticsearch_of_before"])
def test_an_index_that_was_made_before_is_read_as_it_is(made_before: str, request: pytest.FixtureRequest) -> None:
    with SearchIndex.from_settings(request.getfixturevalue(made_before)) as index:
        assert read_of(index, "second").heard_tempo is None
        assert {record.clip_id for record in index.get_all_embeddings({"tempo": (103, 110)})} == {"second", "third"}
        (match,) = index.find_similar("first", filters={"tempo": (105, 110)})
        assert (match.clip_id, match.tempo, match.heard_tempo) == ("third", 106.0, None)


@pytest.mark.parametrize("made_before", ["lancedb_of_before", "elasticsearch_of_before"])
def test_a_large_index_that_was_made_before_is_searched_family_by_family(
    made_before: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SearchIndex.from_settings(request.getfixturevalue(made_before)) as index:
        exact = index.find_similar("first")
        for backend in (elasticsearch_neighbours, lancedb_neighbours):
            monkeypatch.setattr(backend, "EXACT_CLIPS", 1)
        index._backend.refresh()
        found = index.find_similar("first")
        assert [match.clip_id for match in found] == [match.clip_id for match in exact] == ["third", "second"]
        assert [match.score for match in found] == pytest.approx([match.score for match in exact], abs=1e-6)
