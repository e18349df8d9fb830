"""Documents that the earlier pipeline wrote, read back from real nodes; no document stops the others."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from bachata_assets.clip_record import ClipRecord, InvalidRecordError
from bachata_assets.search import SearchIndex, open_index
from bachata_assets.search.errors import UnknownClipError
from bachata_assets.settings import Settings
from bachata_assets_tests.support.documents import document, read_of
from bachata_assets_tests.support.elasticsearch_node import Node


def earlier(clip_id: str, seed: int = 0, **overrides: Any) -> dict[str, Any]:
    """A document as the earlier pipeline wrote it: its time has no zone."""
    return document(clip_id, seed).to_source() | {"created_at": "2025-10-18T12:00:00.123456"} | overrides


@pytest.fixture
def adopted(any_node: Node, alias: str) -> Iterator[Settings]:
    """An adopted index of the earlier pipeline: dynamic mapping, five documents, of which two cannot be read."""
    with any_node.client() as client:
        vectors = {"type": "dense_vector", "dims": 512, "index": True, "similarity": "cosine"}
        properties = {"clip_id": {"type": "keyword"}, "lead_embedding": vectors, "audio_embedding": {"type": "float"}}
        client.indices.create(index=alias, mappings={"properties": properties})
        without_lead = earlier("no_lead", 1)
        del without_lead["lead_embedding"]
        sources = [
            earlier("first"),
            earlier("silent", 3, audio_embedding=[0.0] * 128),
            without_lead,
            earlier("short", 4, audio_embedding=[1.0] * 7),
            earlier("timeless", 5, created_at=None),
        ]
        for source in sources:
            client.index(index=alias, id=source["clip_id"], document=source)
        client.indices.refresh(index=alias)
    settings = any_node.settings(elasticsearch_index=alias)
    with SearchIndex.from_settings(settings) as index:
        index.adopt()
    yield settings
    any_node.delete_indices(alias)


def test_adopted_documents_are_read_and_what_cannot_be_read_is_named(
    adopted: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with SearchIndex.from_settings(adopted) as index:
        records = {record.clip_id: record for record in index.get_all_embeddings()}
        assert set(records) == {"first", "silent", "no_lead"}
        assert records["first"].created_at == datetime(2025, 10, 18, 12, 0, 0, 123456, UTC)
        assert set(records["silent"].vectors) == {"lead", "follow", "interaction", "text"}
        assert set(records["no_lead"].vectors) == {"follow", "interaction", "text", "audio"}
        expected = document("first").vectors["lead"]
        np.testing.assert_allclose(records["first"].vectors["lead"], expected, rtol=1e-5)
        warnings = [line for line in caplog.messages if "cannot be read and is left out" in line]
        assert len(warnings) == 2
        assert any("short: audio_embedding has shape (7,)" in line for line in warnings)
        assert any("Document timeless of" in line for line in warnings)
        assert read_of(index, "first").created_at.tzinfo is not None
        assert index.get_embedding_by_id("short") is None
        near = index.find_similar("first", weights={"lead": 1})
        assert {match.clip_id for match in near} >= {"silent"}
        with pytest.raises(UnknownClipError):
            index.find_similar("timeless")


def test_a_document_written_through_the_alias_harms_nobody(any_node: Node, alias: str) -> None:
    settings = any_node.settings(elasticsearch_index=alias)
    try:
        with SearchIndex.from_settings(settings) as reader:
            with open_index(settings, fingerprint="a") as writer:
                writer.put([document("ours")])
                writer.promote()
            with any_node.client() as client:
                client.index(index=alias, id="theirs", document=earlier("theirs", 3), refresh=True)
            assert {record.clip_id for record in reader.get_all_embeddings()} == {"ours", "theirs"}
            assert [match.clip_id for match in reader.find_similar("theirs")] == ["ours"]
    finally:
        any_node.delete_indices(alias)


@pytest.mark.parametrize("wrong", [{"created_at": "yesterday"}, {"frame_count": 3, "lead_embedding": ["x"] * 512}, {}])
def test_a_document_of_another_kind_is_refused_by_name(wrong: dict[str, Any]) -> None:
    source = earlier("odd") | wrong
    if not wrong:
        del source["estimated_tempo"]
    with pytest.raises(InvalidRecordError, match=r"^odd: "):
        ClipRecord.from_stored(source)
