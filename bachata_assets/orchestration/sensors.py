"""The sensor for new clips, and the report that follows finished runs.

All are off until someone switches them on in the UI. Which runs are asked for is in `run_requests.py`.
"""

import hashlib
import json
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import dagster as dg
from dagster import DagsterInstance, RunsFilter

from bachata_assets.collection.scan import Scan, known_files, require_registry, scan_clips
from bachata_assets.orchestration.clip_events import observations
from bachata_assets.orchestration.history import History
from bachata_assets.orchestration.jobs import FILL_JOB, LOOK_JOB, PROCESS_JOB, REPORT_JOB, Jobs, makes_any
from bachata_assets.orchestration.partitions import Moves, folder_events, invented
from bachata_assets.orchestration.resources import PARTITIONS, Names
from bachata_assets.orchestration.run_requests import REQUEST_TAG, UNFINISHED, due_attempt, requests
from bachata_assets.pipeline.index_level import has_lost_documents
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Status
from bachata_assets.pipeline.tools import Tools
from bachata_assets.report.content import damaged_reports
from bachata_assets.search.errors import SearchError
from bachata_assets.settings import Settings

NEW_CLIPS_A_TICK = 1000
"""Most clips that one tick adds: each is stored with two events, by the daemon that runs all sensors."""
SHOWN = 10
"""Most names in one line of a tick."""
_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


