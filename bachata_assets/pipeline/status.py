"""Where every clip of a collection stands: made, failed and why, or still to be made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import DagsterInstance

from bachata_assets.clip_record import ClipRecord
from bachata_assets.collection.clip_tables import indexed_record
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Collection
from bachata_assets.orchestration.clip_events import FAILURE
from bachata_assets.orchestration.history import recorded
from bachata_assets.pipeline.stage import Clip, Stage
from bachata_assets.pipeline.versions import Recorded, expected_versions, outdated
from bachata_assets.report.summary import FailedClip


@dataclass(frozen=True)
class Standing:
    """All clips, sorted into those that are made, those that failed, and those still to be made."""

    made: tuple[Clip, ...]
    failed: tuple[FailedClip, ...]
    pending: tuple[Clip, ...]
    todo: Mapping[str, frozenset[str]]
    """Clip id -> stages that are missing or stale, of failed and pending clips."""

    @classmethod
    def of(
        cls, collection: Collection, stages: Sequence[Stage], instance: DagsterInstance, dataset: Dataset
    ) -> "Standing":
        """Compare what ought to be with what Dagster and the data dir know."""
        known = recorded(instance, dataset, stages)
        clips = collection.clips
        todo = outdated(stages, {clip_id: clip.versions for clip_id, clip in clips.items()}, known)
        failed_stages = {clip_id: _failed_stages(clips[clip_id], todo[clip_id], stages, known) for clip_id in todo}
        failed = [
            FailedClip(
                clip_id,
                clips[clip_id].video_path,
                _reasons(instance, clip_id, names),
                passing=all(known[name].may_pass(clip_id) for name in names),
            )
            for clip_id, names in failed_stages.items()
            if names
        ]
        return cls(
            made=tuple(clip for clip_id, clip in clips.items() if clip_id not in todo),
            failed=tuple(failed),
            pending=tuple(clips[clip_id] for clip_id, names in failed_stages.items() if not names),
            todo=todo,
        )


def records_of(clips: Sequence[Clip], dataset: Dataset) -> list[ClipRecord]:
    """Return the records of clips that are made."""
    return [indexed_record(clip, dataset.read_table("search_index", clip.clip_id)) for clip in clips]


def _failed_stages(
    clip: Clip, todo: frozenset[str], stages: Sequence[Stage], known: Mapping[str, Recorded]
) -> list[str]:
    versions = expected_versions(stages, clip.versions)
    return [
        stage.name
        for stage in stages
        if stage.name in todo and known[stage.name].has_failed(clip.clip_id, versions[stage.name])
    ]


def _reasons(instance: DagsterInstance, clip_id: str, stages: Sequence[str]) -> str:
    """Return why a clip failed, each reason once: one broken file fails several stages in the same words."""
    said: dict[str, None] = {}
    for stage in stages:
        filter_ = dg.AssetRecordsFilter(asset_key=dg.AssetKey(stage), asset_partitions=[clip_id])
        record = instance.fetch_observations(filter_, limit=1).records[0]
        observation = record.asset_observation
        if observation:
            said[str(observation.metadata[FAILURE].value)] = None
    return "; ".join(said)
