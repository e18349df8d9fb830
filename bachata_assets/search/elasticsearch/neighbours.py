"""Nearest documents in Elasticsearch: exact scores of every family, of all or of the best candidates.

How the scores are weighed is in `search/similarity.py`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bachata_assets.search.asking.words import MOST_HITS
from bachata_assets.search.filters import Filters
from bachata_assets.search.kind import Kind
from bachata_assets.search.results import Found
from bachata_assets.search.similarity import Query, best

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

EXACT_CLIPS = 1000
"""Maximum number of documents, after filters, of which all are scored; of more, those of `Query.candidates`."""


def nearest(client: "Elasticsearch", name: str, kind: Kind[Any], query: Query) -> list[Found]:
    """Return the documents of the highest score in an index."""
    conditions: list[dict[str, Any]] = query.filters.to_elasticsearch()
    if query.exclude:
        conditions.append({"bool": {"must_not": {"terms": {"clip_id": sorted(query.exclude)}}}})
    total = client.count(index=name, query={"bool": {"filter": conditions}})["count"]
    if total > EXACT_CLIPS:
        candidates = _candidates(client, name, kind, query, conditions)
        conditions, total = [{"terms": {kind.key: candidates}}], len(candidates)
    scores = _scores(client, name, kind, query, conditions, total) if total else {}
    return _found(client, name, kind, query, scores)


def containing(
    client: "Elasticsearch", name: str, kind: Kind[Any], words: Sequence[str], filters: Filters
) -> dict[str, str]:
    """Return key -> sentence of the documents whose sentence has one of the words, the best ones of many."""
    match = {"match": {"sentence": " ".join(words)}}
    found = client.search(
        index=name,
        query={"bool": {"must": [match], "filter": filters.to_elasticsearch()}},
        source={"includes": [kind.key, "sentence"]},
        size=MOST_HITS,
        track_total_hits=False,
    )
    return {hit["_source"][kind.key]: hit["_source"]["sentence"] for hit in found["hits"]["hits"]}


def _candidates(
    client: "Elasticsearch", name: str, kind: Kind[Any], query: Query, conditions: list[dict[str, Any]]
) -> list[str]:
    """Return the keys of the best documents of each family."""
    counts = query.candidates()
    clauses = _clauses(kind, query, conditions, counts)
    return [_key(hit, kind) for hit in _hits(client, name, kind, list(clauses.values()), sum(counts.values()))]


def _scores(
    client: "Elasticsearch", name: str, kind: Kind[Any], query: Query, conditions: list[dict[str, Any]], total: int
) -> dict[str, dict[str, float]]:
    """Return key -> family -> score of the documents that meet the conditions, `total` in number.

    A search for as many clips as its filter leaves reads them all, so that no approximation decides which are found.
    """
    clauses = _clauses(kind, query, conditions or [{"match_all": {}}], dict.fromkeys(query.vectors, total))
    named = [{"knn": {**clause["knn"], "_name": family}} for family, clause in clauses.items()]
    hits = _hits(client, name, kind, named, total, include_named_queries_score=True)
    return {_key(hit, kind): hit["matched_queries"] for hit in hits}


def _clauses(
    kind: Kind[Any], query: Query, conditions: list[dict[str, Any]], counts: Mapping[str, int]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return family -> the search for its `counts[family]` best documents."""
    return {
        family: {
            "knn": {
                "field": kind.vector_fields[family],
                "query_vector": vector.tolist(),
                "k": counts[family],
                "num_candidates": counts[family],
                "filter": conditions,
            }
        }
        for family, vector in query.vectors.items()
    }


def _hits(
    client: "Elasticsearch", name: str, kind: Kind[Any], clauses: list[dict[str, Any]], size: int, **options: Any
) -> list[dict[str, Any]]:
    found = client.search(
        index=name,
        query={"bool": {"should": clauses}},
        size=size,
        # Without stored fields Elasticsearch need not unpack the documents, which hold every vector as text.
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
        if key in shown  # else it was deleted meanwhile
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
