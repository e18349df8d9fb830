"""Nearest documents in Elasticsearch: exact scores of all documents or of the best candidates.

`search/similarity.py` weighs the scores.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bachata_assets.search.asking.words import MOST_HITS
from bachata_assets.search.candidates import GROUP, NO_GROUP, CandidateSearch, candidate_searches
from bachata_assets.search.filters import Filters
from bachata_assets.search.kind import Kind
from bachata_assets.search.results import Found
from bachata_assets.search.similarity import Query, best

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

EXACT_CLIPS = 1000
"""Maximum number of filtered documents that are all scored; of more, only those of `candidate_searches`."""
MOST_GROUPS = 31
"""Maximum number of groups: the combinations of five families, at least one present."""
MOST_HITS_OF_A_SEARCH = 10_000
"""Maximum number of documents that one search returns, the server's default."""


def nearest(client: "Elasticsearch", name: str, kind: Kind[Any], query: Query) -> list[Found]:
    """Return the documents with the highest scores in an index."""
    conditions: list[dict[str, Any]] = query.filters.to_elasticsearch()
    if query.exclude:
        conditions.append({"bool": {"must_not": {"terms": {"clip_id": sorted(query.exclude)}}}})
    total, groups = _counted(client, name, conditions)
    if total > EXACT_CLIPS:
        candidates = _candidates(client, name, kind, candidate_searches(kind, query, groups), conditions)
        conditions, total = [{"terms": {kind.key: candidates}}], len(candidates)
    scores = _scores(client, name, kind, query, conditions, total) if total else {}
    return _found(client, name, kind, query, scores)


def containing(
    client: "Elasticsearch", name: str, kind: Kind[Any], words: Sequence[str], filters: Filters
) -> dict[str, str]:
    """Return key -> sentence of the best documents whose sentence has one of the words."""
    match = {"match": {"sentence": " ".join(words)}}
    found = client.search(
        index=name,
        query={"bool": {"must": [match], "filter": filters.to_elasticsearch()}},
        source={"includes": [kind.key, "sentence"]},
        size=MOST_HITS,
        track_total_hits=False,
    )
    return {hit["_source"][kind.key]: hit["_source"]["sentence"] for hit in found["hits"]["hits"]}


def _counted(client: "Elasticsearch", name: str, conditions: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """Return how many documents meet the conditions, and their groups."""
    found = client.search(
        index=name,
        query={"bool": {"filter": conditions}},
        size=0,
        track_total_hits=True,
        aggs={GROUP: {"terms": {"field": GROUP, "size": MOST_GROUPS}}},
    )
    total, buckets = found["hits"]["total"]["value"], found["aggregations"][GROUP]["buckets"]
    groups = [bucket["key"] for bucket in buckets]
    return total, groups if sum(bucket["doc_count"] for bucket in buckets) == total else [*groups, NO_GROUP]


def _candidates(
    client: "Elasticsearch",
    name: str,
    kind: Kind[Any],
    searches: Sequence[CandidateSearch],
    conditions: list[dict[str, Any]],
) -> list[str]:
    """Return the keys of the documents that the searches find."""
    clauses = []
    for one in searches:
        of_groups = [_are_of(one.groups)] if one.groups else []
        clauses.append({"knn": _knn(one.field, one.vector, one.size, [*conditions, *of_groups])})
    total = min(sum(one.size for one in searches), MOST_HITS_OF_A_SEARCH)
    return [_key(hit, kind) for hit in _hits(client, name, kind, clauses, total)]


def _are_of(groups: Sequence[str]) -> dict[str, Any]:
    """Return the clause that the documents of some groups meet."""
    if NO_GROUP in groups:
        return {"bool": {"must_not": {"exists": {"field": GROUP}}}}
    return {"terms": {GROUP: list(groups)}}


def _scores(
    client: "Elasticsearch", name: str, kind: Kind[Any], query: Query, conditions: list[dict[str, Any]], total: int
) -> dict[str, dict[str, float]]:
    """Return key -> family -> score of the `total` documents that meet the conditions.

    A search for as many documents as the filter leaves reads them all, so no approximation decides what it finds.
    """
    conditions = conditions or [{"match_all": {}}]
    clauses = [
        {"knn": {**_knn(kind.vector_fields[family], vector, total, conditions), "_name": family}}
        for family, vector in query.vectors.items()
    ]
    hits = _hits(client, name, kind, clauses, total, include_named_queries_score=True)
    return {_key(hit, kind): hit["matched_queries"] for hit in hits}


def _knn(field: str, vector: np.ndarray, size: int, conditions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the search for the nearest vectors among the documents that meet the conditions."""
    asked = {"field": field, "query_vector": vector.tolist(), "k": size, "num_candidates": size}
    return {**asked, "filter": conditions}


def _hits(
    client: "Elasticsearch", name: str, kind: Kind[Any], clauses: list[dict[str, Any]], size: int, **options: Any
) -> list[dict[str, Any]]:
    found = client.search(
        index=name,
        query={"bool": {"should": clauses}},
        size=size,
        # Without stored fields, Elasticsearch does not unpack the documents, which hold every vector as text.
        source=False,
        stored_fields="_none_",
        docvalue_fields=[{"field": kind.key}],
        track_total_hits=False,
        **options,
    )
    hits: list[dict[str, Any]] = found["hits"]["hits"]
    return hits


def _key(hit: dict[str, Any], kind: Kind[Any]) -> str:
    return str(hit["fields"][kind.key][0])


def _found(
    client: "Elasticsearch", name: str, kind: Kind[Any], query: Query, scores: dict[str, dict[str, float]]
) -> list[Found]:
    keys = list(scores)
    rows = [[scores[key].get(family, np.nan) for family in query.weights] for key in keys]
    matrix = np.array(rows).reshape(-1, len(query.weights))
    found = [(keys[row], score) for row, score in best(keys, matrix, query.weight_vector, query.size)]
    shown = _shown(client, name, kind, [key for key, _ in found])
    return [
        Found(key, score, {f: scores[key][f] for f in query.weights if f in scores[key]}, shown[key])
        for key, score in found
        if key in shown  # else it has been deleted since
    ]


def _shown(client: "Elasticsearch", name: str, kind: Kind[Any], keys: list[str]) -> dict[str, dict[str, Any]]:
    """Return key -> the fields that an answer shows."""
    if not keys:
        return {}
    found = client.search(
        index=name,
        query={"terms": {kind.key: keys}},
        source={"includes": [kind.key, *kind.shown]},
        size=len(keys),
    )
    sources = [hit["_source"] for hit in found["hits"]["hits"]]
    return {source[kind.key]: {field: source.get(field) for field in kind.shown} for source in sources}