def define_sensors(
    jobs: Jobs, settings: Settings, stages: Sequence[Stage], tools: Tools, names: Names
) -> list[dg.SensorDefinition]:
    """Return the sensors."""
    # Dagster 1.13 gives every sensor of several jobs an empty `owners`, and warns that this parameter is in beta.
    warnings.filterwarnings("ignore", "Parameter `owners` of initializer", dg.BetaWarning)

    @dg.sensor(
        name=names.of("new_clips"),
        jobs=[jobs.process, jobs.report, jobs.fill, jobs.look],
        minimum_interval_seconds=60,
        description="Finds new, changed and renamed clips and changed annotations, and asks for what they need. It "
        "looks at names, sizes and times only; files that are still being copied wait. A clip that failed for a reason "
        "of its own is asked for again only when its file, its annotation, a model or the code has changed; one that "
        "failed because a disk or the index did not answer, at growing intervals. Tables, reports and documents that "
        "were lost or damaged are noticed, too.",
        tags={"makes": "clips"},
    )
    def new_clips(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        sizes = {PurePosixPath(path): size for path, size in json.loads(context.cursor or "{}").items()}
        looked = look(context.instance, settings, stages, tools, sizes, names)
        for line in looked.warnings:
            context.log.warning(line)
        context.log.info(looked.summary)
        return dg.SensorResult(
            run_requests=looked.requests,
            skip_reason=None if looked.requests else looked.summary,
            cursor=json.dumps({str(path): size for path, size in looked.waiting.items()}),
            dynamic_partitions_requests=[
                *([names.clips.build_add_request(looked.new)] if looked.new else []),
                *([names.clips.build_delete_request(looked.no_clips)] if looked.no_clips else []),
            ],
            asset_events=looked.events,
        )

    return [new_clips, *(_report_after(status, jobs, stages, names) for status in _ENDED)]


@dataclass(frozen=True)
class Looked:
    """What one look at the folder, the tables and the index found. Nothing was written down.

    Attributes
    ----------
    new : clips without a partition, in the order of their partitions
    no_clips : partitions that are no clip's
    events : what Dagster does not know of the files and annotations
    waiting : path -> size of the files that may still be being copied
    warnings : lines for a person
    summary : what the clips are, what waits, and why nothing more is asked for
    """

    requests: list[dg.RunRequest]
    new: list[str]
    no_clips: list[str]
    events: list[dg.AssetObservation | dg.AssetMaterialization]
    waiting: Mapping[PurePosixPath, int]
    warnings: list[str]
    summary: str


def look(
    instance: DagsterInstance,
    settings: Settings,
    stages: Sequence[Stage],
    tools: Tools,
    sizes_before: Mapping[PurePosixPath, int],
    names: Names,
) -> Looked:
    """Compare the folder with what is known, and say what is to be done about it.

    The registry is written by the runs that are asked for, and the partitions and events by Dagster: a test of the
    sensor in the UI changes nothing.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError, DamagedError
        When nothing can be said.
    """
    dataset = tools.dataset
    require_registry(dataset)
    known = known_files(dataset)
    found = scan_clips(settings, dataset, sizes_before=sizes_before)
    registered = instance.get_dynamic_partitions(names.of(PARTITIONS))
    no_clips = invented(found, registered)
    keys = [key for key in registered if key not in no_clips]
    partitions = set(keys)
    every_new = [clip_id for clip_id in found.clips if clip_id not in partitions]
    new, left = every_new[:NEW_CLIPS_A_TICK], every_new[NEW_CLIPS_A_TICK:]
    found = found.only(found.difference.files.keys() - set(left))
    history = History.read(instance, dataset, stages, names=names)
    status = Status.of(found.clips, stages, history.stages, history.reason_of)
    warnings = list(found.remarks)
    warnings += (f"{dataset.path(name)} is damaged ({why}): it is made again" for name, why in history.damaged.items())
    warnings += (f"Partition {key} is no clip of the folder: it is taken out" for key in no_clips)
    moves = Moves.of(known, found.difference)
    mending: list[dg.RunRequest] = []
    if moves.gone | moves.back:
        mending += _mending(instance, names.of(LOOK_JOB), sorted(moves.told))
    for one in _mending_requests(instance, tools, found, status, names):
        if isinstance(one, str):
            warnings.append(one)
        else:
            warnings.append(f"Lost or damaged; {one.job_name} mends it")
            mending.append(one)
    asked = requests(
        instance,
        settings,
        stages,
        found,
        status,
        retry_failed=False,
        job=names.of(PROCESS_JOB),
        keys=[*keys, *new],
        names=names,
    )
    copied = ", ".join(map(str, sorted(found.difference.waiting)[:SHOWN]))
    lines = [
        asked.why(found, status, retry_failed=False),
        f"New: {len(new)} ({', '.join(new[:SHOWN])})" if new else "",
        f"{len(left)} more are left to the next tick" if left else "",
        f"Still being copied, to be taken when they are at rest: {copied}" if copied else "",
        *moves.told[:SHOWN],
    ]
    return Looked(
        [*mending, *asked.requests],
        new,
        no_clips,
        [*observations(instance, found.clips, names=names), *folder_events(instance, found, new, names)],
        found.difference.waiting,
        warnings,
        ". ".join(filter(None, lines)),
    )


def _mending_requests(
    instance: DagsterInstance, tools: Tools, found: Scan, status: Status, names: Names
) -> Iterator[dg.RunRequest | str]:
    """Yield the requests for what is made of all clips together and was lost or damaged, or why nothing can be said."""
    try:
        if has_lost_documents(tools.dataset, tools.search, found, status):
            yield from _mending(instance, names.of(FILL_JOB), sorted(found.clips))
    except SearchError as error:
        yield f"Whether the index holds what was sent cannot be said: {error}"
    damaged = damaged_reports(tools.dataset) if "report_files" in tools.dataset.collection() else []
    if damaged:
        yield from _mending(instance, names.of(REPORT_JOB), damaged)


def _mending(instance: DagsterInstance, job: str, what: Sequence[str]) -> Iterator[dg.RunRequest]:
    """Yield the request for a job, unless it is at work or was asked for a short time ago."""
    if instance.get_runs_count(RunsFilter(job_name=job, statuses=UNFINISHED)):
        return
    identity = hashlib.sha256(json.dumps([job, *what]).encode()).hexdigest()[:16]
    attempt = due_attempt(instance, identity, transient=True, now_s=time.time())
    if attempt is not None:
        yield dg.RunRequest(run_key=f"{identity}-{attempt}", job_name=job, tags={REQUEST_TAG: identity})


def _report_after(
    status: dg.DagsterRunStatus, jobs: Jobs, stages: Sequence[Stage], names: Names
) -> dg.SensorDefinition:
    """Return the sensor that makes the report when a run of clips has ended in this way."""
    made = {stage.name for stage in stages}

    @dg.run_status_sensor(
        name=names.of(f"report_after_{status.value.lower()}"),
        run_status=status,
        request_job=jobs.report,
        description=f"Makes the report when the last run of clips has ended in {status.value.lower()}.",
    )
    def report_after(context: dg.RunStatusSensorContext) -> dg.RunRequest | None:
        if not makes_any(context.dagster_run, made, names):
            return None
        if any(makes_any(run, made, names) for run in context.instance.get_runs(RunsFilter(statuses=UNFINISHED))):
            return None  # the report follows the last of them
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return report_after
