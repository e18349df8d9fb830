"""Taking clips out of a collection whose files are gone: partition, tables and document together.

Until then a removed file only marks its clip: nothing is lost because a disk was not mounted.
"""

from dagster import DagsterInstance, RunsFilter

from bachata_assets import collection
from bachata_assets.build import Platform
from bachata_assets.orphans import end_orphans
from bachata_assets.planning import UNFINISHED
from bachata_assets.video.discovery import PREVIEWS


class RunsUnfinishedError(RuntimeError):
    """Runs are going on, and may be at work on what is to be removed."""


def gone(platform: Platform) -> list[str]:
    """Return the clips that are registered and whose files are gone.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        When the folder of clips cannot be listed: then nothing is known to be gone.
    """
    present = set(collection.look(platform.settings, platform.dataset).clips)
    return sorted(collection.registered_clips(platform.dataset) - present)


def prune(platform: Platform, instance: DagsterInstance, clip_ids: list[str]) -> None:
    """Remove clips. The registry comes last, so that an interrupted call is finished by the next.

    Raises
    ------
    RunsUnfinishedError
        While a run is going on or queued.
    SearchError
        When the index cannot be reached; nothing is removed then.
    """
    end_orphans(instance)
    unfinished = instance.get_runs(RunsFilter(statuses=UNFINISHED), limit=1)
    if unfinished:
        raise RunsUnfinishedError(f"Run {unfinished[0].run_id} is not finished: wait for it, or cancel it in the UI")
    with platform.resources["search"].open() as index:
        index.delete(clip_ids)
    for clip_id in clip_ids:
        for stage in platform.stages:
            platform.dataset.delete_table(stage.name, clip_id)
        for suffix in ("jpg", "mp4"):
            platform.dataset.delete(f"{PREVIEWS}/{clip_id}.{suffix}")
        instance.delete_dynamic_partition(collection.PARTITIONS, clip_id)
    collection.forget(platform.dataset, clip_ids)
