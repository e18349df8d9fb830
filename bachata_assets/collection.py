"""One data dir's clips: the registry kept in it, and Dagster's partitions and observations brought level with it.

Which stages a clip then needs is `provenance.py`'s concern.
"""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance

from bachata_assets.partitions import clips as clips_partitions
from bachata_assets.provenance import Recorded
from bachata_assets.resources.dataset import Dataset
from bachata_assets.settings import Settings, SettingsError
from bachata_assets.stages import EXTERNAL, Clip, Stage
from bachata_assets.video import registry
from bachata_assets.video.annotations import (
    Annotation,
    AnnotationError,
    Entry,
    Matched,
    load_annotations,
    match_annotations,
)
from bachata_assets.video.discovery import DiscoveryError
from bachata_assets.video.registry import ClipFile

logger = logging.getLogger(__name__)

REGISTRY = "clips.parquet"
PARTITIONS = clips_partitions.name or ""

CollectionError = (DiscoveryError, AnnotationError)
"""Why there may be nothing to begin with."""


@dataclass(frozen=True)
class Folders:
    """Where a collection's clips and annotations are."""

    video_dir: Path
    annotations: Path | None


@dataclass(frozen=True)
class Collection:
    """The clips that are there now, and the annotation entries that belong to none."""

    clips: Mapping[str, Clip]
    without_file: tuple[Entry, ...]


def folders(settings: Settings, dataset: Dataset) -> Folders:
    """Return where the clips are: as the settings say, else as the data dir remembers.

    Raises
    ------
    SettingsError
        When neither says it.
    """
    remembered = dataset.collection()
    video_dir = settings.video_dir or remembered.get("video_dir")
    annotations = settings.annotations or remembered.get("annotations")
    if not video_dir:
        raise SettingsError(
            "No folder of clips is known: set BACHATA_VIDEO_DIR, or run `bachata-assets generate --video_dir …` once"
        )
    return Folders(Path(video_dir), Path(annotations) if annotations else None)


def look(settings: Settings, dataset: Dataset) -> Collection:
    """List the folder of clips, bring the registry level with it and lay the annotations against it.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
    """
    where = folders(settings, dataset)
    entries = load_annotations(where.annotations) if where.annotations else []
    known = _registry(dataset)
    files = registry.look(where.video_dir, known)
    absolute = {name: str(path.absolute()) for name, path in vars(where).items() if path}
    dataset.remember(**absolute)
    if files != known:
        dataset.write_parquet(REGISTRY, registry.to_table(files), {})
    present = {clip_id: file for clip_id, file in files.items() if file.present}
    matched = _match(entries, present, where)
    for entry in entries:
        for problem in entry.problems:
            logger.warning(problem)
    clips = {clip_id: _clip(file, matched.annotation(clip_id), where, dataset) for clip_id, file in present.items()}
    return Collection(clips, matched.without_file)


