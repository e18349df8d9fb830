"""Jobs, the sensor for new clips, the nightly schedule, and the report that follows finished runs.

All are off until someone switches them on in the UI. What has to be made is `provenance.py`'s answer.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from dagster import DagsterInstance
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from bachata_assets import collection
from bachata_assets.orphans import end_orphans
from bachata_assets.planning import ATTEMPTS, REQUEST_TAG, attempts, plan, range_tags, request_of
from bachata_assets.resources.dataset import Dataset
from bachata_assets.settings import Settings
from bachata_assets.stages import Stage
from bachata_assets.standing import Standing

PROCESS_JOB = "process_clips"
REPORT_JOB = "make_report"

_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)


def automation(settings: Settings, stages: Sequence[Stage], dataset: Dataset) -> dict[str, Any]:
    """Return jobs, sensors and schedules, as keyword arguments of `dg.Definitions`."""
    process = dg.define_asset_job(
        PROCESS_JOB,
        selection=[stage.name for stage in stages],
        description="Everything that is made of single clips.",
    )
    report = dg.define_asset_job(
        REPORT_JOB,
        selection=["embeddings", "report"],
        description="The table over all clips, and the report.",
    )

    @dg.sensor(
        job=process,
        minimum_interval_seconds=60,
        description="Finds new and changed clips and annotations, and asks for what they need. A clip that failed is "
        "asked for again only when its file, its annotation, a model or the code has changed.",
    )
    def new_clips(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        yield from _requests(context.instance, settings, stages, dataset, retry_failed=False)

    @dg.schedule(
        job=process,
        cron_schedule=settings.nightly_cron,
        description="Asks for all that is missing or stale, failed clips included.",
    )
    def process_missing_clips(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        yield from _requests(context.instance, settings, stages, dataset, retry_failed=True)

    return {
        "jobs": [process, report],
        "sensors": [new_clips, *(_report_after(status, process, report) for status in _ENDED)],
        "schedules": [process_missing_clips],
    }


def _report_after(
    status: dg.DagsterRunStatus, process: UnresolvedAssetJobDefinition, report: UnresolvedAssetJobDefinition
) -> dg.SensorDefinition:
    """Return the sensor that makes the report when a run of clips has ended in this way."""

    @dg.run_status_sensor(
        name=f"report_after_{status.value.lower()}",
        run_status=status,
        monitored_jobs=[process],
        request_job=report,
        description="Makes the report when a run of clips has ended.",
    )
    def report_after(context: dg.RunStatusSensorContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return report_after


def _requests(
    instance: DagsterInstance,
    settings: Settings,
    stages: Sequence[Stage],
    dataset: Dataset,
    *,
    retry_failed: bool,
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    end_orphans(instance)
    found = collection.look(settings, dataset)
    collection.register(instance, found)
    standing = Standing.of(found, stages, instance, dataset)
    planned = plan(instance, standing, at_most=settings.clips_per_run, retry_failed=retry_failed, spare=True)
    if not planned:
        counts = f"{len(standing.made)} clips are up to date, {len(standing.failed)} failed"
        yield dg.SkipReason(f"{counts}, {len(standing.todo)} are to be made; those that can be are at work already")
    for batch in planned:
        request = request_of(batch, found.clips, stages)
        attempt = attempts(instance, request)
        if retry_failed or attempt < ATTEMPTS:
            yield dg.RunRequest(
                run_key=None if retry_failed else f"{request}-{attempt}",
                asset_selection=[dg.AssetKey(name) for name in sorted(batch.stages)],
                tags={**range_tags(batch), REQUEST_TAG: request},
            )
