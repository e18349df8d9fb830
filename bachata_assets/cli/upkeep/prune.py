"""`prune`: remove clips whose files are gone, or that show no couple."""

from typing import Annotated

import typer

from bachata_assets.cli.options import DataDir, refuse
from bachata_assets.cli.plain import say


def prune(
    dry_run: Annotated[bool, typer.Option("--dry_run", help="Only list the clips that would be removed.")] = False,
    unmounted: Annotated[
        bool,
        typer.Option("--unmounted", help="Include clips of an unmounted disk, or of a folder without any video."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Remove the clips whose files are gone, or whose annotation says that they show no couple.

    Removes each clip's partition, tables and document together; never touches videos and annotations.

    For example:

    ```sh
    bachata-assets prune --dry-run
    bachata-assets prune --yes
    ```
    """
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.orchestration.instance import open_instance
    from bachata_assets.orchestration.pruning import RunsUnfinishedError, gone, remove_clips
    from bachata_assets.search.errors import SearchError
    from bachata_assets.settings import SettingsError, load_settings

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
        clip_ids = gone(platform.settings, platform.dataset, unmounted=unmounted)
        say(f"Clips without a file, or without a couple: {', '.join(clip_ids) or 'none'}")
        if not clip_ids or dry_run:
            return
        if not yes:
            typer.confirm("Remove their partitions, tables and documents?", abort=True)
        with open_instance(platform.settings.data_dir) as instance:
            remove_clips(instance, platform.stages, platform.dataset, platform.tools.search, clip_ids)
    except (SettingsError, SearchError, RunsUnfinishedError, *ScanError) as error:
        refuse(str(error))
    say(f"Clips removed: {len(clip_ids)}. `bachata-assets report` updates the report.")
