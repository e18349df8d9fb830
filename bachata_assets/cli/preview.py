"""`preview`: a clip as a video with both skeletons."""

from pathlib import Path
from typing import Annotated

import typer

from bachata_assets.cli.options import DataDir, clip_ids, refuse
from bachata_assets.cli.plain import say


def preview(
    clip_id: Annotated[str, typer.Argument(help="A clip of the collection.", metavar="CLIP", autocompletion=clip_ids)],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write. [default: previews/CLIP.mp4 in the data dir]")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write a video (mp4) of a clip, with its sound and both skeletons in the roles' colours.

    For example:

    ```sh
    bachata-assets preview basic_step_1 --out basic_step_1.mp4
    ```
    """
    from bachata_assets.collection.dataset import Dataset
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.commands import preview as previewing
    from bachata_assets.settings import SettingsError, load_settings
    from bachata_assets.video.errors import UnreadableVideoError

    try:
        settings = load_settings(data_dir=data_dir)
        written = previewing.preview(clip_id, settings, Dataset(url=settings.data_dir), out)
    except (previewing.PreviewError, UnreadableVideoError, SettingsError, *ScanError) as error:
        refuse(str(error))
    say(f"Wrote {written}")
