"""Nearest clips in Elasticsearch: exact scores of every family, of all clips or the best candidates.

How scores are weighed is `similarity.py`'s concern.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from bachata_assets.search.document import VECTOR_FIELDS
from bachata_assets.search.similarity import SHOWN_FIELDS, Match, Query, best

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

EXACT_CLIPS = 1000
"""Up to this many clips (after filters) all are scored."""
CANDIDATES = 150
"""Beyond, the clips scored are the best of each family: this many, or ten times the size asked for."""
MOST_CANDIDATES = 2000


def nearest(client: "Elasticsearch", name: str, query: Query) -> list[Match]:
    """Return the best clips of an index."""
    conditions: list[dict[str, Any]] = query.filters.to_elasticsearch()
    if query.exclude is not None:
        conditions.append({"bool": {"must_not": {"term": {"clip_id": query.exclude}}}})
    total = client.count(index=name, query={"bool": {"filter": conditions}})["count"]
    if total > EXACT_CLIPS:
        wanted = min(max(CANDIDATES, 10 * query.size), MOST_CANDIDATES)
        candidates = list(_scores(client, name, query, conditions, k=wanted))
        conditions, total = [{"terms": {"clip_id": candidates}}], len(candidates)
    scores = _scores(client, name, query, conditions, k=total) if total else {}
    return _matches(client, name, query, scores)


def _scores(
    client: "Elasticsearch", name: str, query: Query, conditions: list[dict[str, Any]], *, k: int
) -> dict[str, dict[str, float]]:
    """Return clip id -> family -> score, of the k best clips of each family.

    With k no less than the clips that meet the conditions these are all of them: a search that is filtered to
    k clips reads them one by one.
    """
    clauses = [
        {
            "knn": {
                "field": VECTOR_FIELDS[family],
                "query_vector": vector.tolist(),
                "k": k,
                "num_candidates": k,
                "filter": conditions or {"match_all": {}},
                "_name": family,
            }
        }
        for family, vector in query.vectors.items()
    ]
    found = client.search(
        index=name,
        query={"bool": {"should": clauses}},
        size=k * len(clauses),
        # Without stored fields Elasticsearch need not unpack the documents, which hold every vector as text.
        source=False,
        stored_fields="_none_",
        docvalue_fields=[{"field": "clip_id"}],
        include_named_queries_score=True,
        track_total_hits=False,
    )
    return {hit["fields"]["clip_id"][0]: hit["matched_queries"] for hit in found["hits"]["hits"]}


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
