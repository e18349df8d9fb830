"""The checks over all clips: whether the index holds what was made, and what a person should review.

The checks of a single clip are in `pipeline/checks.py`; they run while the clip is made.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import dagster as dg
import numpy as np

from bachata_assets.collection import layout, scan
from bachata_assets.collection.clip_tables import vector_of
from bachata_assets.collection.dataset import Dataset, TableMissingError
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.families import DIMENSIONS
from bachata_assets.orchestration.resources import PLAIN, Names, resource_keys, tools_of
from bachata_assets.report import markdown
from bachata_assets.report.duplicates import COMPARED, find_duplicates
from bachata_assets.report.streaming.rows import StoredRows
from bachata_assets.settings import Settings

SAMPLE_SIZE = 50
"""Number of clips to read back and compare."""
SHOWN = 200
"""Maximum number of rows in a check's table; the number of clips is beside it."""


def _check_of(
    asset: str, description: str, names: Names
) -> Callable[[Callable[..., dg.AssetCheckResult]], dg.AssetChecksDefinition]:
    """Return a decorator that makes a check of an asset over all clips."""
    return dg.asset_check(asset=names.key(asset), required_resource_keys=resource_keys(names), description=description)


def _unanswered(error: Exception) -> dg.AssetCheckResult:
    """Return the result of a check that could not query the index."""
    return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"error": str(error)})


def index_checks(settings: Settings, names: Names) -> Sequence[dg.AssetChecksDefinition]:
    """Return the checks of the index; they belong to `embeddings`, which is made after the clips."""

    @_check_of("embeddings", "The index holds all indexed clips with all their moments, and nothing else.", names)
    def index_is_complete(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from bachata_assets.search.checks import check_index_complete, check_moments_complete
        from bachata_assets.search.errors import SearchError

        tools = tools_of(context, names, settings)
        indexed = tools.dataset.clip_ids("search_index")
        described = indexed & tools.dataset.clip_ids("moments")
        try:
            with tools.search.open() as index:
                difference = check_index_complete(index, indexed)
                of_moments = check_moments_complete(index, described)
        except SearchError as error:
            return _unanswered(error)
        return dg.AssetCheckResult(
            passed=difference.complete and of_moments.complete,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "missing": list(difference.missing),
                "unexpected": list(difference.unexpected),
                "without all moments": list(of_moments.missing),
                "unexpected moments": list(of_moments.unexpected),
                "remedy": "Materialize search_index for the missing clips; `bachata-assets prune` removes the others.",
            },
        )

    @_check_of(
        "embeddings",
        f"The vectors of up to {SAMPLE_SIZE} clips, read back from the index, equal those in the tables.",
        names,
    )
    def index_matches_dataset(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        from bachata_assets.search.checks import check_vectors_match
        from bachata_assets.search.errors import SearchError

        tools = tools_of(context, names, settings)
        opened = tools.dataset
        # A clip with a missing or unreadable table is made again; `status` and the report list it.
        read = {clip_id: _vectors(opened, clip_id) for clip_id in _sample(opened.clip_ids("search_index"))}
        expected = {clip_id: vectors for clip_id, vectors in read.items() if vectors is not None}
        try:
            with tools.search.open() as index:
                differences = check_vectors_match(index, expected)
        except SearchError as error:
            return _unanswered(error)
        return dg.AssetCheckResult(
            passed=not differences,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "compared": len(expected),
                "differences": [f"{one.clip_id} {one.family}: {one.reason}" for one in differences],
            },
        )

    return [index_is_complete, index_matches_dataset]


def _sample(clip_ids: set[str]) -> list[str]:
    """Return clips spread evenly over all of them."""
    ordered = sorted(clip_ids)
    step = max(1, len(ordered) // SAMPLE_SIZE)
    return ordered[::step][:SAMPLE_SIZE]


def _vectors(dataset: Dataset, clip_id: str) -> dict[str, np.ndarray] | None:
    try:
        found = {family: vector_of(dataset.read_table(f"{family}_embedding", clip_id)) for family in DIMENSIONS}
    except (TableMissingError, DamagedError):
        return None
    return {family: vector for family, vector in found.items() if vector is not None}


def report_checks(settings: Settings, names: Names) -> list[dg.AssetChecksDefinition]:
    """Return the checks of the collection; they belong to `report`, which is made last."""

    @_check_of("report", "The collection contains no video twice under two names.", names)
    def no_duplicate_clips(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        opened = tools_of(context, names, settings).dataset
        table = opened.read_parquet(layout.EMBEDDINGS, ["clip_id"])
        clip_ids = table.column("clip_id").to_pylist() if table else []
        vectors = {family: _column(opened, family) for family in COMPARED} if table else {}
        pairs = find_duplicates(scan.contents(opened), vectors, clip_ids)
        rows = [{"clip": pair.clip_id, "the same as": pair.other, "because": pair.reason} for pair in pairs]
        return _result(rows, "Remove one of the files, or keep both: nothing else depends on this.", names)

    @_check_of("report", "Every clip is made and its quality is sufficient.", names)
    def all_clips_are_good(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        content = json.loads(tools_of(context, names, settings).dataset.read_text(layout.REPORT) or "{}")
        rows = [{"clip": clip["clip_id"], "why": clip["error"]} for clip in content.get("failures", ())]
        rows += [
            {
                "clip": row["clip_id"],
                "why": f"quality {row['quality_score']:.2f} is below {settings.quality_threshold:g}",
            }
            for row in content.get("embeddings", ())
            if row["quality_score"] < settings.quality_threshold
        ]
        return _result(rows, "See each clip's partition for details, and docs/operations.md for what to do.", names)

    return [no_duplicate_clips, all_clips_are_good]


def _result(rows: list[dict[str, str]], remedy: str, names: Names) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"clips": len(rows), "at_most": 0}
    if rows:
        shown = rows[:SHOWN]
        metadata |= {
            "remedy": remedy,
            "table": dg.MetadataValue.table([dg.TableRecord(dict(row)) for row in shown]),
            "links": dg.MetadataValue.md("\n".join(_link(row["clip"], names) for row in shown)),
        }
    return dg.AssetCheckResult(passed=not rows, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)


def _link(clip_id: str, names: Names = PLAIN) -> str:
    """Return a line of Markdown that links to a clip's partition."""
    place = f"/assets/{'/'.join(names.key('keypoints').path)}?view=partitions&partition={quote(clip_id, safe='')}"
    return f"- [{markdown.as_text(clip_id)}]({place})"


def _column(dataset: Dataset, family: str) -> StoredRows:
    """Return the vectors of a family for all clips, float32 (N, D), NaN where absent."""
    rows = StoredRows(DIMENSIONS[family])
    for batch in dataset.batches(layout.EMBEDDINGS, [f"{family}_embedding"]):
        (column,) = batch.columns
        filled = column.fill_null([float("nan")] * DIMENSIONS[family]) if column.null_count else column
        rows.append(filled.flatten().to_numpy(zero_copy_only=False).reshape(-1, DIMENSIONS[family]))
    return rows
