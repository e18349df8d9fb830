"""The private parts of Dagster that the platform stands on: whether a public way has appeared for one of them.

A test that fails here is good news: Dagster offers what is done by hand, so the hand-made way can go.
"""

import inspect

import dagster as dg
from dagster import DagsterInstance
from dagster._core.storage.event_log.sqlite import sqlite_event_log

from bachata_assets.orchestration import dagster_internals
from bachata_assets_tests.support.paths import PACKAGE


def test_the_event_log_storage_is_asked_in_one_file() -> None:
    users = {path.name for path in PACKAGE.rglob("*.py") if ".event_log_storage." in path.read_text()}
    assert users <= {"dagster_internals.py"}


def test_a_result_still_has_no_partition_so_events_are_made_by_hand() -> None:
    """See dagster issues #17836, #21072 and #18123."""
    assert "partition" not in inspect.signature(dg.MaterializeResult).parameters
    assert "partition_key" not in inspect.signature(dg.MaterializeResult).parameters
    assert "partition" not in inspect.signature(dg.Output).parameters


def test_the_reference_of_an_instance_still_has_no_public_name() -> None:
    assert not hasattr(dg, "InstanceRef")
    assert "overrides" not in inspect.signature(DagsterInstance.get).parameters


def test_the_target_of_an_evaluation_still_has_no_public_name() -> None:
    parameters = inspect.signature(dg.AssetCheckEvaluation).parameters
    assert "target_materialization_data" in parameters
    assert not hasattr(dg, "AssetCheckEvaluationTargetMaterializationData")


def test_the_history_of_a_check_still_has_no_public_reader() -> None:
    assert not hasattr(dg, "AssetCheckExecutionRecordStatus")
    public = [name for name in dir(DagsterInstance) if "check" in name and not name.startswith("_")]
    assert not [name for name in public if "partition" in name or "history" in name]


def test_the_latest_version_of_every_partition_still_has_no_public_reader() -> None:
    assert not hasattr(DagsterInstance, "get_latest_tags_by_partition")
    assert not hasattr(DagsterInstance, "set_concurrency_slots")
    assert not hasattr(DagsterInstance, "free_concurrency_slots_for_run")


def test_the_file_of_all_runs_events_has_the_name_that_dagster_gives_it() -> None:
    assert dagster_internals.INDEX_SHARD_NAME == sqlite_event_log.INDEX_SHARD_NAME


def test_the_sqlite_storages_still_have_no_public_name() -> None:
    assert not hasattr(dg, "SqliteEventLogStorage")
    assert not hasattr(dg, "DagsterSqliteStorage")


def test_what_a_launcher_says_of_a_process_still_has_no_public_name() -> None:
    assert not hasattr(dg, "CheckRunHealthResult")
    assert not hasattr(dg, "WorkerStatus")
    assert not dg.DefaultRunLauncher().supports_check_run_worker_health
