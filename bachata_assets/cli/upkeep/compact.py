"""`compact`: put the tables of many clips into few archives."""

from bachata_assets.cli.options import DataDir, refuse
from bachata_assets.cli.plain import say


def compact(data_dir: DataDir = None) -> None:
    """Put the tables of many clips into few archives, which are faster to read from a bucket.

    Only files move: no table changes, and none is made again. Tables of clips that a run is using stay as they are.

    For example:

    ```sh
    bachata-assets compact --data_dir s3://dances/made
    ```
    """
    from bachata_assets.collection.compaction import Compacted
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.orchestration.instance import open_instance
    from bachata_assets.orchestration.jobs import compact_tables
    from bachata_assets.settings import SettingsError, load_settings

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
        if not platform.dataset.collection():
            refuse(
                f"{platform.settings.data_dir}: holds no collection; --data_dir must be a folder that `generate` filled"
            )
        with open_instance(platform.settings.data_dir) as instance:
            is_level = True
            for stage, done in compact_tables(instance, platform.stages, platform.dataset):
                if done != Compacted():
                    is_level = False
                    say(f"{stage}: {done}")
        if is_level:
            say("Nothing to compact: every table is in an archive already, except those that a run is using.")
    except (SettingsError, *ScanError) as error:
        refuse(str(error))
