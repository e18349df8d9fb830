"""A run whose process was killed with kill -9, and what the next one makes of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.orphaned_runs import (
    PROCESS_TAG,
    QUEUES_WITHIN_S,
    STARTS_WITHIN_S,
    WatchingRunLauncher,
    end_orphans,
    launched_tag,
    process_tag,
)
from bachata_assets_tests.support.empty_job import nothing
from bachata_assets_tests.support.paths import SAMPLE


def started(instance: DagsterInstance) -> str:
    """Return the id of a run that is said to be running."""
    return instance.create_run_for_job(nothing, status=DagsterRunStatus.STARTED).run_id


def status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def health(instance: DagsterInstance, run_id: str) -> str:
    """Return what the launcher tells the monitor of runs."""
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return WatchingRunLauncher().check_run_worker_health(run).status.value


def test_a_run_of_a_living_process_goes_on() -> None:
    with DagsterInstance.ephemeral() as instance:
        run_id = started(instance)
        instance.add_run_tags(run_id, process_tag(run_id))
        assert end_orphans(instance) == []
        assert health(instance, run_id) == "RUNNING"
        assert status(instance, run_id) == DagsterRunStatus.STARTED


@pytest.mark.parametrize("process", ["{host}/999999/1.00", "{host}/{pid}/1.00"])
def test_a_run_whose_process_is_gone_or_whose_pid_is_another_process_now_is_ended(process: str) -> None:
    with DagsterInstance.ephemeral() as instance:
        run_id = started(instance)
        recorded = process.format(host=os.uname().nodename, pid=os.getpid())
        instance.add_run_tags(run_id, {PROCESS_TAG: f"{run_id}/{recorded}"})
        assert health(instance, run_id) == "NOT_FOUND"
        assert end_orphans(instance) == [run_id]
        assert status(instance, run_id) == DagsterRunStatus.FAILURE


def test_of_another_machines_run_nothing_is_said() -> None:
    with DagsterInstance.ephemeral() as instance:
        run_id = started(instance)
        instance.add_run_tags(run_id, {PROCESS_TAG: f"{run_id}/elsewhere/1/1.00"})
        assert end_orphans(instance) == []
        assert health(instance, run_id) == "RUNNING"


def test_of_another_machines_run_that_has_this_one_s_name_nothing_is_said() -> None:
    with DagsterInstance.ephemeral() as instance:
        run_id = started(instance)
        machine = process_tag(run_id)[PROCESS_TAG].split("/")[1]
        if ":" not in machine:
            pytest.skip("this machine has no number: no /etc/machine-id")
        instance.add_run_tags(run_id, {PROCESS_TAG: f"{run_id}/{os.uname().nodename}:{'0' * 32}/999999/1.00"})
        assert end_orphans(instance) == []
        assert health(instance, run_id) == "RUNNING"


def test_a_run_on_a_cluster_is_not_this_machine_s_to_judge() -> None:
    with DagsterInstance.ephemeral() as instance:
        run_id = started(instance)
        instance.add_run_tags(
            run_id, {PROCESS_TAG: f"{run_id}/{os.uname().nodename}/999999/1.00", **launched_tag(run_id)}
        )
        assert end_orphans(instance) == []


def test_a_run_that_tries_another_again_has_not_died_with_it() -> None:
    with DagsterInstance.ephemeral() as instance:
        run_id = started(instance)
        instance.add_run_tags(run_id, {PROCESS_TAG: f"the_first/{os.uname().nodename}/999999/1.00"})
        assert end_orphans(instance) == []
        assert health(instance, run_id) == "RUNNING"


@pytest.mark.parametrize("begun", [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED])
def test_a_run_that_died_before_it_recorded_a_process_is_ended_later(begun: DagsterRunStatus) -> None:
    with DagsterInstance.ephemeral() as instance:
        run_id = instance.create_run_for_job(nothing, status=begun).run_id
        now = time.time()
        assert end_orphans(instance, now_s=now + STARTS_WITHIN_S - 5) == []
        assert end_orphans(instance, now_s=now + STARTS_WITHIN_S + 5) == [run_id]


def test_a_run_on_its_way_into_the_queue_is_left_alone_for_an_hour() -> None:
    with DagsterInstance.ephemeral() as instance:
        run_id = instance.create_run_for_job(nothing, status=DagsterRunStatus.NOT_STARTED).run_id
        assert end_orphans(instance, now_s=time.time() + 10 * STARTS_WITHIN_S) == []
        assert end_orphans(instance, now_s=time.time() + QUEUES_WITHIN_S + 5) == [run_id]


def test_a_killed_generate_is_ended_and_finished_by_the_next_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "bachata_assets.cli", "generate", "--video_dir", str(SAMPLE / "videos")]
    command += ["--annotations", str(SAMPLE / "annotations.json"), "--data_dir", str(data)]
    with subprocess.Popen(command, start_new_session=True) as process:
        deadline = time.monotonic() + 180
        while not list(data.glob("keypoints/*.parquet")) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    assert not list(data.glob("search_index/*.parquet"))
    half_written = set(data.rglob("*.tmp"))  # of a file that it was writing just then; `repair` removes it
    with open_instance(str(data)) as instance:
        (run,) = instance.get_runs()
        assert run.status == DagsterRunStatus.STARTED
    assert subprocess.run(command, check=False).returncode == 0
    with open_instance(str(data)) as instance:
        assert status(instance, run.run_id) == DagsterRunStatus.FAILURE
    assert len(list(data.glob("search_index/*.parquet"))) == 4
    assert set(data.rglob("*.tmp")) == half_written
