"""What only Elasticsearch does: the structure that other clients read, its own refusals, plain indices, old servers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS
from bachata_assets.search import SearchIndex, open_index
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.elasticsearch.client import require_version, server_version
from bachata_assets.search.errors import AliasTakenError, IndexMissingError, SearchError, UnsupportedVersionError
from bachata_assets.settings import Settings
from bachata_assets_tests.support.documents import document, documents, read_of
from bachata_assets_tests.support.elasticsearch_node import Node

MISSION_FIELDS = [
    *("clip_id", "video_path", "audio_embedding", "lead_embedding", "follow_embedding", "interaction_embedding"),
    *("text_embedding", "move_label", "difficulty", "energy_level", "lead_follow_roles", "estimated_tempo"),
    *("quality_score", "detection_rate", "frame_count", "processing_time", "version", "created_at"),
]
BESIDE_THE_SPECIFICATION = {
    *("heard_tempo", "heard_tempo_confidence", "beginning", "ending", "edges"),
    *("notes", "sentence", "code_versions"),
}


@pytest.fixture
def settings(any_node: Node, alias: str) -> Iterator[Settings]:
    yield any_node.settings(elasticsearch_index=alias)
    any_node.delete_indices(alias)


@pytest.fixture
def index(settings: Settings) -> Iterator[SearchIndex]:
    with open_index(settings, fingerprint="models of the tests") as opened:
        yield opened


@pytest.fixture
def client(any_node: Node) -> Iterator[Any]:
    """The official client, used as other programs of the index' users do."""
    with any_node.client() as opened:
        yield opened


def test_other_clients_read_the_document_of_the_specification(index: SearchIndex, client: Any, alias: str) -> None:
    sent = document("basic_step_1", 4, audio_embedding=None)
    index.put([sent])
    index.promote()
    got = client.get(index=alias, id="basic_step_1")["_source"]
    [hit] = client.search(index=alias, query={"match_all": {}})["hits"]["hits"]
    assert [name for name in got if name not in BESIDE_THE_SPECIFICATION] == MISSION_FIELDS
    assert got == hit["_source"] == sent.to_source()
    assert got["created_at"] == "2025-10-18T12:00:00Z"
    assert [len(got[f"{family}_embedding"] or ()) for family in DIMENSIONS] == [512, 512, 256, 0, 384]


def test_vectors_can_be_left_out_of_the_source_but_are_read_all_the_same(newest_node: Node, alias: str) -> None:
    settings = newest_node.settings(elasticsearch_index=alias, elasticsearch_source_vectors=False)
    with open_index(settings, fingerprint="a") as index, newest_node.client() as client:
        index.put(documents(3))
        index.promote()
        assert "lead_embedding" not in client.get(index=alias, id="clip_0000")["_source"]
        for read in (*index.get_all_embeddings(), read_of(index, "clip_0000")):
            expected = document(read.clip_id, int(read.clip_id[-4:])).vectors
            for family, vector in read.vectors.items():
                np.testing.assert_allclose(vector, expected[family], rtol=1e-5, atol=1e-6)
    newest_node.delete_indices(alias)


def test_a_refused_document_fails_its_own_clip_alone(index: SearchIndex) -> None:
    wrong = document("wrong_size", 1)
    object.__setattr__(wrong, "lead_embedding", np.ones(511, np.float32))
    results = index.put([document("before", 0), wrong, document("after", 2)])
    assert [result.error is None for result in results] == [True, False, True]
    reason = results[1].error or ""
    assert "lead_embedding" in reason
    assert "511" in reason
    assert index.ids() == {"before", "after"}


