"""Faults between the library and real nodes: after each, asking again ends with every clip once in the index."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bachata_assets.search import SearchConfig, SearchIndex, open_index
from bachata_assets.search.checks import check_index_complete
from bachata_assets.search.elasticsearch import backend as library
from bachata_assets.search.elasticsearch import client as connection
from bachata_assets.search.elasticsearch.errors import START
from bachata_assets.search.errors import SearchUnavailableError
from bachata_assets_tests.support.documents import documents
from bachata_assets_tests.support.elasticsearch_node import Node, free_port
from bachata_assets_tests.support.fault_proxy import (
    Fault,
    FaultProxy,
    cut_answer,
    cut_request,
    slow,
    too_many_requests,
)
from bachata_assets_tests.support.paths import PROJECT

CLIPS = documents(30)
IDS = [clip.clip_id for clip in CLIPS]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BACKOFF_SECONDS", 0.1)
    monkeypatch.setattr(library, "CHUNK_DOCUMENTS", 10)


def through(node: Node, proxy: FaultProxy, alias: str, **overrides: Any) -> SearchIndex:
    settings = node.settings(elasticsearch_port=proxy.port, elasticsearch_index=alias, **overrides)
    return open_index(settings, fingerprint="models of the tests")


@pytest.fixture
def index(any_node: Node, alias: str) -> Iterator[SearchIndex]:
    """The index without the proxy between."""
    settings = any_node.settings(elasticsearch_index=alias)
    with open_index(settings, fingerprint="models of the tests") as opened:
        yield opened
    any_node.delete_indices(alias)


@pytest.mark.parametrize("fault", [cut_request, cut_answer, too_many_requests, slow(0.5)])
def test_a_fault_that_passes_is_not_noticed(any_node: Node, alias: str, index: SearchIndex, fault: Fault) -> None:
    with FaultProxy(any_node.port, [None, fault, fault]) as proxy, through(any_node, proxy, alias) as disturbed:
        results = disturbed.put(CLIPS)
    assert [result.clip_id for result in results] == IDS
    assert not any(result.error for result in results)
    assert check_index_complete(index, IDS).complete
    assert index.count() == 30


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (cut_request, "Cannot connect to Elasticsearch at localhost:"),
        (cut_answer, "Cannot connect to Elasticsearch at localhost:"),
        (too_many_requests, "is overloaded"),
    ],
)
def test_after_three_attempts_the_rest_fails_and_the_next_run_completes_it(
    any_node: Node, alias: str, index: SearchIndex, fault: Fault, says: str
) -> None:
    with FaultProxy(any_node.port, [None, *[fault] * 3]) as proxy, through(any_node, proxy, alias) as disturbed:
        with pytest.raises(SearchUnavailableError, match=says) as caught:
            disturbed.put(CLIPS)
        assert proxy.bulk_requests == 4
        assert [result.clip_id for result in caught.value.completed] == IDS[:10]
        index.refresh()
        missing = set(check_index_complete(index, IDS).missing)
        assert missing == set(IDS[20:] if fault is cut_answer else IDS[10:])
        disturbed.put(clip for clip in CLIPS if clip.clip_id in missing)
    assert check_index_complete(index, IDS).complete
    assert index.count() == 30


@pytest.mark.parametrize(("repeats", "said"), [(True, r"0\.5 s, 3 times\."), (False, r"0\.5 s\.")])
def test_a_node_that_does_not_answer_is_given_up(
    any_node: Node, alias: str, index: SearchIndex, repeats: bool, said: str
) -> None:
    assert index.count() == 0
    hasty = {"elasticsearch_timeout": 0.5, "elasticsearch_retry_on_timeout": repeats}
    with (
        FaultProxy(any_node.port, [slow(1.5)] * 3) as proxy,
        through(any_node, proxy, alias, **hasty) as disturbed,
        pytest.raises(SearchUnavailableError, match=f"no answer in {said}"),
    ):
        disturbed.put(CLIPS[:3])
    index.put(CLIPS)
    assert index.count() == 30


def test_nobody_listening_says_where_and_what_to_do(elasticsearch_node: Node) -> None:
    port = free_port()
    settings = elasticsearch_node.settings(elasticsearch_port=port)
    with pytest.raises(SearchUnavailableError) as caught, open_index(settings, fingerprint="any") as index:
        index.put(CLIPS)
    assert str(caught.value).startswith(f"Cannot connect to Elasticsearch at localhost:{port} (3 attempts: ")
    assert START in str(caught.value)
    assert START in (PROJECT / "docs" / "troubleshooting.md").read_text()
    assert isinstance(caught.value, ConnectionError)
    with pytest.raises(SearchUnavailableError, match=f"localhost:{port}"):
        SearchIndex.from_settings(settings).count()


FIRST_QUESTIONS: dict[str, Callable[[SearchIndex], object]] = {
    "put": lambda index: index.put(CLIPS),
    "get_embedding_by_id": lambda index: index.get_embedding_by_id("clip_0000"),
    "get_all_embeddings": lambda index: list(index.get_all_embeddings()),
    "count": lambda index: index.count(),
    "ids": lambda index: index.ids(),
    "delete": lambda index: index.delete(["clip_0000"]),
    "refresh": lambda index: index.refresh(),
    "status": lambda index: index.status(),
    "promote": lambda index: index.promote(),
    "prune": lambda index: index.prune(),
    "adopt": lambda index: index.adopt(),
    "find_similar": lambda index: index.find_similar("clip_0000"),
}


@pytest.mark.parametrize("question", FIRST_QUESTIONS)
def test_whatever_a_writer_asks_first_of_a_server_that_is_down_is_answered_clearly(
    question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BACKOFF_SECONDS", 0.01)
    config = SearchConfig(host="localhost", port=free_port())
    with SearchIndex(config, fingerprint="any") as index, pytest.raises(SearchUnavailableError, match="Cannot connect"):
        FIRST_QUESTIONS[question](index)


def test_a_node_killed_between_batches_loses_nothing(any_node: Node, alias: str, index: SearchIndex) -> None:
    assert not any(result.error for result in index.put(CLIPS[:15]))
    any_node.kill()
    with pytest.raises(SearchUnavailableError, match="Cannot connect to Elasticsearch"):
        index.put(CLIPS[15:])
    any_node.start()
    assert check_index_complete(index, IDS).missing == tuple(IDS[15:])
    index.put(CLIPS[15:])
    assert check_index_complete(index, IDS).complete
    assert index.count() == 30
