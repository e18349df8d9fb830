"""Dagster's state of a data dir: its event log kept open, and who else's storage is left alone."""

import errno
import multiprocessing
import os
import random
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
import yaml
from sqlalchemy.exc import OperationalError

from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.orchestration.instance import open_instance, set_damaged_state_aside
from bachata_assets.orchestration.state.sqlite import MOST_RUNS, OpenEventLogStorage
from bachata_assets_tests.support.paths import PACKAGE


def report(instance: dg.DagsterInstance, asset: str) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(asset))


def test_the_journal_is_written_back_once_at_the_end(tmp_path: Path) -> None:
    journal = tmp_path / ".dagster" / "history" / "runs" / "index.db-wal"
    with open_instance(str(tmp_path)) as instance:
        report(instance, "during")
        assert journal.stat().st_size > 0
        assert instance.get_latest_materialization_event(dg.AssetKey("during"))
    assert not journal.exists()
    with open_instance(str(tmp_path)) as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("during"))


def test_a_new_state_is_set_up_as_the_project_is(tmp_path: Path) -> None:
    with open_instance(str(tmp_path)) as instance:
        assert instance.run_monitoring_enabled
    new = yaml.safe_load((tmp_path / ".dagster" / "dagster.yaml").read_text())
    project = yaml.safe_load((PACKAGE.parent / "dagster.yaml").read_text())
    of_the_project = {"storage", "local_artifact_storage"}  # paths from the working directory
    assert {name: new[name] for name in new.keys() - of_the_project} == {
        name: project[name] for name in project.keys() - of_the_project
    }


def test_no_more_runs_than_a_few_are_kept_open(tmp_path: Path) -> None:
    storage = OpenEventLogStorage(str(tmp_path))
    names = [f"run_{number}" for number in range(MOST_RUNS + 3)]
    for name in names:
        with storage.run_connection(name):
            pass
    with storage.run_connection(names[-2]):
        pass
    assert list(storage._engines) == ["index", *names[-MOST_RUNS:-2], names[-1], names[-2]]
    storage.dispose()
    assert not storage._engines


def test_a_log_that_is_removed_while_it_is_open_is_made_anew_and_written(tmp_path: Path) -> None:
    with open_instance(str(tmp_path)) as instance:
        report(instance, "before")
        shutil.rmtree(tmp_path / ".dagster" / "history" / "runs")
        (tmp_path / ".dagster" / "history" / "runs").mkdir()
        report(instance, "after")
    with open_instance(str(tmp_path)) as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("after"))
        assert not instance.get_latest_materialization_event(dg.AssetKey("before"))


def test_dagster_dev_opens_what_generate_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_instance(str(tmp_path)) as instance:
        report(instance, "during")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / ".dagster"))
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, OpenEventLogStorage)
        assert instance.get_latest_materialization_event(dg.AssetKey("during"))


def test_a_data_dir_that_was_moved_takes_its_state_with_it(tmp_path: Path) -> None:
    with open_instance(str(tmp_path / "here")) as instance:
        report(instance, "during")
    (tmp_path / "here").rename(tmp_path / "there")
    with open_instance(str(tmp_path / "there")) as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("during"))
    assert not (tmp_path / "here").exists()


OLDER = """\
storage:
  custom:
    module: bachata_assets.orchestration.instance
    class: OpenSqliteStorage
    config: {base_dir: HOME}
"""


@pytest.mark.parametrize("config", ["", "telemetry:\n  enabled: false\n", OLDER])
def test_the_state_of_an_older_data_dir_is_found(tmp_path: Path, config: str) -> None:
    home = tmp_path / ".dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(config.replace("HOME", str(home)))
    with dg.DagsterInstance.local_temp(str(home)) as before:
        report(before, "before")
    with open_instance(str(tmp_path)) as instance:
        assert isinstance(instance.event_log_storage, OpenEventLogStorage)
        assert instance.get_latest_materialization_event(dg.AssetKey("before"))


def test_a_storage_that_somebody_configured_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "data" / ".dagster"
    home.mkdir(parents=True)
    (home / "dagster.yaml").write_text(f"storage:\n  sqlite:\n    base_dir: {tmp_path / 'elsewhere'}\n")
    with open_instance(str(tmp_path / "data")) as instance:
        report(instance, "during")
        assert not isinstance(instance.event_log_storage, OpenEventLogStorage)
    assert (tmp_path / "elsewhere" / "history" / "runs" / "index.db").exists()


STARTS = 50


