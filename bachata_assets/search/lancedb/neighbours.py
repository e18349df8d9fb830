"""Nearest documents in LanceDB: exact scores of all rows of a small table, or of the best candidates of a large one.

`search/similarity.py` weighs the scores.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets.search.asking.words import MOST_HITS, words_of
from bachata_assets.search.candidates import COMBINED, GROUP, NO_GROUP, CandidateSearch, candidate_searches
from bachata_assets.search.filters import Filters, sql_string
from bachata_assets.search.kind import Kind
from bachata_assets.search.results import Found
from bachata_assets.search.similarity import Query, best, family_scores

EXACT_CLIPS = 5000
"""Maximum number of documents that are all scored; larger tables are indexed and use `candidate_searches`."""
SENTENCE = "sentence"
"""Field whose words are searched."""
MOST_FRAGMENTS = 50
"""Maximum number of fragments before they are merged; more make reading slow."""
ROW_ID = "_rowid"
"""Column that LanceDB adds on request; it takes rows directly, without reading the others."""
BATCH_CLIPS = 1000
"""Number of rows in one read."""


def tidy(table: Any, kind: Kind[Any]) -> None:
    """Merge the fragments of many small writes, and index the vectors of a large table."""
    large = table.count_rows() > EXACT_CLIPS
    if large and not table.list_indices():
        from lancedb.index import FTS, Bitmap, BTree, IvfRq

        # Four bits per dimension in one partition, scanned in full: built in seconds, and no neighbour is missed.
        codes = IvfRq(distance_type="cosine", num_partitions=1, num_bits=4)
        for field in known(table, (COMBINED, *kind.vector_fields.values())):
            if table.count_rows(f"{field} IS NOT NULL"):  # LanceDB cannot index an empty column
                table.create_index(field, config=codes)
        words = FTS(base_tokenizer="simple", stem=False, remove_stop_words=False, ascii_folding=False)
        others = {kind.key: BTree(), "clip_id": BTree(), GROUP: Bitmap(), SENTENCE: words}
        for field in known(table, others):
            table.create_index(field, config=others[field])
    unindexed = [table.index_stats(index.name).num_unindexed_rows for index in table.list_indices()]
    if max(unindexed, default=0) > EXACT_CLIPS or table.stats()["fragment_stats"]["num_fragments"] > MOST_FRAGMENTS:
        table.optimize()


def nearest(table: Any, kind: Kind[Any], query: Query) -> list[Found]:
    """Return the documents with the highest scores in a table."""
    columns = [kind.key, *(kind.vector_fields[family] for family in query.vectors)]
    where = _conditions(table, query)
    if table.list_indices():
        searches = candidate_searches(kind, query, _groups(table) if len(query.vectors) > 1 else [])
        found = table.take_row_ids(_candidates(table, searches, where)).select(columns).with_row_id().to_batches()
    else:
        found = batches(table, where, columns, row_ids=True)
    keys: list[str] = []
    rows: list[int] = []
    parts = [np.empty((0, len(query.vectors)))]
    for batch in found:
        keys += batch.column(kind.key).to_pylist()
        rows += batch.column(ROW_ID).to_pylist()
        vectors = [_matrix(batch.column(name)) for name in columns[1:]]
        scored = [family_scores(query.vectors[f], v) for f, v in zip(query.vectors, vectors, strict=True)]
        parts.append(np.stack(scored, axis=1))
    return _found(table, kind, query, keys, rows, np.concatenate(parts))


def containing(table: Any, kind: Kind[Any], words: Sequence[str], filters: Filters) -> dict[str, str]:
    """Return key -> sentence of the best documents whose sentence has one of the words."""
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


def batches(table: Any, where: str | None, columns: list[str], *, row_ids: bool = False) -> Iterator[pa.RecordBatch]:
    """Yield columns of the rows that meet a condition, a thousand at a time."""
    rows = table.search().select(columns).with_row_id(row_ids)
    yield from (rows.where(where) if where else rows).to_batches(BATCH_CLIPS)


def known(table: Any, fields: Iterable[str]) -> list[str]:
    """Return the fields that a table has; a table of an earlier version lacks some."""
    return [name for name in fields if name in table.schema.names]


def is_one_of(field: str, values: Iterable[str]) -> str:
    """Return the WHERE clause for a field with one of some values."""
    return f"{field} IN ({', '.join(map(sql_string, values))})"


def _conditions(table: Any, query: Query) -> str | None:
    """Return the WHERE clause for the documents of an answer."""
    other = f"NOT ({is_one_of('clip_id', sorted(query.exclude))})" if query.exclude else None
    return " AND ".join(filter(None, (query.filters.to_sql(table.schema.names), other))) or None


def _groups(table: Any) -> list[str]:
    """Return the groups of a table's documents."""
    if GROUP not in table.schema.names:  # an earlier version made it
        return [NO_GROUP]
    found: list[str] = []
    # The index finds a row of another group among 100,000 in 3 ms; reading the column takes 6 ms and more.
    while True:
        another = f"{GROUP} IS NOT NULL" + (f" AND NOT ({is_one_of(GROUP, found)})" if found else "")
        rows = table.search().where(another).select([GROUP]).limit(1).to_list()
        if not rows:
            return found
        found.append(rows[0][GROUP])


def _candidates(table: Any, searches: Iterable[CandidateSearch], where: str | None) -> list[int]:
    """Return the row ids of the documents that the searches find."""
    found: set[int] = set()
    for one in searches:
        of_groups = is_one_of(GROUP, one.groups) if one.groups and NO_GROUP not in one.groups else None
        conditions = " AND ".join(filter(None, (where, of_groups)))
        search = table.search(one.vector, vector_column_name=one.field).distance_type("cosine")
        search = search.where(conditions) if conditions else search
        # LanceDB warns if the distance is not selected.
        search = search.select(["_distance"]).with_row_id(True).limit(one.size)
        found.update(search.to_arrow().column(ROW_ID).to_pylist())
    return sorted(found)


def _found(
    table: Any, kind: Kind[Any], query: Query, keys: list[str], rows: list[int], scores: np.ndarray
) -> list[Found]:
    chosen = best(keys, scores, query.weight_vector, query.size)
    shown = _shown(table, kind, [rows[place] for place, _ in chosen])
    return [
        Found(
            keys[place],
            score,
            {f: float(scores[place, i]) for i, f in enumerate(query.weights) if not np.isnan(scores[place, i])},
            shown[keys[place]],
        )
        for place, score in chosen
    ]


def _shown(table: Any, kind: Kind[Any], rows: list[int]) -> dict[str, dict[str, Any]]:
    """Return key -> the fields that an answer shows, for row ids."""
    if not rows:
        return {}
    found = table.take_row_ids(rows).select(known(table, [kind.key, *kind.shown])).to_list()
    return {row[kind.key]: {name: row.get(name) for name in kind.shown} for row in found}


def _matrix(column: pa.FixedSizeListArray) -> np.ndarray:
    """Return vectors as float32 (N, D), NaN where null."""
    size = column.type.list_size
    filled = column.fill_null([float("nan")] * size) if column.null_count else column
    matrix: np.ndarray = filled.flatten().to_numpy(zero_copy_only=False).reshape(-1, size)
    return matrix
