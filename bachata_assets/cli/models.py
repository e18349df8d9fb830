"""`download-models`: the weights of a model set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from bachata_assets.cli.options import model_sets, refuse
from bachata_assets.cli.plain import say

if TYPE_CHECKING:
    from bachata_assets.pose.models.model_sets import ModelSpec
    from bachata_assets.settings import Settings


def download_models(
    model_set: Annotated[
        str | None,
        typer.Argument(
            help="A model set of checkpoints/models.toml; without it, all sets are listed.",
            metavar="SET",
            autocompletion=model_sets,
        ),
    ] = None,
    checkpoint_path: Annotated[
        Path | None, typer.Option("--checkpoint_path", help="Folder of model checkpoints; overrides the setting.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option("--base_url", help="A mirror that has the files under their original names.")
    ] = None,
    hands: Annotated[
        bool | None, typer.Option(help="Also get the hand model. [default: BACHATA_HANDS]", show_default=False)
    ] = None,
) -> None:
    """Download the weights of a model set and verify them; resumes an interrupted download.

    The set `bundled` comes with the project and needs no download.

    For example:

    ```sh
    bachata-assets download-models rtmpose-m
    ```
    """
    from bachata_assets.pose.models.download import DownloadError
    from bachata_assets.pose.models.model_sets import ModelSetError
    from bachata_assets.settings import SettingsError, load_settings

    try:
        settings = load_settings(
            mmpose_checkpoint_path=checkpoint_path, models_base_url=base_url, hands=hands, model_set=model_set
        )
        if model_set is None:
            _list_sets(settings)
        else:
            _download_set(settings)
    except (DownloadError, ModelSetError, SettingsError, FileNotFoundError) as error:
        refuse(str(error))


def _list_sets(settings: "Settings") -> None:
    """Print for every set whether its files are present, and how to get them."""
    from bachata_assets.pose.models.model_sets import load_model_set, model_set_names

    folder = settings.mmpose_checkpoint_path
    for name, has_hand in model_set_names(folder).items():
        specs = load_model_set(name, folder, settings.hands and has_hand).specs()
        missing = sum(not spec.checkpoint_path.is_file() for spec in specs)
        state = f"{missing} of {len(specs)} files missing; get them with: {specs[0].command}" if missing else "complete"
        say(f"{'*' if name == settings.model_set else ' '} {name}: {state}")
    say(f"* marks the set in use; choose with BACHATA_MODEL_SET. Hands are {'on' if settings.hands else 'off'}.")


def _download_set(settings: "Settings") -> None:
    """Download the missing files of the set that the settings name, with a progress bar for each."""
    from bachata_assets.pose.models.download import download
    from bachata_assets.pose.models.model_sets import load_model_set

    folder = settings.mmpose_checkpoint_path
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    models = load_model_set(settings.model_set, folder, settings.hands)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks = {spec.checkpoint: bars.add_task(spec.checkpoint, visible=False) for spec in models.specs()}

        def show(spec: "ModelSpec", there: int, total: int | None) -> None:
            bars.update(tasks[spec.checkpoint], completed=there, total=total, visible=True)

        fetched = download(models, show, settings.models_base_url)
    models.fingerprint("f32")  # reads and verifies every file, including those present before
    for checkpoint, size in fetched.items():
        say(f"{checkpoint}: {size:,} bytes")
    say(f"The model set {models.name} is complete in {models.detector.folder}")