def test_a_full_disk_is_said_in_one_line(index: SearchIndex, client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bachata_assets.search.elasticsearch.client.BACKOFF_SECONDS", 0.01)
    index.put([document("before")])
    client.indices.put_settings(index=index.version, settings={"index.blocks.read_only_allow_delete": True})
    [result] = index.put([document("after")])
    assert (result.error or "").startswith("the server's disk is full, so the index is read-only: free disk space")
    client.indices.put_settings(index=index.version, settings={"index.blocks.read_only_allow_delete": None})
    assert [result.error for result in index.put([document("after")])] == [None]


def test_a_clip_that_cannot_be_deleted_is_named(index: SearchIndex, client: Any) -> None:
    index.put(documents(2))
    client.indices.add_block(index=index.version, block="write")
    with pytest.raises(SearchError, match=r"document clip_0001 cannot be deleted: .*FORBIDDEN"):
        index.delete(["clip_0001"])
    client.indices.put_settings(index=index.version, settings={"index.blocks.write": None})


def test_a_plain_index_of_the_alias_name_is_adopted_whole(
    index: SearchIndex, settings: Settings, client: Any, alias: str
) -> None:
    client.indices.create(index=alias, mappings={"properties": {"clip_id": {"type": "keyword"}}})
    client.index(
        index=alias, id="old_clip", document={"clip_id": "old_clip", "note": "of another program"}, refresh=True
    )
    index.put(documents(3))
    with pytest.raises(AliasTakenError, match=f"{alias} is a plain index.*bachata-assets index adopt"):
        index.promote()
    assert index.status().alias_taken
    adopted = index.adopt()
    assert client.get(index=alias, id="old_clip")["_source"]["note"] == "of another program"
    client.index(index=alias, id="another", document={"clip_id": "another"}, refresh=True)
    assert [version.name for version in index.status().versions if version.live] == [adopted]
    assert index.promote().missing == ("another", "old_clip")
    assert index.promote(live_clips=["clip_0000"]).live
    assert SearchIndex.from_settings(settings).count() == 3
    assert index.prune() == [adopted]


def test_there_is_not_always_something_to_adopt(index: SearchIndex) -> None:
    index.put([document("clip")])
    index.promote()
    with pytest.raises(SearchError, match="nothing to adopt"):
        index.adopt()


def test_pruning_leaves_what_is_not_ours_or_has_an_alias(
    index: SearchIndex, settings: Settings, client: Any, alias: str
) -> None:
    client.indices.create(index=f"{alias}-of-somebody-else")
    index.put([document("clip")])
    index.promote()
    with open_index(settings, fingerprint="pinned") as pinned, open_index(settings, fingerprint="left") as left:
        pinned.put([document("clip")])
        left.put([document("clip")])
        client.indices.put_alias(index=pinned.version, name=f"{alias}-pinned")
    assert index.prune() == [left.version]
    assert client.indices.exists(index=f"{alias}-of-somebody-else")
    assert client.indices.exists(index=pinned.version)


def test_a_changed_structure_is_another_version(any_node: Node, alias: str) -> None:
    with_vectors = open_index(any_node.settings(elasticsearch_index=alias), fingerprint="a")
    without = open_index(
        any_node.settings(elasticsearch_index=alias, elasticsearch_source_vectors=False), fingerprint="a"
    )
    assert with_vectors.version != without.version
    assert (with_vectors.version or "").startswith(f"{alias}-")


def test_a_missing_index_says_what_to_run(settings: Settings, alias: str) -> None:
    with pytest.raises(IndexMissingError, match=f"has no index {alias} yet: run `bachata-assets generate` first"):
        SearchIndex.from_settings(settings).find_similar("clip")


def test_settings_that_cannot_be_meant_are_named(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="ELASTICSEARCH_HOST: give the host name alone"):
        SearchIndex(SearchConfig(host="https://cloud/")).count()
    secured = Settings(
        _env_file=None,
        elasticsearch_host="here",
        elasticsearch_use_ssl=True,
        elasticsearch_ca_certs=tmp_path / "none.crt",
    )
    with pytest.raises(SearchError, match=r"ELASTICSEARCH_CA_CERTS: no file .*none\.crt"):
        SearchIndex.from_settings(secured).count()


def test_the_servers_version_is_known_and_must_be_new_enough(any_node: Node, client: Any) -> None:
    version = server_version(client)
    assert version is not None
    assert ".".join(map(str, version)) == any_node.version
    require_version(version, "here:9200")
    with pytest.raises(UnsupportedVersionError, match=r"Elasticsearch at here:9200 is 9\.0\.3; upgrade it to 9\.1"):
        require_version((9, 0, 3), "here:9200")


def test_a_server_of_before_nine_is_refused_in_one_line(outdated_node: Node) -> None:
    settings = outdated_node.settings()
    line = rf"^Elasticsearch at localhost:{outdated_node.port} is older than 9; upgrade it to 9\.1 or newer$"
    with open_index(settings, fingerprint="a") as index, pytest.raises(UnsupportedVersionError, match=line):
        index.put([document("clip")])
    reader = SearchIndex.from_settings(settings)
    for ask in (reader.count, reader.status, reader.ids, lambda: reader.find_similar("clip")):
        with pytest.raises(UnsupportedVersionError, match=line):
            ask()


def test_a_server_that_does_not_tell_its_version_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    require_version(None, "here:9200")
    assert caplog.messages == [
        "Elasticsearch at here:9200 does not tell this user its version; it must be 9.1 or newer"
    ]
