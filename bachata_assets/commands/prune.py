"""`prune`: take clips out of the collection whose files are gone."""

from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.pruning import RunsUnfinishedError, gone, remove_clips

__all__ = ["RunsUnfinishedError", "clips_without_a_file", "remove"]


def clips_without_a_file(platform: Platform) -> list[str]:
    """Return the clips whose files are gone.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        When the folder of clips cannot be listed.
    """
    return gone(platform.settings, platform.dataset)


def remove(platform: Platform, clip_ids: list[str]) -> None:
    """Remove clips: partition, tables and document together.

    Raises
    ------
    RunsUnfinishedError
        While a run that is going on or queued uses one of them.
    SearchError
        When the index cannot be reached; nothing is removed then.
    """
    with open_instance(platform.settings.data_dir) as instance:
        remove_clips(instance, platform.stages, platform.dataset, platform.tools.search, clip_ids)
