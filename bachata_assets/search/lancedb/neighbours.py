"""Nearest documents in LanceDB: exact scores of all of a small table, of the best candidates of a large one.

How the scores are weighed is in `search/similarity.py`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets.search.asking.words import MOST_HITS, words_of
from bachata_assets.search.filters import Filters, sql_string
from bachata_assets.search.kind import Kind
from bachata_assets.search.results import Found
from bachata_assets.search.similarity import Query, best, family_scores

EXACT_CLIPS = 5000
"""Maximum number of documents of which all are scored; of more, which are indexed, those of `Query.candidates`."""
SENTENCE = "sentence"
"""Field whose words are searched."""
MOST_FRAGMENTS = 50
"""Maximum number of batches that are kept apart; more make reading slow."""
BATCH_CLIPS = 1000
"""Number of rows that are read at once."""


def tidy(table: Any, kind: Kind[Any]) -> None:
    """Merge the fragments that many small writes leave, and index the vectors of a table that has become large."""
    large = table.count_rows() > EXACT_CLIPS
    if large and not table.list_indices():
        from lancedb.index import FTS, IvfSq

        # One byte a dimension, in one partition that is read whole: seconds to build, and no neighbour is missed.
        for field in kind.vector_fields.values():
            if not table.count_rows(f"{field} IS NOT NULL"):  # LanceDB cannot index nothing
                continue
            table.create_index(field, config=IvfSq(distance_type="cosine", num_partitions=1))
        if SENTENCE in table.schema.names:
            words = FTS(base_tokenizer="simple", stem=False, remove_stop_words=False, ascii_folding=False)
            table.create_index(SENTENCE, config=words)
    unindexed = [table.index_stats(index.name).num_unindexed_rows for index in table.list_indices()]
    if max(unindexed, default=0) > EXACT_CLIPS or table.stats()["fragment_stats"]["num_fragments"] > MOST_FRAGMENTS:
        table.optimize()


def nearest(table: Any, kind: Kind[Any], query: Query) -> list[Found]:
    """Return the documents of the highest score in a table."""
    columns = [kind.key, *(kind.vector_fields[family] for family in query.vectors)]
    where = _conditions(table, query)
    if table.list_indices():
        found = table.take_row_ids(_candidates(table, kind, query, where)).select(columns).to_batches()
    else:
        found = batches(table, where, columns)
    keys: list[str] = []
    parts = [np.empty((0, len(query.vectors)))]
    for batch in found:
        keys += batch.column(kind.key).to_pylist()
        vectors = [_matrix(batch.column(name)) for name in columns[1:]]
        scored = [family_scores(query.vectors[f], v) for f, v in zip(query.vectors, vectors, strict=True)]
        parts.append(np.stack(scored, axis=1))
    return _found(table, kind, query, keys, np.concatenate(parts))


def containing(table: Any, kind: Kind[Any], words: Sequence[str], filters: Filters) -> dict[str, str]:
    """Return key -> sentence of the documents whose sentence has one of the words, the best ones of many."""
    where = filters.to_sql(table.schema.names)
    columns = [kind.key, SENTENCE]
    if SENTENCE not in table.schema.names:
        return {}
    if any(SENTENCE in index.columns for index in table.list_indices()):
        from lancedb.query import MatchQuery

        match = MatchQuery(" ".join(words), SENTENCE)  # type: ignore[call-arg]  # mypy sees no defaults
        search = table.search(match, query_type="fts")
        search = search.where(where, prefilter=True) if where else search
        rows = search.select([*columns, "_score"]).limit(MOST_HITS).to_list()
    else:
        rows = [row for batch in batches(table, where, columns) for row in batch.to_pylist() if row[SENTENCE]]
    asked = set(words)
    return {row[kind.key]: row[SENTENCE] for row in rows if not asked.isdisjoint(words_of(row[SENTENCE]))}


def batches(table: Any, where: str | None, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield columns of the rows that meet a condition, a thousand at a time."""
    rows = table.search().select(columns)
    yield from (rows.where(where) if where else rows).to_batches(BATCH_CLIPS)


def known(table: Any, fields: Iterable[str]) -> list[str]:
    """Return those fields that a table has; one that an earlier version wrote lacks some."""
    return [name for name in fields if name in table.schema.names]


def is_one_of(field: str, values: Iterable[str]) -> str:
    """Return the WHERE clause that documents meet whose field is one of some values."""
    return f"{field} IN ({', '.join(map(sql_string, values))})"


def _conditions(table: Any, query: Query) -> str | None:
    """Return the WHERE clause that the documents of an answer meet."""
    other = f"NOT ({is_one_of('clip_id', sorted(query.exclude))})" if query.exclude else None
    return " AND ".join(filter(None, (query.filters.to_sql(table.schema.names), other))) or None


def _candidates(table: Any, kind: Kind[Any], query: Query, where: str | None) -> list[int]:
    """Return the row ids of the best documents of each family."""
    found: set[int] = set()
    counts = query.candidates()
    for family, vector in query.vectors.items():
        search = table.search(vector, vector_column_name=kind.vector_fields[family]).distance_type("cosine")
        search = search.where(where) if where else search
        # LanceDB warns when the distance is not asked for.
        search = search.select(["_distance"]).with_row_id(True).limit(counts[family])
        found.update(search.to_arrow().column("_rowid").to_pylist())
    return sorted(found)


def _found(table: Any, kind: Kind[Any], query: Query, keys: list[str], scores: np.ndarray) -> list[Found]:
    rows = best(keys, scores, query.weight_vector, query.size)
    shown = _shown(table, kind, [keys[row] for row, _ in rows])
    return [
        Found(
            keys[row],
            score,
            {f: float(scores[row, i]) for i, f in enumerate(query.weights) if not np.isnan(scores[row, i])},
            shown[keys[row]],
        )
        for row, score in rows
    ]


def _shown(table: Any, kind: Kind[Any], keys: list[str]) -> dict[str, dict[str, Any]]:
    """Return key -> the fields that an answer shows."""
    if not keys:
        return {}
    found = table.search().where(is_one_of(kind.key, keys)).select(known(table, [kind.key, *kind.shown]))
    rows = found.limit(len(keys)).to_list()
    return {row[kind.key]: {name: row.get(name) for name in kind.shown} for row in rows}


def _matrix(column: pa.FixedSizeListArray) -> np.ndarray:
    """Return vectors as float32 (N, D), NaN where null."""
    size = column.type.list_size
    filled = column.fill_null([float("nan")] * size) if column.null_count else column
    matrix: np.ndarray = filled.flatten().to_numpy(zero_copy_only=False).reshape(-1, size)
    return matrix
