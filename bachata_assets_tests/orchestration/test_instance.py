"""Dagster's state of a data dir: its event log kept open, and who else's storage is left alone."""

from pathlib import Path

import dagster as dg
import pytest

from bachata_assets.orchestration.instance import MOST_RUNS, OpenEventLogStorage, open_instance


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


def test_no_more_runs_than_a_few_are_kept_open(tmp_path: Path) -> None:
    storage = OpenEventLogStorage(str(tmp_path))
    names = [f"run_{number}" for number in range(MOST_RUNS + 3)]
    for name in names:
        with storage.run_connection(name):
            pass
    with storage.run_connection(names[-2]):
        pass
    assert list(storage._kept) == ["index", *names[-MOST_RUNS:-2], names[-1], names[-2]]
    storage.dispose()
    assert not storage._kept


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


@pytest.mark.parametrize("config", ["", "telemetry:\n  enabled: false\n"])
def test_the_state_of_an_older_data_dir_is_found(tmp_path: Path, config: str) -> None:
    home = tmp_path / ".dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(config)
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
