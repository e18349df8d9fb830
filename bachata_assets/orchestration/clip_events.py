"""What happened to one clip, as Dagster's events.

A run takes many clips, and Dagster has no result of one partition inside it: an Output materialises all of them. So
every event is made by hand, with the tags that Dagster would have put on it (seen with dagster 1.13.27).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster import DagsterInstance, EventLogRecord
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as TargetMaterialization,  # has no public name
)

from bachata_assets.pipeline.checks import Outcome
from bachata_assets.pipeline.runner import StageFailed, StageMade
from bachata_assets.pipeline.stage import EXTERNAL, Markdown
from bachata_assets.pipeline.versions import failed_version

FAILURE = "failure"
"""Metadata of the observation that records why a clip's table could not be made."""

RETRIED = {
    True: "by itself, later: the reason is not in the clip",
    False: "when the file, its annotation, a model or the code has changed, or by hand",
}
"""Whether a failure may pass -> when the clip is tried again."""

DagsterEvent = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


class ClipEvents:
    """The events of one run. What Dagster's log says of an asset and clip is asked once until the run changes it."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._instance = instance
        self._latest: dict[tuple[str, str], EventLogRecord | None] = {}

    def of(self, event: StageMade | StageFailed) -> Iterator[DagsterEvent]:
        """Yield what Dagster is to know of one clip and stage; each must be stored before the next is asked for."""
        if isinstance(event, StageMade):
            pointers = {name: self._pointer(name, event.clip_id) for name in event.inputs}
            yield _materialization(event, pointers)
            self._latest.pop((event.stage.name, event.clip_id), None)
        else:
            yield _failure(event)
        for outcome in event.outcomes:
            yield _evaluation(event.clip_id, outcome, self._record(outcome.check.asset, event.clip_id))

    def _pointer(self, asset: str, clip_id: str) -> str:
        """Return the storage id of the event that the asset's current data version comes from."""
        record = self._record(asset, clip_id)
        return str(record.storage_id) if record else "NULL"

    def _record(self, asset: str, clip_id: str) -> EventLogRecord | None:
        if (asset, clip_id) not in self._latest:
            wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset), asset_partitions=[clip_id])
            fetch = self._instance.fetch_observations if asset in EXTERNAL else self._instance.fetch_materializations
            self._latest[asset, clip_id] = next(iter(fetch(wanted, limit=1).records), None)
        return self._latest[asset, clip_id]


def _materialization(made: StageMade, pointers: Mapping[str, str]) -> dg.AssetMaterialization:
    tags = {
        "dagster/code_version": made.stage.code_version,
        "dagster/data_version": made.version,
        "dagster/data_version_is_user_provided": "true",
    }
    for name, version in made.inputs.items():
        tags[f"dagster/input_data_version/{name}"] = version
        tags[f"dagster/input_event_pointer/{name}"] = pointers[name]
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


def _evaluation(clip_id: str, outcome: Outcome, checked: EventLogRecord | None) -> dg.AssetCheckEvaluation:
    check = outcome.check
    # Without its target an evaluation is not counted in the check's Partitions tab.
    target = checked and TargetMaterialization(
        storage_id=checked.storage_id, run_id=checked.run_id, timestamp=checked.timestamp
    )
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
