"""Nearest clips in Elasticsearch: exact scores of every family, over all clips or over the best candidates of each.

How scores are weighed is `similarity.py`'s concern.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from bachata_assets.search.document import VECTOR_FIELDS
from bachata_assets.search.filters import Filters
from bachata_assets.search.similarity import SHOWN_FIELDS, Match, best

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

EXACT_CLIPS = 1000
"""Up to this many clips (after filters) all are scored."""
CANDIDATES = 150
"""Beyond, the clips scored are the best of each family: this many, or ten times the size asked for."""
MOST_CANDIDATES = 2000


def nearest(
    client: "Elasticsearch",
    name: str,
    vectors: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    filters: Filters,
    size: int,
    exclude: str | None,
) -> list[Match]:
    """Return the `size` best clips of an index; the families of `vectors` and `weights` are the same."""
    conditions: list[dict[str, Any]] = filters.to_elasticsearch()
    if exclude is not None:
        conditions.append({"bool": {"must_not": {"term": {"clip_id": exclude}}}})
    total = client.count(index=name, query={"bool": {"filter": conditions}})["count"]
    if total == 0:
        return []
    if total > EXACT_CLIPS:
        wanted = min(max(CANDIDATES, 10 * size), MOST_CANDIDATES)
        candidates = _scores(client, name, vectors, conditions, wanted, wanted * len(vectors))
        conditions = [{"terms": {"clip_id": list(candidates)}}]
        total = len(candidates)
    scores = _scores(client, name, vectors, conditions, total, total)
    return _matches(client, name, scores, weights, size)


def _scores(
    client: "Elasticsearch",
    name: str,
    vectors: Mapping[str, np.ndarray],
    conditions: Sequence[Mapping[str, Any]],
    k: int,
    size: int,
) -> dict[str, dict[str, float]]:
    """Return clip id -> family -> score, of the k best clips of each family.

    With k no less than the clips that meet the conditions these are all of them, each with its exact score: a search
    that is filtered to k clips reads them all.
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
        for family, vector in vectors.items()
    ]
    found = client.search(
        index=name,
        query={"bool": {"should": clauses}},
        size=size,
        # Without stored fields Elasticsearch need not unpack the documents, which hold every vector as text.
        source=False,
        stored_fields="_none_",
        docvalue_fields=["clip_id"],
        include_named_queries_score=True,
        track_total_hits=False,
    )
    return {hit["fields"]["clip_id"][0]: hit["matched_queries"] for hit in found["hits"]["hits"]}


def _matches(
    client: "Elasticsearch",
    name: str,
    scores: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
    size: int,
) -> list[Match]:
    clip_ids, families = list(scores), list(weights)
    matrix = np.array([[scores[clip].get(family, np.nan) for family in families] for clip in clip_ids])
    rows = best(clip_ids, matrix.reshape(-1, len(families)), np.array(list(weights.values())), size)
    shown = _shown(client, name, [clip_ids[row] for row, _ in rows])
    return [
        Match(
            clip_ids[row],
            score,
            {family: scores[clip_ids[row]][family] for family in families if family in scores[clip_ids[row]]},
            **shown[clip_ids[row]],
        )
        for row, score in rows
        if clip_ids[row] in shown  # deleted since
    ]


def _shown(client: "Elasticsearch", name: str, clip_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return clip id -> the fields that a match shows."""
    found = client.search(
        index=name,
        query={"terms": {"clip_id": list(clip_ids)}},
        source=["clip_id", *SHOWN_FIELDS],
        size=len(clip_ids),
    )
    sources = [hit["_source"] for hit in found["hits"]["hits"]]
    return {source["clip_id"]: {field: source.get(field) for field in SHOWN_FIELDS} for source in sources}
