"""`repair`: mend a data dir whose state is damaged or lost."""

from bachata_assets.cli.options import AnnotationsOption, DataDir, VideoDirOption, refuse
from bachata_assets.cli.plain import say


def repair(video_dir: VideoDirOption = None, annotations: AnnotationsOption = None, data_dir: DataDir = None) -> None:
    r"""Rebuild damaged or lost state from the tables: registry, Dagster's history, index. Computes nothing.

    The tables record how they were made, so nothing else is needed. A damaged file stays beside the new one, with
    `.damaged` appended to its name.

    For example (the second call where the data dir has lost the folders):

    ```sh
    bachata-assets repair
    bachata-assets repair --video_dir data/Bachata_steps \
      --annotations data/bachata_annotations.json
    ```
    """
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.commands.repair import repair as mend
    from bachata_assets.search.errors import SearchError
    from bachata_assets.settings import SettingsError, load_settings

    try:
        for line in mend(load_settings(video_dir=video_dir, annotations=annotations, data_dir=data_dir)):
            say(line)
    except (SettingsError, SearchError, *ScanError) as error:
        refuse(str(error))
    say("Mended. `bachata-assets generate` makes what is missing.")