def clips_of(clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> list[Clip]:
    """Return clips that were registered before, their files looked at again.

    Raises
    ------
    SettingsError
        When an id was never registered.
    """
    where = folders(settings, dataset)
    known = _registry(dataset)
    wanted = list(clip_ids)
    unknown = [clip_id for clip_id in wanted if clip_id not in known]
    if unknown:
        raise SettingsError(
            f"Partition {unknown[0]} is no clip of {where.video_dir}: partitions are added by the new_clips sensor "
            "or by `bachata-assets generate`"
        )
    entries = load_annotations(where.annotations) if where.annotations else []
    matched = _match(entries, known, where)
    return [
        _clip(registry.look_again(where.video_dir, known[clip_id]), matched.annotation(clip_id), where, dataset)
        for clip_id in wanted
    ]


def registered_clips(dataset: Dataset) -> set[str]:
    """Return the ids of all clips that were ever seen and not pruned."""
    return set(_registry(dataset))


def forget(dataset: Dataset, clip_ids: Iterable[str]) -> None:
    """Take clips out of the registry; their ids may be given again."""
    left = {clip_id: file for clip_id, file in _registry(dataset).items() if clip_id not in set(clip_ids)}
    dataset.write_parquet(REGISTRY, registry.to_table(left), {})


def contents(dataset: Dataset) -> dict[str, str]:
    """Return clip id -> hash of its file, of the clips that were there when last looked."""
    return {clip_id: file.content for clip_id, file in _registry(dataset).items() if file.present}


def present_clips(dataset: Dataset) -> set[str]:
    """Return the ids of the clips that were there when last looked."""
    return {clip_id for clip_id, file in _registry(dataset).items() if file.present}


def register(instance: DagsterInstance, collection: Collection) -> None:
    """Add the partitions of new clips, and report every external version that changed as an observation."""
    known = set(instance.get_dynamic_partitions(PARTITIONS))
    new = [clip_id for clip_id in collection.clips if clip_id not in known]
    if new:
        instance.add_dynamic_partitions(PARTITIONS, new)
    for asset in EXTERNAL:
        observed = _versions(instance, asset, DagsterEventType.ASSET_OBSERVATION)
        for clip_id, clip in collection.clips.items():
            if observed.get(clip_id) != clip.versions[asset]:
                instance.report_runless_asset_event(_observation(asset, clip))


def recorded(instance: DagsterInstance, dataset: Dataset, stages: Iterable[Stage]) -> dict[str, Recorded]:
    """Return what Dagster and the data dir know of every stage, all clips at once."""
    return {
        stage.name: Recorded(
            made=_versions(instance, stage.name, DagsterEventType.ASSET_MATERIALIZATION),
            failed=_versions(instance, stage.name, DagsterEventType.ASSET_OBSERVATION),
            tables=dataset.clip_ids(stage.name),
        )
        for stage in stages
    }


def _registry(dataset: Dataset) -> dict[str, ClipFile]:
    table = dataset.read_parquet(REGISTRY)
    return registry.from_table(table) if table is not None else {}


def _match(entries: list[Entry], files: Mapping[str, ClipFile], where: Folders) -> Matched:
    if where.annotations is None:
        return Matched()
    paths = {clip_id: where.video_dir / file.path for clip_id, file in files.items()}
    return match_annotations(entries, paths, annotations_path=where.annotations, video_dir=where.video_dir)


def _clip(file: ClipFile, annotation: Annotation, where: Folders, dataset: Dataset) -> Clip:
    # Who leads is a fact of the video, said by a person: what is seen in the file depends on it.
    seen = f"{file.content}-lead-{annotation.lead}" if annotation.lead else file.content
    path = where.video_dir / file.path
    return Clip(
        clip_id=file.clip_id,
        path=path,
        video_path=_stored(path, where, dataset),
        annotation=annotation,
        versions={"clip_file": seen, "annotation": annotation.data_version},
    )


def _stored(path: Path, where: Folders, dataset: Dataset) -> str:
    """Return a path as documents say it, the same from every working directory and on every machine.

    The mission's form is relative to the folder that the data dir is in (data/Bachata_steps/…); for clips that are
    elsewhere it is the annotations' form, from the video dir's own name on (Bachata_steps/…).
    """
    # Links are not followed, as resolve() would: a clip is where the collection has it.
    absolute, beside, videos = (Path(os.path.abspath(one)) for one in (path, dataset.url, where.video_dir))  # noqa: PTH100
    if "://" not in dataset.url and absolute.is_relative_to(beside.parent):
        return absolute.relative_to(beside.parent).as_posix()
    return absolute.relative_to(videos.parent).as_posix()


def _observation(asset: str, clip: Clip) -> dg.AssetObservation:
    said: dict[str, Any] = {
        "clip_file": {"path": str(clip.path)},
        "annotation": clip.annotation.model_dump(),
    }[asset]
    tags = {"dagster/data_version": clip.versions[asset]}
    return dg.AssetObservation(asset_key=asset, partition=clip.clip_id, metadata=said, tags=tags)


def _versions(instance: DagsterInstance, asset: str, event_type: DagsterEventType) -> dict[str, str]:
    """Return clip id -> the data version of its latest event of this type, in one query."""
    tag = "dagster/data_version"
    tags = instance.event_log_storage.get_latest_tags_by_partition(dg.AssetKey(asset), event_type, [tag])
    return {clip_id: values[tag] for clip_id, values in tags.items() if tag in values}
