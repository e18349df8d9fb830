"""Dagster's event log, kept open."""

from pathlib import Path

import dagster as dg
import pytest

from bachata_assets.orchestration.event_log import kept_open


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "history" / "runs" / "index.db-wal"


def report(instance: dg.DagsterInstance, asset: str) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(asset))


def test_the_journal_is_written_back_once_at_the_end(tmp_path: Path, journal: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        report(instance, "before")
        assert not journal.exists()
        with kept_open(instance):
            report(instance, "during")
            assert journal.stat().st_size > 0
            assert instance.get_latest_materialization_event(dg.AssetKey("during"))
        assert not journal.exists()
        assert instance.get_latest_materialization_event(dg.AssetKey("during"))


def test_an_event_log_in_memory_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with dg.DagsterInstance.ephemeral() as instance, kept_open(instance):
        report(instance, "during")
        assert instance.get_latest_materialization_event(dg.AssetKey("during"))
    assert not list(tmp_path.iterdir())
