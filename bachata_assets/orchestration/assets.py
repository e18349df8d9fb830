"""All assets: the inputs of a clip, the tables made from it, and the two assets over all clips.

All stages of a clip are one definition: one process, many clips, a result for each. In several steps, one failed clip
would also stop the downstream assets of the good clips, because a failed step abandons them. So the chain is one step,
and its loop (`pipeline/runner.py`) keeps the clips apart.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import dagster as dg
import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.clip_record import ClipRecord
from bachata_assets.collection import layout
from bachata_assets.collection.arriving import open_arrivals
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.clip_tables import embeddings_parts, gathered_records, indexed_records
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Scan, scan_clips
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.orchestration.clip_events import CAN_BE_MADE, ClipEvents, DagsterEvent, evaluations, short
from bachata_assets.orchestration.history import History, checked_clips
from bachata_assets.orchestration.jobs import known
from bachata_assets.orchestration.partitions import (
    OWNER,
    observe,
    read_clips,
)
from bachata_assets.orchestration.resources import PARTITIONS, Names, resource_keys, tools_of
from bachata_assets.orchestration.run_requests import ONLY_MISSING_TAG, TITLE_TAG, title
from bachata_assets.pipeline.checks import Check
from bachata_assets.pipeline.runner import Runner, StageFailed
from bachata_assets.pipeline.stage import BatchStage, ClipStage, Stage
from bachata_assets.pipeline.status import Status
from bachata_assets.pipeline.versions import outdated
from bachata_assets.pipeline.workers.opening import open_workers
from bachata_assets.report.content import page_of, remember_reports, report_of, signed_links, write_reports
from bachata_assets.report.metrics import metrics_text
from bachata_assets.report.moments.strips import write_strips
from bachata_assets.report.poses import write_poses
from bachata_assets.report.records import KeptRecords
from bachata_assets.report.trends import add_report
from bachata_assets.settings import Settings

REPORTED = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=15), warn_window=timedelta(days=8))
"""How long the table of all clips and the report count as fresh: the weekly schedule makes them."""

SERVED = "link, while `bachata-assets serve` runs"
"""Metadata key of the report page's URL: from a page of Dagster, a browser cannot open a path."""

_KIND_OF_FILES = "lancedb"
"""Kind of the index if Elasticsearch is not configured."""


def clip_assets(
    stages: Sequence[Stage], checks: Sequence[Check], settings: Settings, names: Names
) -> dg.AssetsDefinition:
    """Return the per-clip assets with their checks."""

    @dg.multi_asset(
        name=names.of("clip_assets"),
        specs=[_spec(stage, settings, names) for stage in stages],
        check_specs=_check_specs(stages, checks, names),
        partitions_def=names.clips,
        pool=names.pool,
        required_resource_keys={*resource_keys(names), names.of("named_clips")},
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=settings.clips_per_run),
        can_subset=True,
    )
    def run_clips(context: dg.AssetExecutionContext) -> Iterator[DagsterEvent]:
        tools = tools_of(context, names, settings)
        tools.dataset.remember(precision=tools.models.pose.precision)
        selected = {key.path[-1] for key in context.selected_asset_keys}
        clip_ids = _clip_ids(context, names)
        context.instance.add_run_tags(context.run.run_id, {TITLE_TAG: title(clip_ids)})
        todo = read_clips(context.instance, clip_ids, settings, tools.dataset, names)
        if not selected:
            asked = [check for check in checks if _key(check, names) in context.selected_asset_check_keys]
            yield from evaluations(context.instance, tools.dataset, stages, asked, todo, names)
            return
        only = _missing(context, todo, stages, tools.dataset, names) if ONLY_MISSING_TAG in context.run.tags else None
        events = ClipEvents(context.instance, names)
        failed: dict[str, dict[str, str]] = {}
        wanted = [stage for stage in stages if stage.name in selected]

        def changed(clip: Clip) -> None:
            observe(context.instance, [clip], names)
            if only is not None:
                only.update(_missing(context, [clip], stages, tools.dataset, names))

        arrivals = open_arrivals(settings, tools.dataset, changed)
        runner = Runner(wanted, checks, tools, open_workers(settings, tools.models), arrivals)
        for event in runner.run(todo, only=only):
            yield from events.of(event)
            if isinstance(event, StageFailed) and not event.follows:
                context.log.error(f"{event.clip_id}: {event.stage.name} failed: {event.failure.reason}")
                failed.setdefault(event.clip_id, {})[event.stage.name] = event.failure.reason
        if failed:
            raise _failure(failed, len(todo))

    return run_clips


