"""The sensor for new clips, the schedules, and the report that follows finished runs; the jobs are in `orchestration/jobs.py`.

All are off until someone switches them on in the UI. What has to be made is `pipeline/versions.py`'s answer.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import dagster as dg
from dagster import DagsterInstance, RunsFilter

from bachata_assets.collection import scan as collection
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Collection
from bachata_assets.orchestration.jobs import Job, jobs, makes_any
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets.orchestration.run_requests import REQUEST_TAG, UNFINISHED, due_attempt, plan, request_of, run_tags
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Standing
from bachata_assets.pipeline.versions import Batch
from bachata_assets.settings import Settings

_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
RUNS_A_TICK = 20
"""Runs that one tick asks for at most: the daemon launches them within its time, the next tick asks for more."""


def automation(settings: Settings, stages: Sequence[Stage], dataset: Dataset) -> dict[str, Any]:
    """Return jobs, sensors and schedules, as keyword arguments of `dg.Definitions`."""
    process, report, prune = jobs(stages, settings)

    @dg.sensor(
        job=process,
        minimum_interval_seconds=60,
        description="Finds new, changed and renamed clips and changed annotations, and asks for what they need. It "
        "looks at names, sizes and times only; files that are still being copied wait. A clip that failed for a reason "
        "of its own is asked for again only when its file, its annotation, a model or the code has changed; one that "
        "failed because a disk or the index did not answer, at growing intervals.",
        tags={"makes": "clips"},
    )
    def new_clips(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        sizes = json.loads(context.cursor or "{}")
        found = _find(context.instance, settings, dataset, {PurePosixPath(path): size for path, size in sizes.items()})
        waiting = {str(path): size for path, size in found.difference.waiting.items()}
        context.update_cursor(json.dumps(waiting))
        if waiting:
            context.log.info(f"Still being copied, to be taken when it is at rest: {', '.join(sorted(waiting))}")
        for rename in found.difference.renamed:
            context.log.info(f"Clip {rename.clip_id}: {rename.old} is {rename.new} now")
        yield from _requests(context.instance, settings, stages, dataset, found, retry_failed=False)

    @dg.schedule(
        job=process,
        cron_schedule=settings.nightly_cron,
        description="Every night (BACHATA_NIGHTLY_CRON): asks for all that is missing or stale, failed clips included.",
        tags={"makes": "clips"},
    )
    def process_missing_clips(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        found = _find(context.instance, settings, dataset, {})
        yield from _requests(context.instance, settings, stages, dataset, found, retry_failed=True)

    full_report = dg.ScheduleDefinition(
        "full_report",
        job=report,
        cron_schedule=settings.report_cron,
        description="Every week (BACHATA_REPORT_CRON): makes the table over all clips and the report, with all checks.",
        tags={"makes": "report"},
    )
    return {
        "jobs": [process, report, prune],
        "sensors": [new_clips, *(_report_after(status, stages, report) for status in _ENDED)],
        "schedules": [process_missing_clips, full_report],
    }


def _report_after(status: dg.DagsterRunStatus, stages: Sequence[Stage], report: Job) -> dg.SensorDefinition:
    """Return the sensor that makes the report when a run of clips has ended in this way."""
    names = {stage.name for stage in stages}

    @dg.run_status_sensor(
        name=f"report_after_{status.value.lower()}",
        run_status=status,
        request_job=report,
        description=f"Makes the report when the last run of clips has ended in {status.value.lower()}.",
    )
    def report_after(context: dg.RunStatusSensorContext) -> dg.RunRequest | None:
        if not makes_any(context.dagster_run, names):
            return None
        if any(makes_any(run, names) for run in context.instance.get_runs(RunsFilter(statuses=UNFINISHED))):
            return None  # the report follows the last of them
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return report_after


def _find(
    instance: DagsterInstance, settings: Settings, dataset: Dataset, sizes_before: Mapping[PurePosixPath, int]
) -> Collection:
    """End the runs that were left behind, look at the folder, and keep what was found."""
    end_orphans(instance)
    found = collection.look(settings, dataset, sizes_before=sizes_before)
    collection.register(instance, dataset, found)
    return found


def _requests(
    instance: DagsterInstance,
    settings: Settings,
    stages: Sequence[Stage],
    dataset: Dataset,
    found: Collection,
    *,
    retry_failed: bool,
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    standing = Standing.of(found, stages, instance, dataset)
    planned = plan(instance, standing, at_most=settings.clips_per_run, retry_failed=retry_failed, spare=True)
    asked = 0
    for batch in planned:
        request = _request(instance, batch, found, stages, standing, retry_failed=retry_failed)
        if request and asked < RUNS_A_TICK:
            asked += 1
            yield request
    if not asked:
        yield dg.SkipReason(
            f"Clips: {len(standing.made)} up to date, {len(standing.failed)} failed, {len(standing.pending)} to be "
            f"made, {len(found.difference.waiting)} still being copied; what can be made is at work or was tried"
        )


def _request(
    instance: DagsterInstance,
    batch: Batch,
    found: Collection,
    stages: Sequence[Stage],
    standing: Standing,
    *,
    retry_failed: bool,
) -> dg.RunRequest | None:
    """Return the request for a batch, None while it is not due."""
    identity = request_of(batch, found.clips, stages)
    run_key = None
    if not retry_failed:
        may_pass = any(clip.passing for clip in standing.failed if clip.clip_id in batch.clip_ids)
        attempt = due_attempt(instance, identity, may_pass=may_pass, now_s=time.time())
        if attempt is None:
            return None
        run_key = f"{identity}-{attempt}"
    return dg.RunRequest(
        run_key=run_key,
        asset_selection=[dg.AssetKey(name) for name in sorted(batch.stages)],
        tags={**run_tags(batch), REQUEST_TAG: identity},
    )
