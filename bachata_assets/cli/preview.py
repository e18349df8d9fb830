"""`preview`: a video of a clip with both skeletons, or a picture of everyone in it."""

from pathlib import Path
from typing import Annotated

import typer

from bachata_assets.cli.options import DataDir, clip_ids, refuse
from bachata_assets.cli.plain import say


def preview(
    clip_id: Annotated[str, typer.Argument(help="A clip of the collection.", metavar="CLIP", autocompletion=clip_ids)],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write. [default: in previews/ of the data dir]")
    ] = None,
    people: Annotated[
        bool, typer.Option("--people", help="A picture (jpg) of everyone, with the numbers to use in an annotation.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Write a video (mp4) of a clip, with its sound and both skeletons in the roles' colours.

    With --people, it writes a picture of everyone in the clip, each with a number, and marks the couple. Two of the
    numbers in the clip's annotation choose the couple.

    For example:

    ```sh
    bachata-assets preview basic_step_1 --out basic_step_1.mp4
    bachata-assets preview basic_step_1 --people
    ```
    """
    from bachata_assets.collection.dataset import Dataset
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.commands import preview as previewing
    from bachata_assets.settings import SettingsError, load_settings
    from bachata_assets.video.errors import UnreadableVideoError

    try:
        settings = load_settings(data_dir=data_dir)
        dataset = Dataset(url=settings.data_dir)
        if people:
            from bachata_assets.orchestration.build import build_platform

            platform = build_platform(settings)
            platform.require_models()
            lines = previewing.preview_people(clip_id, settings, dataset, platform.tools.models, out)
        else:
            lines = [f"Wrote {previewing.preview(clip_id, settings, dataset, out)}"]
    except (previewing.PreviewError, UnreadableVideoError, SettingsError, *ScanError) as error:
        refuse(str(error))
    for line in lines:
        say(line)
