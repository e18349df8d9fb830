"""The sensor for new clips, and the report that follows finished runs.

All are off until someone switches them on in the UI. Which runs are asked for is in `run_requests.py`.
"""

import hashlib
import json
import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import dagster as dg
from dagster import DagsterInstance, RunsFilter

from bachata_assets.collection.scan import Scan
from bachata_assets.orchestration.history import History
from bachata_assets.orchestration.jobs import FILL_JOB, PROCESS_JOB, REPORT_JOB, Jobs, makes_any
from bachata_assets.orchestration.run_requests import REQUEST_TAG, UNFINISHED, due_attempt, find_clips, requests
from bachata_assets.pipeline.index_level import has_lost_documents
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Status
from bachata_assets.pipeline.tools import Tools
from bachata_assets.report.content import damaged_reports
from bachata_assets.search.errors import SearchError
from bachata_assets.settings import Settings

_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def define_sensors(jobs: Jobs, settings: Settings, stages: Sequence[Stage], tools: Tools) -> list[dg.SensorDefinition]:
    """Return the sensors."""
    # Dagster 1.13 gives every sensor of several jobs an empty `owners`, and warns that this parameter is in beta.
    warnings.filterwarnings("ignore", "Parameter `owners` of initializer", dg.BetaWarning)

    @dg.sensor(
        jobs=[jobs.process, jobs.report, jobs.fill],
        minimum_interval_seconds=60,
        description="Finds new, changed and renamed clips and changed annotations, and asks for what they need. It "
        "looks at names, sizes and times only; files that are still being copied wait. A clip that failed for a reason "
        "of its own is asked for again only when its file, its annotation, a model or the code has changed; one that "
        "failed because a disk or the index did not answer, at growing intervals. Tables, reports and documents that "
        "were lost or damaged are noticed, too.",
        tags={"makes": "clips"},
    )
    def new_clips(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        sizes = {PurePosixPath(path): size for path, size in json.loads(context.cursor or "{}").items()}
        found = find_clips(context.instance, settings, tools.dataset, sizes)
        waiting = {str(path): size for path, size in found.difference.waiting.items()}
        context.update_cursor(json.dumps(waiting))
        if waiting:
            context.log.info(f"Still being copied, to be taken when it is at rest: {', '.join(sorted(waiting))}")
        for line in found.remarks:
            context.log.warning(line)
        for rename in found.difference.renamed:
            context.log.info(f"Clip {rename.clip_id}: {rename.old} is {rename.new} now")
        history = History.read(context.instance, tools.dataset, stages)
        for name, why in history.damaged.items():
            context.log.warning(f"{tools.dataset.path(name)} is damaged ({why}): it is made again")
        status = Status.of(found.clips, stages, history.stages, history.reason_of)
        mending = list(_mending_requests(context.instance, tools, found, status))
        for one in mending:
            if isinstance(one, str):
                context.log.warning(one)
            else:
                context.log.warning(f"Lost or damaged; {one.job_name} mends it")
                yield one
        for request in requests(context.instance, settings, stages, found, status, retry_failed=False, job=PROCESS_JOB):
            if isinstance(request, dg.RunRequest) or not mending:
                yield request

    return [new_clips, *(_report_after(status, jobs, stages) for status in _ENDED)]


def _mending_requests(
    instance: DagsterInstance, tools: Tools, found: Scan, status: Status
) -> Iterator[dg.RunRequest | str]:
    """Yield the requests for what is made of all clips together and was lost or damaged, or why nothing can be said."""
    try:
        if has_lost_documents(tools.dataset, tools.search, found, status):
            yield from _mending(instance, FILL_JOB, sorted(found.clips))
    except SearchError as error:
        yield f"Whether the index holds what was sent cannot be said: {error}"
    damaged = damaged_reports(tools.dataset) if "report_files" in tools.dataset.collection() else []
    if damaged:
        yield from _mending(instance, REPORT_JOB, damaged)


def _mending(instance: DagsterInstance, job: str, what: Sequence[str]) -> Iterator[dg.RunRequest]:
    """Yield the request for a job, unless it is at work or was asked for a short time ago."""
    if instance.get_runs_count(RunsFilter(job_name=job, statuses=UNFINISHED)):
        return
    identity = hashlib.sha256(json.dumps([job, *what]).encode()).hexdigest()[:16]
    attempt = due_attempt(instance, identity, transient=True, now_s=time.time())
    if attempt is not None:
        yield dg.RunRequest(run_key=f"{identity}-{attempt}", job_name=job, tags={REQUEST_TAG: identity})


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
