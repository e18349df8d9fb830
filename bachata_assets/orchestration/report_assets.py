"""The two assets over all clips: one table of everything, and the report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from bachata_assets.clip_record import ClipRecord
from bachata_assets.collection import scan as collection
from bachata_assets.collection.clip_tables import embeddings_table
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Collection
from bachata_assets.orchestration.check_history import checked_clips
from bachata_assets.orchestration.partitions import OWNER
from bachata_assets.pipeline.checks import Check
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Standing, records_of
from bachata_assets.report.content import page_of, report_of
from bachata_assets.report.page import PAGE_NAME
from bachata_assets.report.summary import REPORT_NAME
from bachata_assets.settings import Settings

EMBEDDINGS_NAME = "embeddings.parquet"


@dataclass(frozen=True)
class _Gathered:
    """What both assets are made of, as one run found it."""

    run_id: str
    clips: Collection
    standing: Standing
    records: list[ClipRecord]


def report_assets(stages: Sequence[Stage], checks: Sequence[Check], settings: Settings) -> list[dg.AssetsDefinition]:
    """Return the assets over all clips; they take what is there, so one bad clip never holds them up."""
    kept: list[_Gathered] = []

    def gather(context: dg.AssetExecutionContext, dataset: Dataset) -> _Gathered:
        clips = collection.look(settings, dataset)
        standing = Standing.of(clips, stages, context.instance, dataset)
        return _Gathered(context.run.run_id, clips, standing, records_of(standing.made, dataset))

    @dg.asset(
        deps=[stage.name for stage in stages],
        group_name="report",
        owners=[OWNER],
        tags={"scope": "collection"},
        kinds={"parquet"},
        description="One row a clip with all vectors, in one file for pandas, polars or DuckDB.",
    )
    def embeddings(context: dg.AssetExecutionContext, dataset: Dataset) -> dg.MaterializeResult[None]:
        # The report, made next in the same process, need not read every clip's table again.
        kept[:] = [gather(context, dataset)]
        table = embeddings_table(kept[0].records)
        dataset.write_parquet(EMBEDDINGS_NAME, table, {})
        return dg.MaterializeResult(
            metadata={"dagster/row_count": table.num_rows, "path": dg.MetadataValue.path(dataset.path(EMBEDDINGS_NAME))}
        )

    @dg.asset(
        deps=[embeddings],
        group_name="report",
        owners=[OWNER],
        tags={"scope": "collection"},
        kinds={"json", "html"},
        description="What was made, how well, how long it took, what failed and why; as JSON and as a page to look at.",
    )
    def report(context: dg.AssetExecutionContext, dataset: Dataset) -> dg.MaterializeResult[None]:
        found = kept.pop() if kept and kept[0].run_id == context.run.run_id else gather(context, dataset)
        clips, records = found.clips, found.records
        checked = checked_clips(context.instance, checks, [record.clip_id for record in records])
        content = report_of(found.standing, clips, records, checked, stages)
        dataset.write_text(REPORT_NAME, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        dataset.write_text(PAGE_NAME, page_of(content, clips, records, checked, dataset.url))
        paths = {"path": dataset.path(REPORT_NAME), "page": dataset.path(PAGE_NAME)}
        links = {name: dg.MetadataValue.path(path) for name, path in paths.items()}
        return dg.MaterializeResult(metadata={**content["summary"], **links})

    return [embeddings, report]
