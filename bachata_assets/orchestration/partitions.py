"""The partitions, one per clip, and how Dagster learns which clips exist.

Belongs here: the source assets of a collection (folder, files, annotations), and updating Dagster's partitions and
observations from a scan. `collection/` decides which clips exist and what they are called.
"""

import logging
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster import DagsterInstance

from bachata_assets.collection import scan
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.folders import folders_of
from bachata_assets.collection.registry import ClipFile, Difference
from bachata_assets.collection.scan import Scan, ScanError, require_registry, scan_clips
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.clip_events import gone, observations
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets.orchestration.resources import PARTITIONS, PLAIN, Names, resource_keys, tools_of
from bachata_assets.orchestration.state.owner import require_own
from bachata_assets.settings import Settings, SettingsError
from bachata_assets.video.files import on_disk

logger = logging.getLogger(__name__)

OWNER = "team:bachata"
"""Owner of every asset, shown in the UI."""

FOLDER = "clip_folder"
"""Asset of the folder of clips; each scan is a materialization."""
LOOKED_AT = dg.FreshnessPolicy.time_window(fail_window=timedelta(days=8), warn_window=timedelta(days=2))
"""How long a scan of the folder counts as fresh: the nightly schedule scans once a day."""
LOOK_TOLD_S = 3600
"""Time after which a scan that found nothing new is reported again, s: the sensor scans every minute."""
SHOWN = 200
"""Maximum number of rows of a table in the metadata; the number of all is beside it."""


def register(instance: DagsterInstance, dataset: Dataset, found: Scan, names: Names = PLAIN) -> None:
    """Store the result of a scan: registry, partitions of new clips, changed versions, and the scan itself."""
    new = keep(instance, dataset, found, names)
    remove_invented(instance, found, names)
    for event in folder_events(instance, found, new, names):
        instance.report_runless_asset_event(event)


def keep(instance: DagsterInstance, dataset: Dataset, found: Scan, names: Names = PLAIN) -> list[str]:
    """Do what `register` does, except for the scan itself; return the new clips."""
    if names == PLAIN:  # with several collections in one Dagster, the project keeps the state
        require_own(instance, dataset)
    before = scan.keep(dataset, found)
    new = add_partitions(instance, found.clips, names)
    dagster_internals.limit_pool(instance, names.pool, 1)
    moves = Moves.of(before, found.difference)
    for line in moves.told:
        logger.info("%s", line)
    for observation in [
        *observations(instance, found.clips, also=moves.back | moves.renamed, names=names),
        *(gone(clip_id, found, names) for clip_id in moves.gone),
    ]:
        instance.report_runless_asset_event(observation)
    return new


def folder_events(
    instance: DagsterInstance, found: Scan, new: Sequence[str], names: Names = PLAIN
) -> list[dg.AssetMaterialization]:
    """Return the events of a scan: if clips are new, else once an hour."""
    last = instance.get_latest_materialization_event(names.key(FOLDER))
    if last and not new and time.time() - last.timestamp < LOOK_TOLD_S:
        return []
    return [dg.AssetMaterialization(names.key(FOLDER), metadata=folder_metadata(found, new))]


def folder_metadata(found: Scan, new: Sequence[str]) -> dict[str, Any]:
    """Return the metadata of a scan."""
    left_out = [dg.TableRecord({"path": str(one.path), "reason": one.reason}) for one in found.left_out[:SHOWN]]
    return {
        "path": dg.MetadataValue.path(str(found.folders.videos)),
        "clips": len(found.clips),
        "new": len(new),
        "still being copied": len(found.difference.waiting),
        "left out": len(found.left_out),
        **({"files left out": dg.MetadataValue.table(left_out)} if left_out else {}),
    }


@dataclass(frozen=True)
class Moves:
    """Changes of the files of known clips, as sets of clip ids.

    Attributes
    ----------
    told : messages for the user
    """

    gone: frozenset[str]
    back: frozenset[str]
    renamed: frozenset[str]
    told: tuple[str, ...]

    @classmethod
    def of(cls, before: Mapping[str, ClipFile], now: Difference) -> "Moves":
        """Compare the registry with a folder."""
        known = {clip_id: file for clip_id, file in now.files.items() if clip_id in before}
        gone = [i for i, file in known.items() if before[i].present and not file.present]
        back = [i for i, file in known.items() if file.present and not before[i].present]
        told = (
            *(f"Clip {i}: {now.why_gone(i)}; what was made from it is kept" for i in gone),
            *(f"Clip {i}: its file {known[i].path} is back" for i in back),
            *(f"Clip {one.clip_id}: {one.old} is now {one.new}" for one in now.renamed),
        )
        return cls(frozenset(gone), frozenset(back), frozenset(one.clip_id for one in now.renamed), told)


