"""The sensor for new clips, and the report that follows finished runs.

All are off until someone switches them on in the UI. Which runs are asked for is in `run_requests.py`.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import dagster as dg
from dagster import RunsFilter

from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.jobs import Jobs, makes_any
from bachata_assets.orchestration.run_requests import UNFINISHED, find_clips, requests
from bachata_assets.pipeline.stage import Stage
from bachata_assets.settings import Settings

_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def define_sensors(
    jobs: Jobs, settings: Settings, stages: Sequence[Stage], dataset: Dataset
) -> list[dg.SensorDefinition]:
    """Return the sensors."""

    @dg.sensor(
        job=jobs.process,
        minimum_interval_seconds=60,
        description="Finds new, changed and renamed clips and changed annotations, and asks for what they need. It "
        "looks at names, sizes and times only; files that are still being copied wait. A clip that failed for a reason "
        "of its own is asked for again only when its file, its annotation, a model or the code has changed; one that "
        "failed because a disk or the index did not answer, at growing intervals.",
        tags={"makes": "clips"},
    )
    def new_clips(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        sizes = {PurePosixPath(path): size for path, size in json.loads(context.cursor or "{}").items()}
        found = find_clips(context.instance, settings, dataset, sizes)
        waiting = {str(path): size for path, size in found.difference.waiting.items()}
        context.update_cursor(json.dumps(waiting))
        if waiting:
            context.log.info(f"Still being copied, to be taken when it is at rest: {', '.join(sorted(waiting))}")
        for line in found.remarks:
            context.log.warning(line)
        for rename in found.difference.renamed:
            context.log.info(f"Clip {rename.clip_id}: {rename.old} is {rename.new} now")
        yield from requests(context.instance, settings, stages, dataset, found, retry_failed=False)

    return [new_clips, *(_report_after(status, jobs, stages) for status in _ENDED)]


def _report_after(status: dg.DagsterRunStatus, jobs: Jobs, stages: Sequence[Stage]) -> dg.SensorDefinition:
    """Return the sensor that makes the report when a run of clips has ended in this way."""
    names = {stage.name for stage in stages}

    @dg.run_status_sensor(
        name=f"report_after_{status.value.lower()}",
        run_status=status,
        request_job=jobs.report,
        description=f"Makes the report when the last run of clips has ended in {status.value.lower()}.",
    )
    def report_after(context: dg.RunStatusSensorContext) -> dg.RunRequest | None:
        if not makes_any(context.dagster_run, names):
            return None
        if any(makes_any(run, names) for run in context.instance.get_runs(RunsFilter(statuses=UNFINISHED))):
            return None  # the report follows the last of them
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return report_after
