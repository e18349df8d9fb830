"""Runs whose process is gone: Dagster would leave them STARTED for ever, and they would hold their place in the queue.

Every run records its process; whoever starts next on the same machine ends the runs whose process no longer lives.
"""

import logging
import os
import socket

import psutil
from dagster import DagsterInstance, DagsterRunStatus, RunsFilter

logger = logging.getLogger(__name__)

PROCESS_TAG = "bachata_assets/process"
_UNFINISHED = [DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]


def record_process(instance: DagsterInstance, run_id: str) -> None:
    """Write this process into a run's tags."""
    instance.add_run_tags(run_id, {PROCESS_TAG: _identity(os.getpid())})


def end_orphans(instance: DagsterInstance) -> list[str]:
    """Mark the runs as failed whose process on this machine is gone; return their ids."""
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=_UNFINISHED)):
        recorded = run.tags.get(PROCESS_TAG)
        if recorded is None or _lives(recorded):
            continue
        instance.report_run_failed(
            run, "Its process was killed. What it had made is kept; the next run makes the rest."
        )
        logger.warning("Run %s was left behind by a process that is gone; it is marked as failed", run.run_id)
        ended.append(run.run_id)
    return ended


def _identity(pid: int) -> str:
    """Return what tells a process from all others: a pid alone is given again, after a reboot at the latest."""
    return f"{socket.gethostname()}/{pid}/{psutil.Process(pid).create_time():.2f}"


def _lives(recorded: str) -> bool:
    """Tell whether a process lives; of another machine's nothing can be said, so it does."""
    host, pid, _created = recorded.rsplit("/", 2)
    if host != socket.gethostname():
        return True
    try:
        return _identity(int(pid)) == recorded and psutil.Process(int(pid)).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
