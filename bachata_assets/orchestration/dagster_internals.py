"""Every private import of Dagster and every call of its event log storage, seen with dagster 1.13.27.

Each is here because there is no public way; `bachata_assets_tests/orchestration/test_dagster_internals.py` fails when
one appears.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance, EventLogRecord

# The check's Partitions tab does not count an evaluation without its target, and the target's type is private.
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as _TargetMaterialization,
)

# DagsterInstance.from_ref is public, but its parameter type is not; it is the only way to override settings.
from dagster._core.instance import InstanceRef as _InstanceRef

# The base class of launchers, their parameters and results: only the class of Dagster's own launcher is public.
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus

# The history of a check is queried by status, and the status is private.
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as _Status

# The storage classes named in dagster.yaml extend them.
from dagster._core.storage.sqlite_storage import (  # type: ignore[attr-defined]  # imported there, but not exported
    DagsterSqliteStorage,
    DagsterStorage,
    EventLogStorage,
    SqliteEventLogStorage,
)

__all__ = [
    "INDEX_SHARD_NAME",
    "CheckRunHealthResult",
    "DagsterSqliteStorage",
    "DagsterStorage",
    "EventLogStorage",
    "LaunchRunContext",
    "RunLauncher",
    "SqliteEventLogStorage",
    "WorkerStatus",
]

INDEX_SHARD_NAME = "index"
"""Name of the event log's SQLite file for the events of all runs."""
DATA_VERSION = "dagster/data_version"
SIZE = "bachata_assets/size"
SHA256 = "bachata_assets/sha256"
"""Tags of a materialization that identify the table's file, so that a different or damaged one is noticed."""
_HISTORY_PAGE = 1000
"""Number of evaluations to read at once."""


def open_instance(home: str, overrides: dict[str, Any]) -> DagsterInstance:
    """Return the instance whose state and dagster.yaml are in `home`, with some settings overridden."""
    return DagsterInstance.from_ref(_InstanceRef.from_dir(home, overrides=overrides))


def target_of(record: EventLogRecord) -> Any:
    """Return the check target that refers to the table of this materialization."""
    return _TargetMaterialization(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp)


def latest_tags(
    instance: DagsterInstance,
    asset: dg.AssetKey,
    event_type: DagsterEventType,
    names: Sequence[str],
    clip_ids: Sequence[str] | None = None,
) -> Mapping[str, Mapping[str, str]]:
    """Return clip id -> these tags of its latest event of this type, in one query.

    The public `fetch_materializations` reads whole events, with one query per page. Only the storages of this package
    index these tags; others return none.
    """
    storage = instance.event_log_storage
    known = sorted(storage.get_asset_tags_to_index(set(names)))
    return storage.get_latest_tags_by_partition(asset, event_type, known, asset_partitions=clip_ids)


def latest_versions(
    instance: DagsterInstance, asset: dg.AssetKey, event_type: DagsterEventType, clip_ids: Sequence[str] | None = None
) -> dict[str, str]:
    """Return clip id -> the data version of its latest event of this type, in one query."""
    tags = latest_tags(instance, asset, event_type, [DATA_VERSION], clip_ids)
    return {clip_id: values[DATA_VERSION] for clip_id, values in tags.items() if DATA_VERSION in values}


def latest_ids(
    instance: DagsterInstance, asset: dg.AssetKey, event_type: DagsterEventType, clip_ids: Set[str] | None = None
) -> Mapping[str, int]:
    """Return clip id -> number of its latest event of this type in the log, in one query; a later one is larger."""
    wanted = None if clip_ids is None else set(clip_ids)
    return instance.event_log_storage.get_latest_storage_id_by_partition(asset, event_type, wanted)


def with_materialization(
    instance: DagsterInstance, asset: dg.AssetKey, clip_ids: Sequence[str] | None = None
) -> Set[str]:
    """Return the clips for which an asset has a materialization, in one query."""
    wanted = None if clip_ids is None else set(clip_ids)
    return latest_ids(instance, asset, DagsterEventType.ASSET_MATERIALIZATION, wanted).keys()


def latest_answers(instance: DagsterInstance, key: dg.AssetCheckKey) -> dict[str, bool]:
    """Return clip id -> whether it passed the latest evaluation of a check."""
    infos = instance.event_log_storage.get_asset_check_partition_info([key])
    return {
        info.partition_key: info.latest_execution_status == _Status.SUCCEEDED
        for info in infos
        if info.partition_key is not None
    }


def failed_evaluations(instance: DagsterInstance, key: dg.AssetCheckKey) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield clip id and figures of every failed evaluation of a check, latest first."""
    cursor = None
    while True:
        records = instance.event_log_storage.get_asset_check_execution_history(
            key, limit=_HISTORY_PAGE, cursor=cursor, status={_Status.FAILED}
        )
        if not records:
            return
        for record in records:
            if record.partition is not None and record.event and record.event.dagster_event:
                metadata = record.event.dagster_event.asset_check_evaluation_data.metadata
                yield record.partition, {name: value.value for name, value in metadata.items()}
        cursor = records[-1].id


def limit_pool(instance: DagsterInstance, pool: str, slots: int) -> None:
    """Set how many runs a pool allows at the same time, unless someone has set it already.

    The instance's default limit does not suffice: it applies only from the second pass of the queue on.
    """
    storage = instance.event_log_storage
    if pool not in storage.get_concurrency_keys():
        storage.set_concurrency_slots(pool, slots)


def is_limited(instance: DagsterInstance, pool: str) -> bool:
    """Tell whether the limit of a pool is set."""
    return pool in instance.event_log_storage.get_concurrency_keys()


def free_slots(instance: DagsterInstance, run_id: str) -> None:
    """Release the slots of a run in its pools."""
    instance.event_log_storage.free_concurrency_slots_for_run(run_id)
