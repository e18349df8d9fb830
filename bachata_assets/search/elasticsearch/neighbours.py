"""Nearest clips in Elasticsearch: exact scores of every family, of all clips or of the best candidates.

How the scores are weighed is in `search/similarity.py`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bachata_assets.clip_record import VECTOR_FIELDS
from bachata_assets.search.similarity import SHOWN_FIELDS, Match, Query, best

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

EXACT_CLIPS = 1000
"""Maximum number of clips, after filters, of which all are scored; of more, those of `Query.candidates`."""


def nearest(client: "Elasticsearch", name: str, query: Query) -> list[Match]:
    """Return the clips of the highest score in an index."""
    conditions: list[dict[str, Any]] = query.filters.to_elasticsearch()
    if query.exclude is not None:
        conditions.append({"bool": {"must_not": {"term": {"clip_id": query.exclude}}}})
    total = client.count(index=name, query={"bool": {"filter": conditions}})["count"]
    if total > EXACT_CLIPS:
        candidates = _candidates(client, name, query, conditions)
        conditions, total = [{"terms": {"clip_id": candidates}}], len(candidates)
    scores = _scores(client, name, query, conditions, total) if total else {}
    return _matches(client, name, query, scores)


def _candidates(client: "Elasticsearch", name: str, query: Query, conditions: list[dict[str, Any]]) -> list[str]:
    """Return the ids of the best clips of each family."""
    counts = query.candidates()
    clauses = _clauses(query, conditions, counts)
    return [_clip_id(hit) for hit in _hits(client, name, list(clauses.values()), sum(counts.values()))]


def _scores(
    client: "Elasticsearch", name: str, query: Query, conditions: list[dict[str, Any]], total: int
) -> dict[str, dict[str, float]]:
    """Return clip id -> family -> score of the clips that meet the conditions, `total` in number.

    A search for as many clips as its filter leaves reads them all, so that no approximation decides which are found.
    """
    clauses = _clauses(query, conditions or [{"match_all": {}}], dict.fromkeys(query.vectors, total))
    named = [{"knn": {**clause["knn"], "_name": family}} for family, clause in clauses.items()]
    hits = _hits(client, name, named, total, include_named_queries_score=True)
    return {_clip_id(hit): hit["matched_queries"] for hit in hits}


def _clauses(
    query: Query, conditions: list[dict[str, Any]], counts: Mapping[str, int]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return family -> the search for its `counts[family]` best clips."""
    return {
        family: {
            "knn": {
                "field": VECTOR_FIELDS[family],
                "query_vector": vector.tolist(),
                "k": counts[family],
                "num_candidates": counts[family],
                "filter": conditions,
            }
        }
        for family, vector in query.vectors.items()
    }


def _hits(
    client: "Elasticsearch", name: str, clauses: list[dict[str, Any]], size: int, **options: Any
) -> list[dict[str, Any]]:
    found = client.search(
        index=name,
        query={"bool": {"should": clauses}},
        size=size,
        # Without stored fields Elasticsearch need not unpack the documents, which hold every vector as text.
        source=False,
        stored_fields="_none_",
        docvalue_fields=[{"field": "clip_id"}],
        track_total_hits=False,
        **options,
    )
    hits: list[dict[str, Any]] = found["hits"]["hits"]
    return hits


def _clip_id(hit: dict[str, Any]) -> str:
    return str(hit["fields"]["clip_id"][0])


def _matches(client: "Elasticsearch", name: str, query: Query, scores: dict[str, dict[str, float]]) -> list[Match]:
    clip_ids = list(scores)
    rows = [[scores[clip].get(family, np.nan) for family in query.weights] for clip in clip_ids]
    matrix = np.array(rows).reshape(-1, len(query.weights))
    found = [(clip_ids[row], score) for row, score in best(clip_ids, matrix, query.weight_vector, query.size)]
    shown = _shown(client, name, [clip for clip, _ in found])
    return [
        Match(clip, score, {f: scores[clip][f] for f in query.weights if f in scores[clip]}, **shown[clip])
        for clip, score in found
        if clip in shown  # else it was deleted meanwhile
    ]


def _shown(client: "Elasticsearch", name: str, clip_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return clip id -> the fields that a match shows."""
    if not clip_ids:
        return {}
    found = client.search(
        index=name,
        query={"terms": {"clip_id": clip_ids}},
        source={"includes": ["clip_id", *SHOWN_FIELDS]},
        size=len(clip_ids),
    )
    sources = [hit["_source"] for hit in found["hits"]["hits"]]
    return {source["clip_id"]: {field: source.get(field) for field in SHOWN_FIELDS} for source in sources}
