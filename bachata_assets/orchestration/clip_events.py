"""What happened to one clip, as Dagster events.

A run takes many clips, and Dagster has no result for a single partition within it: an Output materializes all of them.
So every event is built here, with the tags that Dagster would give it (seen with dagster 1.13.27).
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance, EventLogRecord

from bachata_assets.collection import layout, registry
from bachata_assets.collection.clip import EXTERNAL, Clip
from bachata_assets.collection.dataset import Dataset, provenance_of
from bachata_assets.collection.scan import Scan
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.dagster_internals import DATA_VERSION, SHA256, SIZE
from bachata_assets.orchestration.resources import PLAIN, Names
from bachata_assets.pipeline.checks import Check, Outcome
from bachata_assets.pipeline.runner import StageFailed, StageMade
from bachata_assets.pipeline.stage import Made, Stage
from bachata_assets.report import markdown

FAILURE = "failure"
"""Metadata key of the observation that records why a clip's table could not be made."""

_GONE = ("gone; `prune` removes the clip", "said to show no couple; `prune` removes the clip")

CAN_BE_MADE = "can_be_made"
"""Check of every asset of a clip: the only thing that Dagster shows for a partition that was never made."""

DagsterEvent = dg.AssetMaterialization | dg.AssetObservation | dg.AssetCheckEvaluation


class ClipEvents:
    """The events of one run; Dagster's log is read once per asset and clip, until the run changes it."""

    def __init__(self, instance: DagsterInstance, names: Names = PLAIN) -> None:
        self._instance = instance
        self._names = names
        self._latest: dict[tuple[str, str], EventLogRecord | None] = {}

    def of(self, event: StageMade | StageFailed) -> Iterator[DagsterEvent]:
        """Yield the events of one clip and stage; each must be stored before the next is requested."""
        if isinstance(event, StageMade):
            pointers = {name: self._pointer(name, event.clip_id) for name in event.inputs}
            yield _materialization(event, pointers, self._names)
            self._latest.pop((event.stage.name, event.clip_id), None)
        elif event.follows:
            return  # the failed stage reports the reason, once
        else:
            yield _failure(event, self._names)
        yield _could_be_made(event, self._record(event.stage.name, event.clip_id), self._names)
        yield from self.answers(event)

    def answers(self, event: StageMade | StageFailed) -> Iterator[dg.AssetCheckEvaluation]:
        """Yield the answers of the checks for one clip and stage."""
        for outcome in event.outcomes:
            checked = self._record(outcome.check.asset, event.clip_id)
            yield _evaluation(event.clip_id, outcome, checked, self._names)

    def _pointer(self, asset: str, clip_id: str) -> str:
        """Return the storage id of the event with the asset's current data version."""
        record = self._record(asset, clip_id)
        return str(record.storage_id) if record else "NULL"

    def _record(self, asset: str, clip_id: str) -> EventLogRecord | None:
        if (asset, clip_id) not in self._latest:
            wanted = dg.AssetRecordsFilter(asset_key=self._names.key(asset), asset_partitions=[clip_id])
            fetch = self._instance.fetch_observations if asset in EXTERNAL else self._instance.fetch_materializations
            self._latest[asset, clip_id] = next(iter(fetch(wanted, limit=1).records), None)
        return self._latest[asset, clip_id]


