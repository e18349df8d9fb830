"""Clients that use the official library alone: the queries of the docs, and one that reads as the earlier pipeline did.

Its nodes run one after another: each test is asked of one version before the next is started.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS
from bachata_assets.search import SearchIndex, open_index
from bachata_assets.settings import Settings
from bachata_assets_tests.support.documents import document, documents, read_of
from bachata_assets_tests.support.elasticsearch_node import NEWEST, OLDEST, Node, running
from bachata_assets_tests.support.paths import PROJECT

ALIAS = "moves-of-other-clients"
CLIPS = [document("basic_step_1", 0, notes="Weight change, then a slow right turn."), *documents(120)]
PAGE = (PROJECT / "docs" / "elasticsearch.md").read_text(encoding="utf-8")
STARTED = {OLDEST: "elasticsearch_node", NEWEST: "newest_node"}
"""Nodes that other tests need too."""
QUERIES = re.findall(r"```json\nPOST /bachata_move_embeddings/_search\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module", params=[OLDEST, NEWEST, "9.3.2", "9.5.0"])
def node(request: pytest.FixtureRequest) -> Iterator[Node]:
    if request.param in STARTED:
        yield request.getfixturevalue(STARTED[request.param])
    else:
        yield from running(request.param)


@pytest.fixture(scope="module")
def settings(node: Node) -> Iterator[Settings]:
    """Settings of a node with 121 clips behind the alias."""
    found = node.settings(elasticsearch_index=ALIAS)
    with open_index(found, fingerprint="models of the tests") as index:
        assert not [result.error for result in index.put(CLIPS) if result.error]
        index.promote()
    yield found
    node.delete_indices(ALIAS)


@pytest.fixture(scope="module")
def client(node: Node, settings: Settings) -> Iterator[Any]:
    assert settings.elasticsearch_index == ALIAS
    with node.client() as opened:
        yield opened


def asked(client: Any, query: str) -> dict[str, Any]:
    """Ask a query of the docs, with the vectors that it names."""

    def numbers(named: re.Match[str]) -> str:
        (clip,) = [one for one in CLIPS if one.clip_id == named[2]]
        return json.dumps(clip.to_source()[named[1]])

    body = json.loads(re.sub(r"<(\w+) of (\w+)>", numbers, query))
    headers = {"accept": "application/json", "content-type": "application/json"}
    answer: dict[str, Any] = client.perform_request("POST", f"/{ALIAS}/_search", headers=headers, body=body).body
    return answer


def test_every_query_of_the_docs_is_answered_as_the_docs_say(client: Any) -> None:
    of_one_family, of_all, words, words_and_movement, by_id, counted = (asked(client, query) for query in QUERIES)
    hits = of_one_family["hits"]["hits"]
    assert hits[0]["_id"] == "basic_step_1"
    assert hits[0]["_score"] == pytest.approx(1, abs=1e-4)
    seeds = {clip.clip_id: clip for clip in CLIPS}
    assert {seeds[hit["_id"]].difficulty for hit in hits} == {"beginner"}
    assert of_all["hits"]["hits"][0]["_id"] == "basic_step_1"
    assert of_all["hits"]["hits"][0]["_score"] == pytest.approx(1, abs=1e-4)
    found = {seeds[hit["_id"]].move_label for hit in words["hits"]["hits"]}
    assert found == {"lady_right_turn"}
    by_notes = client.search(index=ALIAS, query={"match": {"notes.text": "changing WEIGHT"}})["hits"]["hits"]
    assert [hit["_id"] for hit in by_notes] == ["basic_step_1"]
    assert words_and_movement["hits"]["hits"][0]["_id"] == "basic_step_1"
    (whole,) = by_id["hits"]["hits"]
    assert [len(whole["_source"][f"{family}_embedding"]) for family in DIMENSIONS] == list(DIMENSIONS.values())
    moves = {one["key"]: one["doc_count"] for one in counted["aggregations"]["moves"]["buckets"]}
    assert moves == {"basic_step": 41, "lady_right_turn": 40, "body_roll": 40}
    assert counted["aggregations"]["code"]["buckets"] == [{"key": "another program", "doc_count": 121}]


def test_a_client_that_reads_and_writes_as_the_earlier_one_is_served(client: Any, settings: Settings) -> None:
    from elasticsearch import helpers

    read = {
        hit["_id"]: hit["_source"]
        for hit in helpers.scan(client, index=ALIAS, query={"query": {"match_all": {}}}, size=100)
    }
    assert set(read) == {clip.clip_id for clip in CLIPS}
    for clip in CLIPS[:5]:
        for family, vector in clip.vectors.items():
            stored = read[clip.clip_id][f"{family}_embedding"]
            assert isinstance(stored, list)
            np.testing.assert_allclose(np.array(stored, np.float32), vector, rtol=1e-6)
    found = client.search(index=ALIAS, query={"ids": {"values": ["basic_step_1", "clip_0007"]}}, size=2)
    assert {hit["_id"] for hit in found["hits"]["hits"]} == {"basic_step_1", "clip_0007"}
    written = document("theirs", 3).to_source() | {"created_at": "2025-10-18T12:00:00.123456"}
    beside = ("heard_tempo", "heard_tempo_confidence", "beginning", "ending", "edges")
    for name in (*beside, "notes", "sentence", "code_versions"):
        del written[name]
    client.index(index=ALIAS, id="theirs", document=written, refresh=True)
    with SearchIndex.from_settings(settings) as index:
        theirs = read_of(index, "theirs")
        assert (theirs.code_versions, theirs.notes, theirs.version) == (None, None, "mmpose_v1")
        assert index.find_similar("theirs", size=1)[0].move_label == theirs.move_label
    client.delete(index=ALIAS, id="theirs", refresh=True)


def test_the_node_of_the_tests_has_no_es_ql(client: Any) -> None:
    """If it has one day, the query of the docs is to be run here."""
    from elasticsearch import ApiError

    with pytest.raises(ApiError, match="_query"):
        client.esql.query(query="ROW a = 1")
