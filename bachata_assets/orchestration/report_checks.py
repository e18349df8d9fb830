"""What needs a person's eye over all clips: the ones to review, and the ones that are there twice."""

import json
from typing import Any
from urllib.parse import quote

import dagster as dg
import numpy as np

from bachata_assets.collection import scan as collection
from bachata_assets.collection.dataset import Dataset
from bachata_assets.families import DIMENSIONS
from bachata_assets.orchestration.report_assets import EMBEDDINGS_NAME
from bachata_assets.report.duplicates import COMPARED, find_duplicates
from bachata_assets.report.summary import REPORT_NAME
from bachata_assets.settings import Settings

SHOWN = 200
"""Rows of a check's table at most; the number of clips is beside it."""


def report_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Return the checks; they hang on `report`, which is made last."""

    @dg.asset_check(asset="report", description="No video is in the collection under two names.")
    def no_duplicate_clips(dataset: Dataset) -> dg.AssetCheckResult:
        table = dataset.read_parquet(EMBEDDINGS_NAME, ["clip_id"])
        clip_ids = table.column("clip_id").to_pylist() if table else []
        vectors = {family: _vectors(dataset, family) for family in COMPARED} if table else {}
        pairs = find_duplicates(collection.contents(dataset), vectors, clip_ids)
        rows = [{"clip": pair.clip_id, "the same as": pair.other, "because": pair.reason} for pair in pairs]
        return _result(rows, "Remove one of the files, or keep both: nothing else depends on this.")

    @dg.asset_check(asset="report", description="Every clip is made and of sufficient quality.")
    def all_clips_are_good(dataset: Dataset) -> dg.AssetCheckResult:
        said = json.loads(dataset.read_text(REPORT_NAME) or "{}")
        rows = [{"clip": clip["clip_id"], "why": clip["error"]} for clip in said.get("failed_videos", ())]
        rows += [
            {
                "clip": row["clip_id"],
                "why": f"quality {row['quality_score']:.2f} is below {settings.quality_threshold:g}",
            }
            for row in said.get("embeddings", ())
            if row["quality_score"] < settings.quality_threshold
        ]
        return _result(rows, "The clip's own partition says more; docs/operations.md says what to do.")

    return [no_duplicate_clips, all_clips_are_good]


def _result(rows: list[dict[str, str]], remedy: str) -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"clips": len(rows), "at_most": 0}
    if rows:
        shown = rows[:SHOWN]
        links = (
            f"- [{row['clip']}](/assets/keypoints?view=partitions&partition={quote(row['clip'])})" for row in shown
        )
        metadata |= {
            "remedy": remedy,
            "table": dg.MetadataValue.table([dg.TableRecord(dict(row)) for row in shown]),
            "links": dg.MetadataValue.md("\n".join(links)),
        }
    return dg.AssetCheckResult(passed=not rows, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)


def _vectors(dataset: Dataset, family: str) -> np.ndarray:
    """Return a family's vectors of all clips, float32 (N, D), NaN where absent; read alone, to take less memory."""
    name = f"{family}_embedding"
    table = dataset.read_parquet(EMBEDDINGS_NAME, [name])
    assert table is not None
    column = table.column(name).combine_chunks()
    filled = column.fill_null([float("nan")] * DIMENSIONS[family]) if column.null_count else column
    return np.asarray(filled.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(-1, DIMENSIONS[family])
