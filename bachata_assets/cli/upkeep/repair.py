"""`repair`: mending a data dir whose state is damaged or lost."""

from bachata_assets.cli.options import AnnotationsOption, DataDir, VideoDirOption, refuse
from bachata_assets.cli.plain import say


def repair(video_dir: VideoDirOption = None, annotations: AnnotationsOption = None, data_dir: DataDir = None) -> None:
    r"""Make a damaged or lost state whole again: registry, Dagster's history, index. Computes nothing.

    The tables say themselves how they were made, so they are all that is needed. What is damaged keeps lying beside
    its place, with `.damaged` behind its name.

    For example, the second where the folders are forgotten:

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
