"""`download-models`: the weights of a model set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from bachata_assets.cli.options import both, refuse

if TYPE_CHECKING:
    from bachata_assets.pose.model_sets import ModelSpec


def download_models(
    model_set: Annotated[str, typer.Argument(help="A set of checkpoints/models.toml.", metavar="SET")] = "bundled",
    checkpoint_path: Annotated[
        Path | None, typer.Option(*both("checkpoint_path"), help="Folder of model checkpoints (over the settings).")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(*both("base_url"), help="A mirror that keeps the files under their own names.")
    ] = None,
) -> None:
    """Download the weights of a model set, go on where an earlier download broke off, and check them.

    The set `bundled` comes with the project and needs no download.
    """
    from bachata_assets.pose.download import DownloadError, download
    from bachata_assets.pose.model_sets import ModelSetError, load_model_set
    from bachata_assets.settings import SettingsError, load_settings

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    try:
        folder = checkpoint_path or load_settings().mmpose_checkpoint_path
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        models = load_model_set(model_set, folder)
        with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
            tasks = {spec.checkpoint: bars.add_task(spec.checkpoint, visible=False) for spec in models.specs()}

            def show(spec: "ModelSpec", there: int, total: int | None) -> None:
                bars.update(tasks[spec.checkpoint], completed=there, total=total, visible=True)

            fetched = download(models, show, base_url)
        models.fingerprint("f32")  # reads and checks every file, those that were there before too
    except (DownloadError, ModelSetError, SettingsError, FileNotFoundError) as error:
        refuse(str(error))
    for checkpoint, size in fetched.items():
        typer.echo(f"{checkpoint}: {size:,} bytes")
    typer.echo(f"The model set {models.name} is complete in {models.detector.folder}")
