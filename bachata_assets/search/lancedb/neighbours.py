"""Nearest clips in LanceDB: exact scores of all clips of a small table, of the best candidates of a large one.

How the scores are weighed is in `search/similarity.py`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets.clip_record import VECTOR_FIELDS
from bachata_assets.search.filters import sql_string
from bachata_assets.search.similarity import SHOWN_FIELDS, Match, Query, best, family_scores

EXACT_CLIPS = 5000
"""Maximum number of clips of which all are scored; of more, which are indexed, those of `Query.candidates`."""
MOST_FRAGMENTS = 50
"""Maximum number of batches that are kept apart; more make reading slow."""
BATCH_CLIPS = 1000
"""Number of rows that are read at once."""


def tidy(table: Any) -> None:
    """Merge the fragments that many small writes leave, and index the vectors of a table that has become large."""
    large = table.count_rows() > EXACT_CLIPS
    if large and not table.list_indices():
        from lancedb.index import IvfSq

        # One byte a dimension, in one partition that is read whole: seconds to build, and no neighbour is missed.
        for field in VECTOR_FIELDS.values():
            table.create_index(field, config=IvfSq(distance_type="cosine", num_partitions=1))
    unindexed = [table.index_stats(index.name).num_unindexed_rows for index in table.list_indices()]
    if max(unindexed, default=0) > EXACT_CLIPS or table.stats()["fragment_stats"]["num_fragments"] > MOST_FRAGMENTS:
        table.optimize()


def nearest(table: Any, query: Query) -> list[Match]:
    """Return the clips of the highest score in a table."""
    columns = ["clip_id", *(VECTOR_FIELDS[family] for family in query.vectors)]
    if table.list_indices():
        found = table.take_row_ids(_candidates(table, query)).select(columns).to_batches()
    else:
        found = batches(table, query.filters.to_sql(), columns)
    clip_ids: list[str] = []
    parts = [np.empty((0, len(query.vectors)))]
    for batch in found:
        clip_ids += batch.column("clip_id").to_pylist()
        vectors = [_matrix(batch.column(name)) for name in columns[1:]]
        scored = [family_scores(query.vectors[f], v) for f, v in zip(query.vectors, vectors, strict=True)]
        parts.append(np.stack(scored, axis=1))
    return _matches(table, query, clip_ids, np.concatenate(parts))


def batches(table: Any, where: str | None, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield columns of the rows that meet a condition, a thousand at a time."""
    rows = table.search().select(columns)
    yield from (rows.where(where) if where else rows).to_batches(BATCH_CLIPS)


def is_one_of(clip_ids: Iterable[str]) -> str:
    """Return the WHERE clause that some clips meet."""
    return f"clip_id IN ({', '.join(map(sql_string, clip_ids))})"


def _candidates(table: Any, query: Query) -> list[int]:
    """Return the row ids of the best clips of each family."""
    found: set[int] = set()
    where, counts = query.filters.to_sql(), query.candidates()
    for family, vector in query.vectors.items():
        search = table.search(vector, vector_column_name=VECTOR_FIELDS[family]).distance_type("cosine")
        search = search.where(where) if where else search
        # LanceDB warns when the distance is not asked for.
        search = search.select(["_distance"]).with_row_id(True).limit(counts[family])
        found.update(search.to_arrow().column("_rowid").to_pylist())
    return sorted(found)


def _matches(table: Any, query: Query, clip_ids: list[str], scores: np.ndarray) -> list[Match]:
    if query.exclude in clip_ids:
        scores[clip_ids.index(query.exclude)] = np.nan
    rows = best(clip_ids, scores, query.weight_vector, query.size)
    shown = _shown(table, [clip_ids[row] for row, _ in rows])
    return [
        Match(
            clip_ids[row],
            score,
            {f: float(scores[row, i]) for i, f in enumerate(query.weights) if not np.isnan(scores[row, i])},
            **shown[clip_ids[row]],
        )
        for row, score in rows
    ]


def _shown(table: Any, clip_ids: list[str]) -> dict[str, dict[str, Any]]:
    """Return clip id -> the fields that a match shows."""
    if not clip_ids:
        return {}
    found = table.search().where(is_one_of(clip_ids)).select(["clip_id", *SHOWN_FIELDS])
    return {row.pop("clip_id"): row for row in found.limit(len(clip_ids)).to_list()}


def _matrix(column: pa.FixedSizeListArray) -> np.ndarray:
    """Return vectors as float32 (N, D), NaN where null."""
    size = column.type.list_size
    filled = column.fill_null([float("nan")] * size) if column.null_count else column
    matrix: np.ndarray = filled.flatten().to_numpy(zero_copy_only=False).reshape(-1, size)
    return matrix
