"""All stages of a clip as one Dagster asset definition: one process, many clips, a result for each.

Split over several steps, a failed clip would take the good clips' downstream assets with it: a failed step abandons
them. So the chain stands in one step, and its loop (`pipeline/runner.py`) keeps the clips apart.
"""

import warnings
from collections.abc import Iterator, Sequence

import dagster as dg

from bachata_assets.collection import scan as collection
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.clip_events import ClipEvents, DagsterEvent
from bachata_assets.orchestration.event_log import kept_open
from bachata_assets.orchestration.history import recorded
from bachata_assets.orchestration.partitions import OWNER, POOL, clips
from bachata_assets.orchestration.pose_models_resource import PoseModelsResource
from bachata_assets.orchestration.run_requests import ONLY_MISSING_TAG
from bachata_assets.orchestration.search_resource import SearchIndexResource
from bachata_assets.orchestration.text_model_resource import TextModelResource
from bachata_assets.orchestration.tools import Tools
from bachata_assets.pipeline.checks import Check
from bachata_assets.pipeline.runner import StageFailed, process
from bachata_assets.pipeline.stage import Clip, Stage
from bachata_assets.pipeline.versions import outdated
from bachata_assets.settings import Settings


def clip_assets(stages: Sequence[Stage], checks: Sequence[Check], settings: Settings) -> dg.AssetsDefinition:
    """Return the per-clip assets with their checks."""

    @dg.multi_asset(
        name="clip_assets",
        specs=[_spec(stage) for stage in stages],
        check_specs=[_check_spec(check) for check in checks],
        partitions_def=clips,
        pool=POOL,
        backfill_policy=dg.BackfillPolicy.multi_run(max_partitions_per_run=settings.clips_per_run),
        can_subset=True,
    )
    def run_clips(
        context: dg.AssetExecutionContext,
        dataset: Dataset,
        pose_models: PoseModelsResource,
        text_model: TextModelResource,
        search: dg.ResourceParam[SearchIndexResource],
    ) -> Iterator[DagsterEvent]:
        tools = Tools(dataset, pose_models, text_model, search)
        dataset.remember(precision=pose_models.precision)
        selected = {key.to_user_string() for key in context.selected_asset_keys}
        wanted = [stage for stage in stages if stage.name in selected]
        todo = collection.read_clips(context.instance, context.partition_keys, settings, dataset)
        only = _missing(context, todo, stages, dataset) if ONLY_MISSING_TAG in context.run.tags else None
        events = ClipEvents(context.instance)
        failed: dict[str, list[str]] = {}
        with kept_open(context.instance, context.run.run_id):
            for event in process(todo, wanted, checks, tools, only=only):
                yield from events.of(event)
                if isinstance(event, StageFailed):
                    context.log.error(f"{event.clip_id}: {event.stage.name} failed: {event.reason}")
                    failed.setdefault(event.clip_id, []).append(f"{event.stage.name}: {event.reason}")
        if failed:
            raise _failure(failed, len(todo))

    return run_clips


def _missing(
    context: dg.AssetExecutionContext, clips: Sequence[Clip], stages: Sequence[Stage], dataset: Dataset
) -> dict[str, frozenset[str]]:
    """Return what is missing now of every clip: another run, or the look into its file, may have settled it."""
    versions = {clip.clip_id: clip.versions for clip in clips}
    return outdated(stages, versions, recorded(context.instance, dataset, stages, list(versions)))


def _failure(failed: dict[str, list[str]], clips_in_run: int) -> dg.Failure:
    """Return what turns the planned and unmade (asset, clip) pairs from missing into failed, and no others."""
    rows = [dg.TableRecord({"clip": clip_id, "reason": "; ".join(reasons)}) for clip_id, reasons in failed.items()]
    return dg.Failure(
        f"{len(failed)} of {clips_in_run} clips failed: {', '.join(failed)}",
        metadata={"failed_clips": dg.MetadataValue.table(rows)},
        allow_retries=False,
    )


def _spec(stage: Stage) -> dg.AssetSpec:
    return dg.AssetSpec(
        stage.name,
        deps=list(stage.inputs),
        skippable=True,
        code_version=stage.code_version,
        description=stage.description,
        group_name=stage.group,
        kinds=set(stage.kinds),
        owners=[OWNER],
        tags={"scope": "clip"},
        metadata={"dagster/column_schema": _columns(stage)},
    )


def _columns(stage: Stage) -> dg.TableSchema:
    def description(metadata: dict[bytes, bytes] | None) -> str:
        return "; ".join(value.decode() for value in (metadata or {}).values())

    return dg.TableSchema(
        [dg.TableColumn(field.name, str(field.type), description(field.metadata) or None) for field in stage.schema]
    )


def _check_spec(check: Check) -> dg.AssetCheckSpec:
    # Partitioned checks are in preview in dagster 1.13: known, and no news to whoever opens the platform.
    warnings.filterwarnings("ignore", "Specifying a partitions_def", dg.PreviewWarning)
    return dg.AssetCheckSpec(
        check.name, asset=check.asset, description=f"{check.description} {check.remedy}", partitions_def=clips
    )
