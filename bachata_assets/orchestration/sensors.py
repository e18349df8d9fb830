"""The sensor for new clips, and the sensors that make the report after finished runs.

All are off until a user switches them on in the UI. `run_requests.py` decides which runs to request.
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
"""Maximum number of clips that a tick adds: the daemon, which runs all sensors, stores each with two events."""
SHOWN = 10
"""Maximum number of names in a line of a tick."""
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
        description="Finds new, changed and renamed clips and changed annotations, and requests the runs that they "
        "need. It reads only names, sizes and times; files that are still being copied wait. It requests a clip that "
        "failed because of itself again only after its file, its annotation, a model or the code has changed. A clip "
        "that failed because a disk or the index did not answer is requested again at growing intervals. The sensor "
        "also notices lost or damaged tables, reports and documents.",
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
    """The result of one look at the folder, the tables and the index, which stored nothing.

    Attributes
    ----------
    new : clips without a partition, in the order of their partitions
    no_clips : partitions without a clip
    events : what Dagster does not know about the files and annotations
    waiting : path -> size of files that may still be copied
    warnings : messages for the user
    summary : counts of the clips, what waits, and why nothing more is requested
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
    """Compare the folder with what is known, and return what to do about the differences.

    The requested runs write the registry, and Dagster the partitions and events: testing the sensor in the UI changes
    nothing.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError, DamagedError
        If the folder, the annotations or the data dir cannot be read.
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
        f"Still being copied, so left for later: {copied}" if copied else "",
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
    """Yield the run requests for lost or damaged results over all clips, or why their state is unknown."""
    try:
        if has_lost_documents(tools.dataset, tools.search, found, status):
            yield from _mending(instance, names.of(FILL_JOB), sorted(found.clips))
    except SearchError as error:
        yield f"Cannot tell whether the index holds what was sent: {error}"
    damaged = damaged_reports(tools.dataset) if "report_files" in tools.dataset.collection() else []
    if damaged:
        yield from _mending(instance, names.of(REPORT_JOB), damaged)


def _mending(instance: DagsterInstance, job: str, what: Sequence[str]) -> Iterator[dg.RunRequest]:
    """Yield the run request for a job, unless it is running or was requested recently."""
    if instance.get_runs_count(RunsFilter(job_name=job, statuses=UNFINISHED)):
        return
    identity = hashlib.sha256(json.dumps([job, *what]).encode()).hexdigest()[:16]
    attempt = due_attempt(instance, identity, transient=True, now_s=time.time())
    if attempt is not None:
        yield dg.RunRequest(run_key=f"{identity}-{attempt}", job_name=job, tags={REQUEST_TAG: identity})


def _report_after(
    status: dg.DagsterRunStatus, jobs: Jobs, stages: Sequence[Stage], names: Names
) -> dg.SensorDefinition:
    """Return the sensor that makes the report after a run of clips ends with this status."""
    made = {stage.name for stage in stages}

    @dg.run_status_sensor(
        name=names.of(f"report_after_{status.value.lower()}"),
        run_status=status,
        request_job=jobs.report,
        description=f"Makes the report after the last run of clips ends in {status.value.lower()}.",
    )
    def report_after(context: dg.RunStatusSensorContext) -> dg.RunRequest | None:
        if not makes_any(context.dagster_run, made, names):
            return None
        if any(makes_any(run, made, names) for run in context.instance.get_runs(RunsFilter(statuses=UNFINISHED))):
            return None  # the report follows the last of them
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return report_after