@dataclass(frozen=True)
class _Gathered:
    """The inputs of both assets over all clips, as one run found them."""

    run_id: str
    scan: Scan
    status: Status
    kept: KeptRecords = field(default_factory=KeptRecords)


def collection_assets(
    stages: Sequence[Stage], checks: Sequence[Check], settings: Settings, names: Names
) -> list[dg.AssetsDefinition]:
    """Return the assets over all clips; they use the tables that exist, so a bad clip never blocks them."""
    kept: list[_Gathered] = []

    def gather(context: dg.AssetExecutionContext, dataset: Dataset) -> _Gathered:
        caller = known()
        if caller and caller.status:
            found, status = caller.scan, caller.status
        else:
            found = scan_clips(settings, dataset)
            history = History.read(context.instance, dataset, stages, names=names)
            status = Status.of(found.clips, stages, history.stages, history.reason_of)
        return _Gathered(context.run.run_id, found, status)

    @dg.asset(
        key=names.key("embeddings"),
        deps=[names.key(stage.name) for stage in stages],
        required_resource_keys=resource_keys(names),
        group_name="report",
        owners=[OWNER],
        tags={"scope": "collection"},
        kinds={"parquet"},
        freshness_policy=REPORTED,
        description="One row per clip with all its vectors, in one file for pandas, polars or DuckDB.",
        metadata={"dagster/column_schema": _columns(schemas.embeddings)},
    )
    def embeddings(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        opened = tools_of(context, names, settings).dataset
        # So the report, made next in the same process, does not read every clip's table again.
        kept[:] = [found := gather(context, opened)]
        records = found.kept.through(_records(found.status, opened))
        rows = opened.write_parts(layout.EMBEDDINGS, schemas.embeddings, embeddings_parts(records))
        path = dg.MetadataValue.path(opened.path(layout.EMBEDDINGS))
        return dg.MaterializeResult(metadata={"dagster/row_count": rows, "path": path})

    @dg.asset(
        key=names.key("report"),
        deps=[names.key("embeddings")],
        required_resource_keys=resource_keys(names),
        group_name="report",
        owners=[OWNER],
        tags={"scope": "collection"},
        kinds={"json", "html"},
        freshness_policy=REPORTED,
        description="What was made, its quality, how long it took, what failed and why; as JSON and as a web page.",
    )
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        tools = tools_of(context, names, settings)
        opened = tools.dataset
        if kept and kept[0].run_id == context.run.run_id:
            found = kept.pop()
        else:
            found = gather(context, opened)
            for _ in found.kept.through(_records(found.status, opened)):
                pass
        checked = checked_clips(context.instance, checks, found.kept.clip_ids, names)
        content = report_of(found.status, found.scan, found.kept, checked, stages)
        with open_workers(settings, tools.models) as workers:
            clips = [*found.status.made, *found.status.not_indexed]
            figures, moments = write_poses(opened, clips, stages), write_strips(opened, clips, stages)
            trends = add_report(opened, content)
            signed = signed_links(found.scan.folders.videos, settings.signed_link_hours)
            page = page_of(
                content, found.scan, found.kept, checked, opened.url, workers, figures, trends, moments, signed
            )
        paths = write_reports(opened, content, page)
        opened.write_text(layout.METRICS, metrics_text(content, found.scan))
        remember_reports(opened)
        links: dict[str, Any] = {name: dg.MetadataValue.path(path) for name, path in paths.items()}
        if "://" not in opened.url or settings.report_url:
            links[SERVED] = dg.MetadataValue.url(settings.report_address)
        return dg.MaterializeResult(metadata={**short(content["summary"]), **links})

    return [embeddings, report]


def _records(status: Status, dataset: Dataset) -> Iterator[ClipRecord]:
    """Yield the records of all clips with vectors; set unreadable tables aside, to be made again."""
    try:
        yield from indexed_records(status.made, dataset)
        yield from gathered_records(status.not_indexed, dataset)
    except DamagedError as error:
        dataset.set_aside(error.path.removeprefix(dataset.path("")))
        raise


def _missing(
    context: dg.AssetExecutionContext, todo: Sequence[Clip], stages: Sequence[Stage], dataset: Dataset, names: Names
) -> dict[str, frozenset[str]]:
    """Return what each clip lacks now: another run, or reading its file, may have settled it."""
    versions = {clip.clip_id: clip.versions for clip in todo}
    caller = known()
    history = caller.history if caller else History.read(context.instance, dataset, stages, list(versions), names)
    return outdated(stages, versions, history.stages)


def _clip_ids(context: dg.AssetExecutionContext, names: Names) -> Sequence[str]:
    """Return the clips of a run; a run of checks alone takes all clips if none are named."""
    partitions = names.of(PARTITIONS)
    return context.partition_keys if context.run.is_partitioned else context.instance.get_dynamic_partitions(partitions)


def _failure(failed: dict[str, dict[str, str]], clips_in_run: int) -> dg.Failure:
    """Return the failure that marks only the planned and unmade (asset, clip) pairs as failed instead of missing."""
    rows = [
        dg.TableRecord({"clip": clip_id, "failed": ", ".join(why), "reason": "; ".join(dict.fromkeys(why.values()))})
        for clip_id, why in failed.items()
    ]
    return dg.Failure(
        f"{len(failed)} of {clips_in_run} clips failed: {', '.join(failed)}",
        metadata={"failed_clips": dg.MetadataValue.table(rows)},
        allow_retries=False,
    )


def _spec(stage: Stage, settings: Settings, names: Names) -> dg.AssetSpec:
    server = settings.elasticsearch_host
    return dg.AssetSpec(
        names.key(stage.name),
        deps=[names.key(name) for name in stage.inputs],
        skippable=True,
        code_version=stage.code_version,
        description=stage.description,
        group_name=stage.group,
        kinds={_KIND_OF_FILES if kind == "elasticsearch" and not server else kind for kind in stage.kinds},
        owners=[OWNER],
        tags={"scope": "clip"},
        metadata={"dagster/column_schema": _columns(stage.schema), "dagster/code_references": _code_of(stage)},
    )


def _code_of(stage: Stage) -> dg.CodeReferencesMetadataValue:
    """Return the source location of the function that makes a stage's table; the UI links to it."""
    # In beta in dagster 1.13, which users need not be told.
    warnings.filterwarnings("ignore", "Class `(LocalFileCodeReference|CodeReferencesMetadataValue)`", dg.BetaWarning)
    made_by: Any = stage.make if isinstance(stage, ClipStage) else cast(BatchStage, stage).make_batch
    code = getattr(made_by, "func", made_by).__code__  # a function, or a partial of one
    return dg.CodeReferencesMetadataValue(
        code_references=[
            dg.LocalFileCodeReference(
                file_path=code.co_filename, line_number=code.co_firstlineno, label=f"the code of {stage.name}"
            )
        ]
    )


def _columns(schema: pa.Schema) -> dg.TableSchema:
    def description(metadata: dict[bytes, bytes] | None) -> str:
        return "; ".join(value.decode() for value in (metadata or {}).values())

    return dg.TableSchema(
        [dg.TableColumn(field.name, str(field.type), description(field.metadata) or None) for field in schema]
    )


def _check_specs(stages: Sequence[Stage], checks: Sequence[Check], names: Names) -> list[dg.AssetCheckSpec]:
    # Partitioned checks are in preview in dagster 1.13, which users need not be told.
    warnings.filterwarnings("ignore", "Specifying a partitions_def", dg.PreviewWarning)
    why = "The table could be made. If not, the reason says why, and everything that needs the table waits for it."
    return [
        dg.AssetCheckSpec(name, asset=names.key(asset), description=description, partitions_def=names.clips)
        for name, asset, description in [
            *((CAN_BE_MADE, stage.name, why) for stage in stages),
            *((check.name, check.asset, f"{check.description} {check.remedy}") for check in checks),
        ]
    ]


def _key(check: Check, names: Names) -> dg.AssetCheckKey:
    return dg.AssetCheckKey(names.key(check.asset), check.name)
