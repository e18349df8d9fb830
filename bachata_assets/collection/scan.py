"""One data dir's clips: the registry kept in it, and Dagster's partitions and observations brought level with it.

Which stages a clip then needs is `pipeline/versions.py`'s concern.
"""

import logging
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from dagster import DagsterInstance

from bachata_assets.collection import registry
from bachata_assets.collection.annotation_file import (
    Annotation,
    AnnotationError,
    Entry,
    Matched,
    load_annotations,
    match_annotations,
)
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.discovery import DiscoveryError
from bachata_assets.collection.registry import ClipFile, Difference, Seen
from bachata_assets.orchestration.history import observe, observe_gone
from bachata_assets.orchestration.partitions import POOL
from bachata_assets.orchestration.partitions import clips as clips_partitions
from bachata_assets.pipeline.stage import Clip
from bachata_assets.settings import Settings, SettingsError

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
    """The clips that are there now.

    Attributes
    ----------
    without_file : annotation entries that belong to no clip
    difference : the folder against what the data dir knew of it
    """

    clips: Mapping[str, Clip]
    without_file: tuple[Entry, ...]
    where: Folders
    difference: Difference


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


def look(
    settings: Settings,
    dataset: Dataset,
    *,
    sizes_before: Mapping[PurePosixPath, int] | None = None,
    read_copies: bool = False,
) -> Collection:
    """List the folder of clips against the registry, and lay the annotations against it. Keeps nothing.

    Parameters
    ----------
    sizes_before : leave out files that may still be being written, also those whose size was another one then
    read_copies : recognise a clip that is gone in a copy of it by reading that, not only by its size and time

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
    """
    where = folders(settings, dataset)
    entries = load_annotations(where.annotations) if where.annotations else []
    folder = registry.list_folder(where.video_dir)
    moving: set[PurePosixPath] = set()
    if sizes_before is not None:
        moving = registry.still_moving(folder, sizes_before, now_s=time.time(), rest_s=settings.settle_seconds)
    reader = (lambda path: registry.content_of(where.video_dir / path)) if read_copies else None
    difference = registry.compare(folder, _registry(dataset), moving=moving, read=reader)
    for entry in entries:
        for problem in entry.problems:
            logger.warning(problem)
    matched = _match(entries, difference.ready, where)
    clips = {
        clip_id: _clip(file, matched.annotation(clip_id), where, dataset) for clip_id, file in difference.ready.items()
    }
    return Collection(clips, matched.without_file, where, difference)


def register(instance: DagsterInstance, dataset: Dataset, collection: Collection) -> None:
    """Keep what was found: the registry, the partitions of new clips, and changed versions as observations."""
    absolute = {name: str(path.absolute()) for name, path in vars(collection.where).items() if path}
    dataset.remember(**absolute)
    with dataset.lock():
        before = _registry(dataset)
        files = {**before, **collection.difference.files}
        # What a run read in the meantime stays known.
        for clip_id, old in before.items():
            now = files[clip_id]
            if old.is_read and old.looks(Seen(now.size, now.mtime_ns)):
                files[clip_id] = replace(now, content=old.content)
        if files != before:
            dataset.write_parquet(REGISTRY, registry.to_table(files), {})
    known = set(instance.get_dynamic_partitions(PARTITIONS))
    new = [clip_id for clip_id in collection.clips if clip_id not in known]
    if new:
        instance.add_dynamic_partitions(PARTITIONS, new)
    if POOL not in instance.event_log_storage.get_concurrency_keys():
        # Not left to the instance's default limit: that holds from the second pass of the queue on only.
        instance.event_log_storage.set_concurrency_slots(POOL, 1)
    observe(instance, collection.clips, also=_say_what_moved(before, collection.difference))
    for clip_id, file in collection.difference.files.items():
        if not file.present and clip_id in before and before[clip_id].present:
            logger.info("Clip %s: its file %s is gone; what was made of it is kept", clip_id, file.path)
            observe_gone(instance, clip_id, collection.where.video_dir / file.path, file.content)


