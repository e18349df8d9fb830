"""Runs whose process is gone: Dagster would leave them STARTED forever, and they would keep their slot in the pool.

Every run records its process when it begins. The run monitor of `dagster dev` asks the launcher below every half minute
whether that process is alive. Without `dagster dev`, the next command on the same machine ends the runs whose process
is gone. Only a cluster's launcher judges the runs that it launched, see `launchers/`.
"""

import logging
import os
import socket
import time
from functools import cache
from pathlib import Path

import psutil
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, DefaultRunLauncher, RunsFilter

from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.dagster_internals import CheckRunHealthResult, WorkerStatus

logger = logging.getLogger(__name__)

PROCESS_TAG = ".dagster/bachata_assets/process"
"""Tag of a run with its process. The UI hides tags that begin with `.dagster/`."""
LAUNCHED_TAG = ".dagster/bachata_assets/launched"
"""Tag of a run that was launched on a cluster."""
STARTS_WITHIN_S = 300
"""A launched run that has not recorded a process after this time has died."""
QUEUES_WITHIN_S = 3600
"""A run that is not queued after this time never will be: Dagster also records runs that it then refuses to launch."""
_UNFINISHED = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def process_tag(run_id: str) -> dict[str, str]:
    """Return the tag that says that this process works on a run.

    It contains the run id, since Dagster copies the tags of a dead run to its retry.
    """
    return {PROCESS_TAG: f"{run_id}/{_identity(os.getpid())}"}


def record_process(instance: DagsterInstance, run_id: str) -> None:
    """Record in a run's tags that this process works on it."""
    instance.add_run_tags(run_id, process_tag(run_id))


def launched_tag(run_id: str) -> dict[str, str]:
    """Return the tag that says that a run was launched on a cluster; it contains the run id, as in `process_tag`."""
    return {LAUNCHED_TAG: run_id}


def is_launched(run: DagsterRun) -> bool:
    """Tell whether a run was launched on a cluster, so that this machine cannot judge its process."""
    return run.tags.get(LAUNCHED_TAG) == run.run_id


def health_of_process(run: DagsterRun) -> CheckRunHealthResult:
    """Return whether the process of a run is alive; if nothing is known, it counts as alive."""
    recorded = _recorded(run)
    if recorded is None or _lives(recorded):
        return CheckRunHealthResult(WorkerStatus.RUNNING)
    return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "its process was killed; what it had made is kept")


class WatchingRunLauncher(DefaultRunLauncher):
    """Dagster's launcher, which also reports whether the process of a run is alive.

    Dagster's own launcher does not watch the process that it starts: a run whose process was killed would stay STARTED.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Whether the run monitor may ask."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Return whether a run's process is alive; if nothing is known, it counts as alive."""
        return health_of_process(run)


def end_orphans(instance: DagsterInstance, *, now_s: float | None = None) -> list[str]:
    """Mark runs whose process on this machine is gone as failed, and release their slots; return their ids."""
    now_s = time.time() if now_s is None else now_s
    ended = []
    for record in instance.get_run_records(RunsFilter(statuses=_UNFINISHED)):
        run = record.dagster_run
        if is_launched(run):
            continue
        recorded = _recorded(run)
        # A NOT_STARTED run without a process is on its way into the queue.
        within_s = QUEUES_WITHIN_S if run.status == DagsterRunStatus.NOT_STARTED else STARTS_WITHIN_S
        starts = record.update_timestamp.timestamp() + within_s > now_s
        if _lives(recorded) if recorded else starts:
            continue
        instance.report_run_failed(
            run, "Its process was killed. What it had made is kept; the next run makes the rest."
        )
        dagster_internals.free_slots(instance, run.run_id)
        logger.warning("Run %s was left behind by a process that is gone; it is marked as failed", run.run_id)
        ended.append(run.run_id)
    return ended


def _recorded(run: DagsterRun) -> str | None:
    """Return the process that a run recorded itself, None if it recorded none."""
    run_id, _, process = run.tags.get(PROCESS_TAG, "").partition("/")
    return process if run_id == run.run_id else None


def _identity(pid: int) -> str:
    """Return a unique identity of a process: pids alone are reused, after a reboot at the latest."""
    return f"{_machine()}/{pid}/{psutil.Process(pid).create_time():.2f}"


@cache
def _machine() -> str:
    """Return a unique identity of this machine: copies of one image have the same name."""
    try:
        number = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):  # macOS has none, nor do many containers
        number = ""
    return f"{socket.gethostname()}:{number}" if number else socket.gethostname()


def _lives(recorded: str) -> bool:
    """Tell whether a process is alive; one of another machine counts as alive."""
    machine, pid, created = recorded.rsplit("/", 2)
    if machine not in (_machine(), socket.gethostname()):  # earlier versions recorded the name alone
        return True
    try:
        there = _identity(int(pid)).rsplit("/", 1)[1] == created
        return there and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