def add_partitions(instance: DagsterInstance, clip_ids: Iterable[str], names: Names = PLAIN) -> list[str]:
    """Add the partitions of clips that have none yet, and return them."""
    partitions = names.of(PARTITIONS)
    known = set(instance.get_dynamic_partitions(partitions))
    new = [clip_id for clip_id in clip_ids if clip_id not in known]
    if new:
        instance.add_dynamic_partitions(partitions, new)
    return new


def invented(found: Scan, keys: Iterable[str]) -> list[str]:
    """Return the partitions without a clip, which the UI lets anyone add; `found` must cover the whole folder."""
    return [key for key in keys if key not in found.difference.files]


def remove_invented(instance: DagsterInstance, found: Scan, names: Names = PLAIN) -> None:
    """Remove the partitions without a clip."""
    partitions = names.of(PARTITIONS)
    for key in invented(found, instance.get_dynamic_partitions(partitions)):
        logger.warning("Partition %s is no clip of the folder: it is taken out", key)
        instance.delete_dynamic_partition(partitions, key)


def read_clips(
    instance: DagsterInstance, clip_ids: Iterable[str], settings: Settings, dataset: Dataset, names: Names = PLAIN
) -> list[Clip]:
    """Return clips of the folder; new or changed files are read, registered and observed.

    The sensor requests clips without storing anything, so an unknown or moved clip is searched in the folder. A
    partition without a clip, which the UI lets anyone add, is removed.

    Raises
    ------
    SettingsError
        If no id belongs to a clip.
    """
    wanted = list(clip_ids)
    if not scan.registry_is_lost(dataset):
        _look_for(wanted, instance, settings, dataset, names)
        known = scan.known_files(dataset)
        for clip_id in set(wanted) - known.keys():
            logger.warning("Partition %s is no clip of the folder: it is taken out", clip_id)
            instance.delete_dynamic_partition(names.of(PARTITIONS), clip_id)
        wanted = [clip_id for clip_id in wanted if clip_id in known] or wanted  # if none is known, an error follows
    found = scan.read_clips(wanted, settings, dataset)
    observe(instance, found, names)
    return found


def observe(instance: DagsterInstance, clips: Sequence[Clip], names: Names = PLAIN) -> None:
    """Report versions of clips' files and annotations that Dagster does not know."""
    by_id = {clip.clip_id: clip for clip in clips}
    for observation in observations(instance, by_id, clip_ids=list(by_id), names=names):
        instance.report_runless_asset_event(observation)


def _look_for(
    clip_ids: Sequence[str], instance: DagsterInstance, settings: Settings, dataset: Dataset, names: Names
) -> None:
    """Register unknown or moved clips; leave other new files to the sensor."""
    known = scan.known_files(dataset)
    videos = folders_of(settings, dataset).videos
    # Whether an object is still in its place shows when it is fetched.
    if all(i in known and (videos.is_remote or os.path.lexists(on_disk(videos.file(known[i].path)))) for i in clip_ids):
        return
    try:
        found = scan_clips(settings, dataset)
    except ScanError as error:
        logger.warning("%s", error)  # each clip reports it itself
        return
    keep(instance, dataset, found.only(known.keys() | set(clip_ids)), names)


def clip_folder(settings: Settings, names: Names) -> dg.AssetsDefinition:
    """Return the asset that scans the folder of clips."""

    @dg.asset(
        key=names.key(FOLDER),
        required_resource_keys=resource_keys(names),
        group_name="video",
        owners=[OWNER],
        tags={"scope": "collection"},
        kinds={"video"},
        freshness_policy=LOOKED_AT,
        description="The folder of clips. Materialize it to scan the folder: each clip becomes a partition. Files that "
        "are still being copied are left for later.",
    )
    def look(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        opened = tools_of(context, names, settings).dataset
        end_orphans(context.instance)
        try:
            require_registry(opened)
            found = scan_clips(settings, opened, sizes_before={})
            new = keep(context.instance, opened, found, names)
            remove_invented(context.instance, found, names)
        except (SettingsError, DamagedError, *ScanError) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        for line in found.remarks:
            context.log.warning(line)
        return dg.MaterializeResult(metadata=folder_metadata(found, new))

    return look


def external_assets(names: Names) -> list[dg.AssetSpec]:
    """Return the source assets of a clip, which the platform observes."""
    about_files = (
        "The clip's video file. Its data version is the hash of its content. If there are no partitions, "
        "materialize `clip_folder` (job `look_for_clips`) or run `bachata-assets generate`: each clip becomes one."
    )
    about_words = "The annotation of the clip: its entry in the annotation file, or the fallback values."
    return [
        dg.AssetSpec(
            names.key(name),
            deps=deps,
            partitions_def=names.clips,
            group_name="video",
            owners=[OWNER],
            tags={"scope": "clip"},
            kinds={kind},
            description=description,
        )
        for name, kind, deps, description in (
            ("clip_file", "video", [names.key(FOLDER)], about_files),
            ("annotation", "json", [], about_words),
        )
    ]