def clips_of(clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> list[Clip]:
    """Return clips that were registered before; files that are new or changed are read. Keeps nothing.

    Raises
    ------
    SettingsError
        When an id was never registered.
    """
    return _clips_of(_read(clip_ids, settings, dataset), settings, dataset)


def read_clips(instance: DagsterInstance, clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> list[Clip]:
    """Return the same as `clips_of`; what was read is kept, and observed.

    Raises
    ------
    SettingsError
        When an id was never registered.
    """
    files = _read(clip_ids, settings, dataset)
    known = _registry(dataset)
    changed = {clip_id: file for clip_id, file in files.items() if file.is_read and file != known.get(clip_id)}
    if changed:
        with dataset.lock():
            dataset.write_parquet(REGISTRY, registry.to_table({**_registry(dataset), **changed}), {})
    clips = _clips_of(files, settings, dataset)
    observe(instance, {clip.clip_id: clip for clip in clips}, clip_ids=list(files))
    return clips


def registered_clips(dataset: Dataset) -> set[str]:
    """Return the ids of all clips that were ever seen and not pruned."""
    return set(_registry(dataset))


def forget(dataset: Dataset, clip_ids: Iterable[str]) -> None:
    """Take clips out of the registry; their ids may be given again."""
    forgotten = set(clip_ids)
    with dataset.lock():
        left = {clip_id: file for clip_id, file in _registry(dataset).items() if clip_id not in forgotten}
        dataset.write_parquet(REGISTRY, registry.to_table(left), {})


def contents(dataset: Dataset) -> dict[str, str]:
    """Return clip id -> hash of its file, of the clips that were there when last looked and have been read."""
    return {clip_id: file.content for clip_id, file in _registry(dataset).items() if file.present and file.is_read}


def present_clips(dataset: Dataset) -> set[str]:
    """Return the ids of the clips that were there when last looked."""
    return {clip_id for clip_id, file in _registry(dataset).items() if file.present}


def _read(clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> dict[str, ClipFile]:
    video_dir = folders(settings, dataset).video_dir
    known = _registry(dataset)
    wanted = list(clip_ids)
    unknown = [clip_id for clip_id in wanted if clip_id not in known]
    if unknown:
        raise SettingsError(
            f"Partition {unknown[0]} is no clip of {video_dir}: partitions are added by the new_clips sensor "
            "or by `bachata-assets generate`"
        )
    return {clip_id: registry.read(video_dir, known[clip_id]) for clip_id in wanted}


def _clips_of(files: Mapping[str, ClipFile], settings: Settings, dataset: Dataset) -> list[Clip]:
    where = folders(settings, dataset)
    entries = load_annotations(where.annotations) if where.annotations else []
    there = {clip_id: file for clip_id, file in _registry(dataset).items() if file.present}
    matched = _match(entries, {**there, **files}, where)
    return [_clip(file, matched.annotation(clip_id), where, dataset) for clip_id, file in files.items()]


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
    # A document says where its clip is, so one of a clip that was renamed is made again.
    said = f"{annotation.data_version}-at-{file.path}" if file.renamed else annotation.data_version
    return Clip(
        clip_id=file.clip_id,
        path=path,
        video_path=_stored(path, where, dataset),
        annotation=annotation,
        versions={"clip_file": seen, "annotation": said},
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


def _say_what_moved(before: Mapping[str, ClipFile], difference: Difference) -> set[str]:
    """Return the clips whose files have another name, or are there again."""
    for rename in difference.renamed:
        logger.info("Clip %s: %s is %s now", rename.clip_id, rename.old, rename.new)
    back = {i for i, file in difference.ready.items() if i in before and not before[i].present}
    return back | {rename.clip_id for rename in difference.renamed}
