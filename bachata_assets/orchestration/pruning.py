"""Removing clips whose files are gone, or that show no couple, with everything made from them.

Until then, a missing file only marks its clip, so that an unmounted disk does not lose anything.
"""

from collections.abc import Sequence

from bachata_assets.collection import layout, scan
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.instance import Instance
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets.orchestration.resources import PARTITIONS, PLAIN, Names
from bachata_assets.orchestration.run_requests import clips_at_work
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.tools import SearchIndexProvider
from bachata_assets.settings import Settings


class RunsUnfinishedError(RuntimeError):
    """A queued or running run uses what is to be removed."""


def gone(settings: Settings, dataset: Dataset, *, unmounted: bool = False) -> list[str]:
    """Return the registered clips that are gone; a clip with a copy under another name is not gone.

    A clip whose annotation says that it shows no couple counts as gone.

    Parameters
    ----------
    unmounted : include clips whose disk may only be unmounted

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        If the folder of clips cannot be listed, or holds no video at all, so that nothing is known to be gone.
    """
    present = set(scan.scan_clips(settings, dataset, read_copies=True, unmounted=unmounted).clips)
    return sorted(scan.known_files(dataset).keys() - present)


def remove_clips(
    instance: Instance,
    stages: Sequence[Stage],
    dataset: Dataset,
    search: SearchIndexProvider,
    clip_ids: list[str],
    names: Names = PLAIN,
) -> None:
    """Remove clips. The registry comes last, so that the next call finishes an interrupted one.

    Raises
    ------
    RunsUnfinishedError
        While a queued or running run uses one of them.
    SearchError
        If the index cannot be reached; nothing is removed.
    """
    end_orphans(instance)
    used = clips_at_work(instance, names) & set(clip_ids)
    if used:
        raise RunsUnfinishedError(
            f"An unfinished run uses {', '.join(sorted(used))}: wait for it, or cancel it in the UI"
        )
    with search.open() as index:
        index.delete(clip_ids)
    for stage in stages:
        dataset.delete_tables(stage.name, {*clip_ids})
    for clip_id in clip_ids:
        for name in (layout.preview_picture, layout.preview_video, layout.people_picture, layout.shown_poses):
            dataset.delete(name(clip_id))
        instance.delete_dynamic_partition(names.of(PARTITIONS), clip_id)
    scan.forget(dataset, clip_ids)
