"""Data versions in Dagster's event log: those of every stage's tables, and of what a clip begins with.

What a version means is `pipeline/versions.py`'s concern.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance

from bachata_assets.collection import registry
from bachata_assets.collection.dataset import Dataset
from bachata_assets.pipeline.stage import EXTERNAL, Clip, Stage
from bachata_assets.pipeline.versions import Recorded


def recorded(
    instance: DagsterInstance, dataset: Dataset, stages: Iterable[Stage], clip_ids: Sequence[str] | None = None
) -> dict[str, Recorded]:
    """Return what Dagster and the data dir know of every stage, of these clips or of all at once."""
    return {
        stage.name: Recorded(
            made=_versions(instance, stage.name, DagsterEventType.ASSET_MATERIALIZATION, clip_ids),
            failed=_versions(instance, stage.name, DagsterEventType.ASSET_OBSERVATION, clip_ids),
            tables=dataset.clip_ids(stage.name),
        )
        for stage in stages
    }


def observe(
    instance: DagsterInstance,
    clips: Mapping[str, Clip],
    *,
    also: Set[str] = frozenset(),
    clip_ids: Sequence[str] | None = None,
) -> None:
    """Report the external versions of clips that differ from those last observed; a file not read has none yet.

    Parameters
    ----------
    also : clips whose file is to be reported all the same
    clip_ids : ask Dagster of these only
    """
    for asset in EXTERNAL:
        observed = _versions(instance, asset, DagsterEventType.ASSET_OBSERVATION, clip_ids)
        for clip_id, clip in clips.items():
            is_news = observed.get(clip_id) != clip.versions[asset] or (asset == "clip_file" and clip_id in also)
            if is_news and registry.is_read(clip.versions[asset]):
                instance.report_runless_asset_event(_observation(asset, clip))


def observe_gone(instance: DagsterInstance, clip_id: str, path: Path, content: str) -> None:
    """Say on a clip's file that it is gone; its version stays, so nothing made of it reads as stale."""
    said: dict[str, Any] = {"path": dg.MetadataValue.path(str(path)), "file": "gone; `prune` removes the clip"}
    tags = {"dagster/data_version": content}
    instance.report_runless_asset_event(
        dg.AssetObservation(asset_key="clip_file", partition=clip_id, metadata=said, tags=tags)
    )


def _observation(asset: str, clip: Clip) -> dg.AssetObservation:
    path = dg.MetadataValue.path(str(clip.path))
    said: dict[str, Any] = {"path": path} if asset == "clip_file" else {"path": path, **clip.annotation.model_dump()}
    tags = {"dagster/data_version": clip.versions[asset]}
    return dg.AssetObservation(asset_key=asset, partition=clip.clip_id, metadata=said, tags=tags)


def _versions(
    instance: DagsterInstance, asset: str, event_type: DagsterEventType, clip_ids: Sequence[str] | None = None
) -> dict[str, str]:
    """Return clip id -> the data version of its latest event of this type, in one query."""
    tag = "dagster/data_version"
    tags = instance.event_log_storage.get_latest_tags_by_partition(
        dg.AssetKey(asset), event_type, [tag], asset_partitions=clip_ids
    )
    return {clip_id: values[tag] for clip_id, values in tags.items() if tag in values}
