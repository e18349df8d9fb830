"""Which runs are to be asked for, given how the clips stand and what is already at work.

What is missing or stale is `pipeline/versions.py`'s answer; who asks, and when, is `orchestration/automation.py`'s and `commands/generate.py`'s.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from dagster import DagsterInstance, DagsterRunStatus, RunsFilter
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from bachata_assets.collection.scan import PARTITIONS
from bachata_assets.pipeline.stage import Clip, Stage
from bachata_assets.pipeline.status import Standing
from bachata_assets.pipeline.versions import Batch, batches, expected_versions

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
ATTEMPTS = 3
"""How often the same clips in the same versions are asked for: a run that kills its process must not go on for ever."""
_FIRST_WAIT_S = 60
_LONGEST_WAIT_S = 3600


def plan(
    instance: DagsterInstance, standing: Standing, *, at_most: int, retry_failed: bool, spare: bool = False
) -> list[Batch]:
    """Return the runs that bring all clips up to date.

    Parameters
    ----------
    at_most : clips in a run
    retry_failed : also those that failed permanently and have not changed since
    spare : leave out clips that an unfinished run is at work on
    """
    keys = instance.get_dynamic_partitions(PARTITIONS)
    left_out = set() if retry_failed else {clip.clip_id for clip in standing.failed if not clip.passing}
    if spare:
        left_out |= clips_at_work(instance, keys)
    todo = {clip_id: stages for clip_id, stages in standing.todo.items() if clip_id not in left_out}
    return batches(todo, keys, at_most)


def run_tags(batch: Batch) -> dict[str, str]:
    """Return the tags that make a run take what is missing of these clips: a contiguous range of partition keys."""
    return {
        ONLY_MISSING_TAG: "true",
        ASSET_PARTITION_RANGE_START_TAG: batch.clip_ids[0],
        ASSET_PARTITION_RANGE_END_TAG: batch.clip_ids[-1],
    }


def clips_at_work(instance: DagsterInstance, keys: Sequence[str]) -> set[str]:
    """Return the clips that runs which are queued or going on will take."""
    position = {key: number for number, key in enumerate(keys)}
    busy: set[str] = set()
    for run in instance.get_runs(RunsFilter(statuses=UNFINISHED)):
        single = run.tags.get(PARTITION_NAME_TAG)
        first = run.tags.get(ASSET_PARTITION_RANGE_START_TAG, single)
        last = run.tags.get(ASSET_PARTITION_RANGE_END_TAG, single)
        if first in position and last in position:
            busy.update(keys[position[first] : position[last] + 1])
    return busy


def request_of(batch: Batch, clips: Mapping[str, Clip], stages: Sequence[Stage]) -> str:
    """Return what identifies a request: the same clips in the same versions have the same."""
    wanted = {clip_id: expected_versions(stages, clips[clip_id].versions) for clip_id in batch.clip_ids}
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()[:16]


def due_attempt(instance: DagsterInstance, request: str, *, may_pass: bool, now_s: float) -> int | None:
    """Return which attempt at a request is due now, counted from 0; None when it is to wait or was made too often.

    Parameters
    ----------
    may_pass : clips of it failed for a reason that may pass: asked for without end, at doubling intervals
    """
    asked = RunsFilter(tags={REQUEST_TAG: request})
    attempt = instance.get_runs_count(asked)
    if attempt == 0:
        return 0
    if not may_pass:
        return attempt if attempt < ATTEMPTS else None
    (last,) = instance.get_run_records(asked, limit=1)
    wait_s = min(_FIRST_WAIT_S * 2.0 ** (attempt - 1), _LONGEST_WAIT_S)
    return attempt if now_s - last.create_timestamp.timestamp() >= wait_s else None
