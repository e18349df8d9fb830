"""Which runs are asked for, given the status of the clips and what is already at work.

What is missing or stale is decided in `pipeline/versions.py`; when runs are asked for, in `sensors.py`, `schedules.py`
and `commands/generate.py`.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

import dagster as dg
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Scan, require_registry, scan_clips
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets.orchestration.partitions import PARTITIONS, register
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Status
from bachata_assets.pipeline.versions import Batch, batches, expected_versions
from bachata_assets.settings import Settings

_PARTITION = "dagster/partition"
_RANGE_START = "dagster/asset_partition_range_start"
_RANGE_END = "dagster/asset_partition_range_end"
"""Tags that say which partitions a run takes, as Dagster documents them."""

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
REQUEST_TAG = "bachata_assets/request"
ONLY_MISSING_TAG = "bachata_assets/only_missing"
"""On a run that is to make what is missing when it begins; a person's own run makes what it was told to."""
RUNS_A_TICK = 20
"""Most runs that one tick asks for: the daemon launches them within its time, the next tick asks for more."""
ATTEMPTS = 3
"""Most attempts at the same clips in the same versions: a run that kills its process must not go on for ever."""
_FIRST_WAIT_S = 60
_LONGEST_WAIT_S = 3600


def find_clips(
    instance: DagsterInstance, settings: Settings, dataset: Dataset, sizes_before: Mapping[PurePosixPath, int]
) -> Scan:
    """End the runs that were left behind, list the folder, and keep what was found."""
    end_orphans(instance)
    require_registry(dataset)
    found = scan_clips(settings, dataset, sizes_before=sizes_before)
    register(instance, dataset, found)
    return found


def requests(
    instance: DagsterInstance,
    settings: Settings,
    stages: Sequence[Stage],
    found: Scan,
    status: Status,
    *,
    retry_failed: bool,
    job: str | None = None,
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Yield the requests for clips of one tick, or why there is none.

    Parameters
    ----------
    retry_failed : also for those that failed permanently and have not changed since
    job : that makes clips, where whoever asks asks for other jobs too
    """
    planned = plan(instance, status, at_most=settings.clips_per_run, retry_failed=retry_failed, spare=True)
    asked = 0
    for batch in planned:
        request = _request(instance, batch, found, stages, status, retry_failed=retry_failed, job=job)
        if request and asked < RUNS_A_TICK:
            asked += 1
            yield request
    if not asked:
        waiting = len(status.pending) + len(status.not_indexed)
        yield dg.SkipReason(
            f"Clips: {len(status.made)} up to date, {len(status.failed)} failed, {waiting} to be "
            f"made, {len(found.difference.waiting)} still being copied; what can be made is at work or was tried"
        )


def _request(
    instance: DagsterInstance,
    batch: Batch,
    found: Scan,
    stages: Sequence[Stage],
    status: Status,
    *,
    retry_failed: bool,
    job: str | None,
) -> dg.RunRequest | None:
    """Return the request for a batch, None while it is not due."""
    identity = request_of(batch, found.clips, stages)
    run_key = None
    if not retry_failed:
        transient = any(clip.failure.transient for clip in status.failed if clip.clip_id in batch.clip_ids)
        attempt = due_attempt(instance, identity, transient=transient, now_s=time.time())
        if attempt is None:
            return None
        run_key = f"{identity}-{attempt}"
    return dg.RunRequest(
        run_key=run_key,
        job_name=job,
        asset_selection=[dg.AssetKey(name) for name in sorted(batch.stages)],
        tags={**run_tags(batch), REQUEST_TAG: identity},
    )


def plan(
    instance: DagsterInstance, status: Status, *, at_most: int, retry_failed: bool, spare: bool = False
) -> list[Batch]:
    """Return the runs that bring all clips up to date.

    Parameters
    ----------
    at_most : clips in a run
    retry_failed : also those that failed permanently and have not changed since
    spare : leave out clips that an unfinished run is at work on
    """
    keys = instance.get_dynamic_partitions(PARTITIONS)
    left_out = set() if retry_failed else {clip.clip_id for clip in status.failed if not clip.failure.transient}
    if spare:
        left_out |= clips_at_work(instance, keys)
    todo = {clip_id: stages for clip_id, stages in status.todo.items() if clip_id not in left_out}
    return batches(todo, keys, at_most)


def run_tags(batch: Batch) -> dict[str, str]:
    """Return the tags that make a run take what is missing of these clips: a contiguous range of partition keys."""
    return {
        ONLY_MISSING_TAG: "true",
        _RANGE_START: batch.clip_ids[0],
        _RANGE_END: batch.clip_ids[-1],
    }


def clips_at_work(instance: DagsterInstance, keys: Sequence[str]) -> set[str]:
    """Return the clips that runs which are queued or going on will take."""
    position = {key: number for number, key in enumerate(keys)}
    busy: set[str] = set()
    for run in instance.get_runs(RunsFilter(statuses=UNFINISHED)):
        single = run.tags.get(_PARTITION)
        first = run.tags.get(_RANGE_START, single)
        last = run.tags.get(_RANGE_END, single)
        if first in position and last in position:
            busy.update(keys[position[first] : position[last] + 1])
    return busy


def request_of(batch: Batch, clips: Mapping[str, Clip], stages: Sequence[Stage]) -> str:
    """Return what identifies a request: the same clips in the same versions have the same."""
    wanted = {clip_id: expected_versions(stages, clips[clip_id].versions) for clip_id in batch.clip_ids}
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:16]


def due_attempt(instance: DagsterInstance, request: str, *, transient: bool, now_s: float) -> int | None:
    """Return which attempt at a request is due now, counted from 0; None when it is to wait or was made too often.

    Parameters
    ----------
    transient : clips of it failed for a reason that may pass: asked for without end, at doubling intervals
    """
    asked = RunsFilter(tags={REQUEST_TAG: request})
    attempt = instance.get_runs_count(asked)
    if attempt == 0:
        return 0
    if not transient:
        return attempt if attempt < ATTEMPTS else None
    (last,) = instance.get_run_records(asked, limit=1)
    wait_s = min(_FIRST_WAIT_S * 2.0 ** (attempt - 1), _LONGEST_WAIT_S)
    return attempt if now_s - last.create_timestamp.timestamp() >= wait_s else None