def evaluations(
    instance: DagsterInstance,
    dataset: Dataset,
    stages: Sequence[Stage],
    checks: Sequence[Check],
    clips: Sequence[Clip],
    names: Names = PLAIN,
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the answers of checks for the existing tables; clips without one are left out."""
    events = ClipEvents(instance, names)
    for stage in stages:
        asked = [check for check in checks if check.asset == stage.name]
        there = dataset.clip_ids(stage.name) if asked else set()
        for clip in clips:
            if clip.clip_id in there:
                made = _made_before(dataset, stage, asked, clip.clip_id, clip)
                yield from events.answers(made)


def record_again(
    instance: DagsterInstance,
    dataset: Dataset,
    stages: Sequence[Stage],
    checks: Sequence[Check],
    clips: Mapping[str, Clip | None],
    tables: Mapping[str, Set[str]],
) -> dict[str, dict[str, DamagedError]]:
    """Record tables that Dagster's log does not know, with the provenance that they hold.

    Parameters
    ----------
    clips : clip id -> the clip, None if its file is gone: its checks do not run
    tables : stage -> clips whose tables to record

    Returns
    -------
    Asset -> clip id -> what is wrong, for tables that turned out to be damaged; they are not recorded.
    """
    events = ClipEvents(instance)
    damaged: dict[str, dict[str, DamagedError]] = {}
    for clip_id, clip in clips.items():
        for stage in stages:
            if clip_id in tables.get(stage.name, ()):
                try:
                    again = _made_before(dataset, stage, checks, clip_id, clip)
                except DamagedError as error:
                    damaged.setdefault(stage.name, {})[clip_id] = error
                    continue
                for event in events.of(again):
                    instance.report_runless_asset_event(event)
    return damaged


def _made_before(dataset: Dataset, stage: Stage, checks: Sequence[Check], clip_id: str, clip: Clip | None) -> StageMade:
    """Return the event of the run that made a table."""
    read = dataset.check_content(layout.table(stage.name, clip_id))
    provenance = provenance_of(read.table)
    is_current = provenance["code_version"] == stage.code_version  # this code does not judge tables of older code
    made = Made(read.table, stage.figures(read.table) if is_current else {})
    asked = [check for check in checks if check.asset == stage.name and is_current]
    name = layout.preview_picture(clip_id)
    picture = dataset.read_bytes(name) if stage.name == "keypoints" else None
    return StageMade(
        clip_id,
        replace(stage, code_version=provenance["code_version"]),
        provenance["data_version"],
        provenance["inputs"],
        made.metadata,
        tuple(check.evaluate(clip, made) for check in asked if clip is not None),
        path=Path(dataset.table_path(stage.name, clip_id)),
        rows=read.table.num_rows,
        seconds=provenance["seconds"],
        size=read.size,
        sha256=read.sha256,
        files={name: picture} if picture else {},
    )


def observations(
    instance: DagsterInstance,
    clips: Mapping[str, Clip],
    *,
    also: Set[str] = frozenset(),
    clip_ids: Sequence[str] | None = None,
    names: Names = PLAIN,
) -> Iterator[dg.AssetObservation | dg.AssetMaterialization]:
    """Yield the external versions of clips that differ from those last observed; an unread file has none yet.

    A new clip is also reported as materialized: with an observation alone, the UI shows its partition as missing.

    Parameters
    ----------
    also : clips whose file is reported in any case
    clip_ids : query Dagster for these only
    """
    for asset in EXTERNAL:
        key = names.key(asset)
        observed = dagster_internals.latest_versions(instance, key, DagsterEventType.ASSET_OBSERVATION, clip_ids)
        there = dagster_internals.with_materialization(instance, key, clip_ids)
        for clip_id, clip in clips.items():
            if clip_id not in there:
                yield dg.AssetMaterialization(key, metadata=_stated(asset, clip), partition=clip_id)
            is_news = observed.get(clip_id) != clip.versions[asset] or (asset == "clip_file" and clip_id in also)
            if is_news and registry.is_read(clip.versions[asset]):
                tags = {DATA_VERSION: clip.versions[asset]}
                yield dg.AssetObservation(key, metadata=_stated(asset, clip), partition=clip_id, tags=tags)


def gone(clip_id: str, found: Scan, names: Names = PLAIN) -> dg.AssetObservation:
    """Return the event that marks a clip as gone; its version stays, so nothing made from it becomes stale."""
    file = found.difference.files[clip_id]
    path = dg.MetadataValue.path(found.folders.videos.shown(file.path))
    metadata: dict[str, Any] = {"path": path, "file": _GONE[clip_id in found.difference.set_aside]}
    tags = {DATA_VERSION: file.content}
    return dg.AssetObservation(names.key("clip_file"), partition=clip_id, metadata=metadata, tags=tags)


def _stated(asset: str, clip: Clip) -> dict[str, Any]:
    """Return the metadata of a clip's file or annotation."""
    path = dg.MetadataValue.path(clip.shown)
    return {"path": path} | (clip.annotation.model_dump(mode="json") if asset == "annotation" else {})


def _materialization(made: StageMade, pointers: Mapping[str, str], names: Names) -> dg.AssetMaterialization:
    tags = {
        "dagster/code_version": made.stage.code_version,
        DATA_VERSION: made.version,
        "dagster/data_version_is_user_provided": "true",
        SIZE: str(made.size),
        SHA256: made.sha256,
    }
    for name, version in made.inputs.items():
        key = names.key(name).to_user_string()
        tags[f"dagster/input_data_version/{key}"] = version
        tags[f"dagster/input_event_pointer/{key}"] = pointers[name]
    metadata = {
        **_previews(made),
        **_metadata(made.metadata),
        "path": made.path,
        "dagster/partition_row_count": made.rows,
        "seconds": short(made.seconds),
    }
    return dg.AssetMaterialization(names.key(made.stage.name), partition=made.clip_id, metadata=metadata, tags=tags)


def _previews(made: StageMade) -> dict[str, dg.MarkdownMetadataValue]:
    """Return the pictures of a table for display in the UI."""
    picture = made.files.get(layout.preview_picture(made.clip_id))
    if picture is None:
        return {}
    encoded = base64.b64encode(picture).decode()
    return {"preview": dg.MetadataValue.md(f"![{markdown.as_text(made.clip_id)}](data:image/jpeg;base64,{encoded})")}


def _failure(failed: StageFailed, names: Names) -> dg.AssetObservation:
    """Return the event that shows a failure in the UI, with the failed version: see `versions.StageHistory`."""
    return dg.AssetObservation(
        names.key(failed.stage.name),
        partition=failed.clip_id,
        metadata={FAILURE: failed.failure.reason, "tried again": failed.failure.tried_again},
        tags={DATA_VERSION: failed.failure.recorded(failed.version)} if failed.version else {},
    )


def _could_be_made(
    event: StageMade | StageFailed, checked: EventLogRecord | None, names: Names
) -> dg.AssetCheckEvaluation:
    told = {}
    if isinstance(event, StageFailed):
        told = {"reason": event.failure.reason, "tried again": event.failure.tried_again}
    return dg.AssetCheckEvaluation(
        asset_key=names.key(event.stage.name),
        check_name=CAN_BE_MADE,
        passed=isinstance(event, StageMade),
        severity=dg.AssetCheckSeverity.ERROR,
        partition=event.clip_id,
        metadata=told,
        target_materialization_data=checked and dagster_internals.target_of(checked),
    )


def _evaluation(
    clip_id: str, outcome: Outcome, checked: EventLogRecord | None, names: Names
) -> dg.AssetCheckEvaluation:
    check = outcome.check
    return dg.AssetCheckEvaluation(
        asset_key=names.key(check.asset),
        check_name=check.name,
        passed=outcome.passed,
        severity=dg.AssetCheckSeverity[check.severity],
        partition=clip_id,
        metadata=_metadata(outcome.metadata),
        target_materialization_data=checked and dagster_internals.target_of(checked),
    )


def _metadata(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata in Dagster's form: numbers shortened, nested values as JSON."""
    return {name: _metadata_value(short(value)) for name, value in values.items() if value is not None}


def _metadata_value(value: Any) -> Any:
    return dg.MetadataValue.json(json.loads(json.dumps(value))) if isinstance(value, dict | list) else value


def short(value: Any) -> Any:
    """Return a number, or every number in a container, with three digits; whole numbers stay as they are."""
    if isinstance(value, dict):
        return {name: short(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [short(one) for one in value]
    if not isinstance(value, float):
        return value
    return round(value, 1) if abs(value) >= 100 else float(f"{value:.3g}")
