"""Which runs to request, given the status of the clips and the runs already at work.

`pipeline/versions.py` decides what is missing or stale; `sensors.py`, `schedules.py` and `commands/generate.py` decide
when to request runs.
"""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice

import dagster as dg
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Scan, require_registry, scan_clips
from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets.orchestration.partitions import register
from bachata_assets.orchestration.resources import PARTITION, PARTITIONS, PLAIN, RANGE_END, RANGE_START, Names
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Status
from bachata_assets.pipeline.versions import Batch, batches, expected_versions
from bachata_assets.settings import Settings

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
REQUEST_TAG = "bachata_assets/request"
ONLY_MISSING_TAG = "bachata_assets/only_missing"
"""Tag of a run that makes whatever is missing when it starts; a run of a person makes what it was told to."""
TITLE_TAG = "clips"
"""Tag with the clips of a run, for the list of runs."""
RUNS_A_TICK = 20
"""Maximum number of runs that a tick requests: the daemon can launch these in time; the next tick requests more."""
ATTEMPTS = 3
"""Maximum number of attempts at the same clips in the same versions: a run that kills its process must not repeat."""
_FIRST_WAIT_S = 60
_LONGEST_WAIT_S = 3600


def find_clips(instance: DagsterInstance, settings: Settings, dataset: Dataset, names: Names = PLAIN) -> Scan:
    """End orphaned runs, scan the folder, and register the result."""
    end_orphans(instance)
    require_registry(dataset)
    found = scan_clips(settings, dataset, sizes_before={})
    register(instance, dataset, found, names)
    return found


@dataclass(frozen=True)
class Asked:
    """What one tick requests.

    Attributes
    ----------
    waiting : number of batches that wait after an attempt, or for the next tick
    at_work : number of clips in queued and running runs
    """

    requests: tuple[dg.RunRequest, ...]
    waiting: int
    at_work: int

    def why(self, found: Scan, status: Status, *, retry_failed: bool) -> str:
        """Return a summary of the clips, and why not all of them are requested."""
        counts = [
            (len(status.made), "up to date"),
            (len(status.failed), "failed"),
            (len(status.pending) + len(status.not_indexed), "to be made"),
            (len(found.difference.waiting), "still being copied"),
        ]
        said = ", ".join(f"{count} {what}" for count, what in counts if count or what == "up to date")
        reasons = []
        if not found.clips:
            reasons.append(f"there are no videos in {found.folders.videos}")
        if self.at_work:
            reasons.append(f"runs are working on {self.at_work}")
        if self.waiting:
            reasons.append("the rest waits: it was tried recently or too often, or is left to the next tick")
        if status.failed and not retry_failed:
            reasons.append("a failed clip waits until it changes, or for a while if the reason may pass")
        return "; ".join([f"Clips: {said}", *reasons])


def requests(
    instance: DagsterInstance,
    settings: Settings,
    stages: Sequence[Stage],
    found: Scan,
    status: Status,
    *,
    retry_failed: bool,
    job: str | None = None,
    keys: Sequence[str] | None = None,
    names: Names = PLAIN,
) -> Asked:
    """Return the run requests for clips of one tick.

    Parameters
    ----------
    retry_failed : include clips that failed permanently and have not changed since
    job : the job that makes clips, if the caller also requests other jobs
    keys : the partitions, if some of them are not added yet
    """
    keys = instance.get_dynamic_partitions(names.of(PARTITIONS)) if keys is None else keys
    at_work = clips_at_work(instance, names, keys)
    planned = plan(status, keys, at_most=settings.clips_per_run, retry_failed=retry_failed, spare=at_work)
    every = (
        _request(instance, batch, found, stages, status, names, retry_failed=retry_failed, job=job) for batch in planned
    )
    # Until the first run has set the limit of its pool, several runs would start at once.
    at_most = RUNS_A_TICK if dagster_internals.is_limited(instance, names.pool) else 1
    asked = tuple(islice(filter(None, every), at_most))
    return Asked(asked, len(planned) - len(asked), len(at_work & status.todo.keys()))


def _request(
    instance: DagsterInstance,
    batch: Batch,
    found: Scan,
    stages: Sequence[Stage],
    status: Status,
    names: Names,
    *,
    retry_failed: bool,
    job: str | None,
) -> dg.RunRequest | None:
    """Return the run request for a batch, None while it is not due."""
    identity = names.of(request_of(batch, found.clips, stages))
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
        asset_selection=[names.key(name) for name in sorted(batch.stages)],
        tags={**run_tags(batch), REQUEST_TAG: identity},
    )


def plan(
    status: Status, keys: Sequence[str], *, at_most: int, retry_failed: bool, spare: Set[str] = frozenset()
) -> list[Batch]:
    """Return the runs that bring all clips up to date.

    Parameters
    ----------
    keys : the partitions, in order
    at_most : maximum number of clips in a run
    retry_failed : include clips that failed permanently and have not changed since
    spare : clips to leave out
    """
    left_out = set() if retry_failed else {clip.clip_id for clip in status.failed if not clip.failure.transient}
    left_out |= spare
    todo = {clip_id: stages for clip_id, stages in status.todo.items() if clip_id not in left_out}
    return batches(todo, keys, at_most)


def run_tags(batch: Batch) -> dict[str, str]:
    """Return the tags of a run that makes what these clips lack; their partition keys are a contiguous range."""
    return {
        ONLY_MISSING_TAG: "true",
        RANGE_START: batch.clip_ids[0],
        RANGE_END: batch.clip_ids[-1],
        TITLE_TAG: title(batch.clip_ids),
    }


def title(clip_ids: Sequence[str]) -> str:
    """Return the title of a run of these clips in the list of runs."""
    first, last, count = clip_ids[0], clip_ids[-1], len(clip_ids)
    return first if count == 1 else f"{first} … {last}, {count} clips"


def clips_at_work(instance: DagsterInstance, names: Names = PLAIN, partitions: Sequence[str] | None = None) -> set[str]:
    """Return the clips of queued and running runs.

    Parameters
    ----------
    partitions : partitions of the clips; None: query Dagster
    """
    keys = instance.get_dynamic_partitions(names.of(PARTITIONS)) if partitions is None else partitions
    position = {key: number for number, key in enumerate(keys)}
    busy: set[str] = set()
    for run in instance.get_runs(RunsFilter(statuses=UNFINISHED)):
        if run.asset_selection and not any(map(names.owns, run.asset_selection)):
            continue  # a run of another collection
        single = run.tags.get(PARTITION)
        first = run.tags.get(RANGE_START, single)
        last = run.tags.get(RANGE_END, single)
        if first in position and last in position:
            busy.update(keys[position[first] : position[last] + 1])
    return busy


def request_of(batch: Batch, clips: Mapping[str, Clip], stages: Sequence[Stage]) -> str:
    """Return the identity of a request: equal for the same clips in the same versions."""
    wanted = {clip_id: expected_versions(stages, clips[clip_id].versions) for clip_id in batch.clip_ids}
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:16]


def due_attempt(instance: DagsterInstance, request: str, *, transient: bool, now_s: float) -> int | None:
    """Return which attempt at a request is due now, counted from 0; None if it must wait or was tried too often.

    Parameters
    ----------
    transient : its clips failed for a reason that may pass: requested without limit, at doubling intervals
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