def open_late(data_dir: str, delay_s: float) -> int:
    """Open a state after a delay, in a process of its own, and write into it."""
    time.sleep(delay_s)
    with open_instance(data_dir) as instance:
        instance.add_dynamic_partitions("clips", [f"clip {os.getpid()}"])
        report(instance, "during")
    return os.getpid()


def test_fifty_processes_that_make_one_state_at_once_all_end_well(tmp_path: Path) -> None:
    delays = random.Random(1)
    with ProcessPoolExecutor(10, multiprocessing.get_context("forkserver")) as pool:
        starts = [
            pool.submit(open_late, str(tmp_path / f"data_{number // 10}"), delays.uniform(0, 0.2))
            for number in range(STARTS)
        ]
        pids = [start.result() for start in starts]
    assert len(pids) == STARTS
    for number in range(STARTS // 10):
        with open_instance(str(tmp_path / f"data_{number}")) as instance:
            opened = {f"clip {pid}" for pid in pids[10 * number : 10 * number + 10]}
            assert set(instance.get_dynamic_partitions("clips")) == opened
            assert len(instance.fetch_materializations(dg.AssetKey("during"), limit=100).records) == 10


def test_the_configuration_of_a_new_state_is_written_whole(tmp_path: Path) -> None:
    with open_instance(str(tmp_path)):
        pass
    assert not list(tmp_path.rglob("*.tmp"))
    assert "StateStorage" in (tmp_path / ".dagster" / "dagster.yaml").read_text()


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("database or disk is full", errno.ENOSPC),
        ("attempt to write a readonly database", errno.EROFS),
        ("disk I/O error", errno.EIO),
        ("database is locked", errno.EBUSY),
    ],
)
def test_what_sqlite_says_of_the_disk_names_the_state_and_is_no_damage(tmp_path: Path, said: str, number: int) -> None:
    with pytest.raises(OSError, match=said) as caught, open_instance(str(tmp_path)):
        raise sqlite3.OperationalError(said)
    assert (caught.value.errno, caught.value.filename) == (number, str(tmp_path / ".dagster"))


def log_of(instance: dg.DagsterInstance) -> OpenEventLogStorage:
    assert isinstance(instance.event_log_storage, OpenEventLogStorage)
    return instance.event_log_storage


def test_an_event_that_cannot_be_written_says_so_in_one_line(tmp_path: Path) -> None:
    full = OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))
    with (
        pytest.raises(OSError, match="database or disk is full") as caught,
        open_instance(str(tmp_path)) as instance,
        log_of(instance)._connect("index"),
    ):
        raise full
    assert caught.value.errno == errno.ENOSPC
    assert "\n" not in str(caught.value)
    assert Path(caught.value.filename).is_relative_to(tmp_path / ".dagster")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.ESTALE])
def test_why_the_disk_refuses_the_state_is_said_whatever_sqlite_says_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(OSError, match=os.strerror(number)) as caught, open_instance(str(tmp_path)):
        raise sqlite3.OperationalError("disk I/O error")
    assert caught.value.errno == number


def test_damage_that_shows_only_while_the_state_is_open_is_named(tmp_path: Path) -> None:
    index = tmp_path / ".dagster" / "history" / "runs" / "index.db"
    with open_instance(str(tmp_path)) as instance:
        report(instance, "during")
    content = bytearray(index.read_bytes())
    content[4096:] = b"\x99" * len(content[4096:])
    with pytest.raises(DamagedError, match=f"{index} is damaged"):
        _use_while_it_breaks(str(tmp_path), lambda: index.write_bytes(content))


def _use_while_it_breaks(data_dir: str, damage: Callable[[], object]) -> None:
    with open_instance(data_dir) as instance:
        damage()
        for _ in range(3):
            instance.get_latest_materialization_event(dg.AssetKey("during"))
            report(instance, "again")


def test_the_log_of_one_run_that_is_damaged_is_set_aside_alone(tmp_path: Path) -> None:
    with open_instance(str(tmp_path)) as instance:
        report(instance, "during")
    path = tmp_path / ".dagster" / "history" / "runs" / "a_run.db"
    path.write_bytes(b"noise " * 1000)
    path.with_name("a_run.db-wal").write_bytes(b"noise " * 1000)
    assert set_damaged_state_aside(str(tmp_path)) == [path]
    assert path.with_name("a_run.db.damaged-1").exists()
    assert not path.with_name("a_run.db-wal").exists()
    assert set_damaged_state_aside(str(tmp_path)) == []
    with open_instance(str(tmp_path)) as instance:
        assert instance.get_latest_materialization_event(dg.AssetKey("during"))
