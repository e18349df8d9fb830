"""The partitions, one a clip, and how Dagster learns which clips there are.

Belongs here: what all assets share (partitions, pool, owner), and Dagster's partitions and observations brought level
with a scan. Which clips there are and what each is called is in `collection/`.
"""

import logging
from collections.abc import Iterable, Mapping

import dagster as dg
from dagster import DagsterInstance

from bachata_assets.collection import scan
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.registry import ClipFile, Difference
from bachata_assets.collection.scan import Scan
from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.clip_events import observe, observe_gone
from bachata_assets.settings import Settings

logger = logging.getLogger(__name__)

OWNER = "team:bachata"
"""Owner of every asset, as the UI shows it."""

POOL = "poses"
"""Concurrency pool of the runs of clips: finding poses takes all cores, so a second run would only be in the way."""

PARTITIONS = "clips"
clips = dg.DynamicPartitionsDefinition(name=PARTITIONS)


def register(instance: DagsterInstance, dataset: Dataset, found: Scan) -> None:
    """Keep what was found: the registry, the partitions of new clips, and changed versions as observations."""
    before = scan.keep(dataset, found)
    add_partitions(instance, found.clips)
    dagster_internals.limit_pool(instance, POOL, 1)
    observe(instance, found.clips, also=_moved(before, found.difference))
    for clip_id, file in found.difference.files.items():
        if not file.present and clip_id in before and before[clip_id].present:
            logger.info("Clip %s: its file %s is gone; what was made of it is kept", clip_id, file.path)
            observe_gone(instance, clip_id, found.folders.video_dir / file.path, file.content)


def add_partitions(instance: DagsterInstance, clip_ids: Iterable[str]) -> None:
    """Add the partitions of clips that have none yet."""
    known = set(instance.get_dynamic_partitions(PARTITIONS))
    new = [clip_id for clip_id in clip_ids if clip_id not in known]
    if new:
        instance.add_dynamic_partitions(PARTITIONS, new)


def read_clips(instance: DagsterInstance, clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> list[Clip]:
    """Return registered clips; files that are new or changed are read, kept and observed.

    An invented partition, as the UI lets anyone add one, is taken out again.

    Raises
    ------
    SettingsError
        When an id was never registered.
    """
    wanted = list(clip_ids)
    if not scan.registry_is_lost(dataset):
        for clip_id in set(wanted) - scan.known_files(dataset).keys():
            instance.delete_dynamic_partition(PARTITIONS, clip_id)
    found = scan.read_clips(wanted, settings, dataset)
    observe(instance, {clip.clip_id: clip for clip in found}, clip_ids=[clip.clip_id for clip in found])
    return found


def _moved(before: Mapping[str, ClipFile], difference: Difference) -> set[str]:
    """Return the clips whose files have another name, or are there again."""
    for rename in difference.renamed:
        logger.info("Clip %s: %s is %s now", rename.clip_id, rename.old, rename.new)
    back = {i for i, file in difference.ready.items() if i in before and not before[i].present}
    return back | {rename.clip_id for rename in difference.renamed}
