"""What happened to one clip, as Dagster's events.

A run takes many clips, and Dagster has no result of one partition inside it: an Output materialises all of them. So
every event is made by hand, with the tags that Dagster would have put on it (seen with dagster 1.13.27).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as TargetMaterialization,  # has no public name
)

from bachata_assets.checks import Outcome
from bachata_assets.processing import StageFailed, StageMade
from bachata_assets.provenance import failed_version
from bachata_assets.stages import EXTERNAL, Markdown

FAILURE = "failure"
"""Metadata of the observation that records why a clip's table could not be made."""

RETRIED = {
    True: "by itself, later: the reason is not in the clip",
    False: "when the file, its annotation, a model or the code has changed, or by hand",
}
"""Whether a failure may pass -> when the clip is tried again."""

DagsterEvent = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


def events_of(instance: DagsterInstance, event: StageMade | StageFailed) -> Iterator[DagsterEvent]:
    """Yield what Dagster is to know of one clip and stage; each must be stored before the next is asked for."""
    if isinstance(event, StageMade):
        yield _materialization(instance, event)
    else:
        yield _failure(event)
    target = _target(instance, event) if event.outcomes else None
    for outcome in event.outcomes:
        yield _evaluation(event.clip_id, outcome, target)


def _materialization(instance: DagsterInstance, made: StageMade) -> dg.AssetMaterialization:
    tags = {
        "dagster/code_version": made.stage.code_version,
        "dagster/data_version": made.version,
        "dagster/data_version_is_user_provided": "true",
    }
    for name, version in made.inputs.items():
        tags[f"dagster/input_data_version/{name}"] = version
        tags[f"dagster/input_event_pointer/{name}"] = str(_latest(instance, name, made.clip_id) or "NULL")
    return dg.AssetMaterialization(
        made.stage.name, partition=made.clip_id, metadata=metadata_of(made.metadata), tags=tags
    )


def _failure(failed: StageFailed) -> dg.AssetObservation:
    """Record a failure where a person looks for it, with the version that failed: see `provenance.Recorded`."""
    version = failed_version(failed.version, passing=failed.passing) if failed.version else None
    said = {FAILURE: failed.reason, "tried again": RETRIED[failed.passing]}
    return dg.AssetObservation(
        failed.stage.name,
        partition=failed.clip_id,
        metadata=said,
        tags={"dagster/data_version": version} if version else {},
    )


def _target(instance: DagsterInstance, event: StageMade | StageFailed) -> TargetMaterialization | None:
    """Return which table checks looked at: without it an evaluation is not counted in the check's Partitions tab."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey(event.stage.name), asset_partitions=[event.clip_id]), limit=1
    ).records
    if not records:
        return None
    (latest,) = records
    return TargetMaterialization(storage_id=latest.storage_id, run_id=latest.run_id, timestamp=latest.timestamp)


def _evaluation(clip_id: str, outcome: Outcome, target: TargetMaterialization | None) -> dg.AssetCheckEvaluation:
    check = outcome.check
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(check.asset),
        check_name=check.name,
        passed=outcome.passed,
        severity=dg.AssetCheckSeverity[check.severity],
        partition=clip_id,
        metadata=metadata_of(outcome.metadata),
        target_materialization_data=target,
    )


def metadata_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata as Dagster takes it; nested values as JSON."""
    return {name: _metadata_value(value) for name, value in values.items() if value is not None}


def _metadata_value(value: Any) -> Any:
    if isinstance(value, Markdown):
        return dg.MetadataValue.md(str(value))
    return dg.MetadataValue.json(json.loads(json.dumps(value))) if isinstance(value, dict | list | tuple) else value


def _latest(instance: DagsterInstance, asset: str, clip_id: str) -> int | None:
    """Return the storage id of the event that the asset's current data version comes from."""
    kind = DagsterEventType.ASSET_OBSERVATION if asset in EXTERNAL else DagsterEventType.ASSET_MATERIALIZATION
    latest = instance.event_log_storage.get_latest_storage_id_by_partition(dg.AssetKey(asset), kind, {clip_id})
    return latest.get(clip_id)
