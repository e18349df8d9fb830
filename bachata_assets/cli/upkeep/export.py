"""`export`: clips as files for other programs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bachata_assets.cli.options import AsJson, DataDir, clip_ids, refuse
from bachata_assets.cli.plain import say, say_json


def export(
    form: Annotated[
        Literal["coco", "fiftyone", "movement", "rerun", "webvtt"],
        typer.Argument(help="What to write.", metavar="FORMAT"),
    ],
    out: Annotated[Path, typer.Option("--out", help="The folder to write into.")],
    clip: Annotated[
        list[str] | None,
        typer.Option("--clip", help="A clip; may be repeated. [default: all]", autocompletion=clip_ids),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="coco: also write the frames at 15 fps, as JPEG.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write poses, beats and checks for other programs: coco, fiftyone, movement, rerun or webvtt.

    For example:

    ```sh
    bachata-assets export webvtt --out subtitles
    bachata-assets export coco --out for_cvat --clip basic_step_1 --pictures
    ```
    """
    from bachata_assets.collection.remarks import counted, named
    from bachata_assets.collection.scan import ScanError
    from bachata_assets.commands.export import export as run
    from bachata_assets.export.source import ExportError
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.settings import SettingsError, load_settings
    from bachata_assets.video.errors import UnreadableVideoError

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
        written, left_out = run(platform, form, out, clip or (), pictures=pictures)
    except (ExportError, UnreadableVideoError, SettingsError, *ScanError) as error:
        refuse(str(error))
    if as_json:
        say_json({"written": [str(path) for path in written], "left_out": left_out})
        return
    say(f"Wrote {counted(len(written), 'file')} into {out}: {named([str(path.relative_to(out)) for path in written])}")
    if left_out:
        say(f"  left out, not made yet: {counted(len(left_out), 'clip')} ({named(left_out)})")
