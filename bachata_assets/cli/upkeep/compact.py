"""`compact`: putting the tables of many clips into few archives."""

from bachata_assets.cli.options import DataDir, refuse
from bachata_assets.cli.plain import say


def compact(data_dir: DataDir = None) -> None:
    """Put the tables of many clips into few archives, so that a bucket soon gives all of them.

    Only files move: no table changes, and none is made again. Tables of clips that a run uses stay as they are.

    For example:

    ```sh
    bachata-assets compact --data_dir s3://dances/made
    ```
    """
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.orchestration.instance import open_instance
    from bachata_assets.orchestration.jobs import compact_tables
    from bachata_assets.settings import SettingsError, load_settings

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
        if not platform.dataset.collection():
            refuse(
                f"{platform.settings.data_dir}: holds no collection; --data_dir is the folder that `generate` filled"
            )
        with open_instance(platform.settings.data_dir) as instance:
            for stage, done in compact_tables(instance, platform.stages, platform.dataset):
                say(f"{stage}: {done}")
    except (SettingsError, *ScanError) as error:
        refuse(str(error))
