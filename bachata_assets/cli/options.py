"""Flags that several commands share, their shell completion, and how a wrong call ends."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bachata_assets.cli.plain import say

if TYPE_CHECKING:
    from bachata_assets.collection.dataset import Dataset


def underscored(name: str) -> str:
    """Return a flag's name as the specification writes it; users can type underscores or dashes."""
    return name.replace("-", "_")


VideoDirOption = Annotated[
    str | None,
    typer.Option("--video_dir", metavar="PATH", help="Folder or bucket of clips. [default: as last used here]"),
]
AnnotationsOption = Annotated[
    str | None,
    typer.Option("--annotations", metavar="PATH", help="JSON file of annotations. [default: as last used here]"),
]
DataDir = Annotated[str | None, typer.Option("--data_dir", help="Folder or bucket of all results. [default: data]")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def refuse(problem: str) -> NoReturn:
    """Print what is wrong with the call and exit with 2."""
    say(f"Error: {problem}", err=True)
    raise typer.Exit(2)


def clip_ids(context: typer.Context, incomplete: str) -> list[str]:
    """Return the clip ids of the collection that begin with the typed text."""

    def read() -> Iterable[str]:
        from bachata_assets.collection.scan import present_clips

        return sorted(present_clips(_dataset(context)))

    return _beginning_with(incomplete, read)


def conditions(context: typer.Context, incomplete: str) -> list[str]:
    """Return the filters that begin with the typed text: a name and a value that some clip has."""

    def read() -> Iterable[str]:
        from bachata_assets.collection.labels import labels_of

        values = [f"{name}={value}" for name, found in labels_of(_dataset(context)).items() for value in found]
        return [*values, "tempo=", "min_quality="]

    return _beginning_with(incomplete, read)


def model_sets(context: typer.Context, incomplete: str) -> list[str]:
    """Return the model sets that begin with the typed text."""

    def read() -> Iterable[str]:
        from bachata_assets.pose.models.model_sets import model_set_names
        from bachata_assets.settings import load_settings

        return model_set_names(
            load_settings(mmpose_checkpoint_path=context.params.get("checkpoint_path")).mmpose_checkpoint_path
        )

    return _beginning_with(incomplete, read)


def _dataset(context: typer.Context) -> "Dataset":
    from bachata_assets.collection.dataset import Dataset
    from bachata_assets.settings import load_settings

    return Dataset(url=load_settings(data_dir=context.params.get("data_dir")).data_dir)


def _beginning_with(incomplete: str, read: Callable[[], Iterable[str]]) -> list[str]:
    """Return the values that begin with the typed text; completion must show neither errors nor other output."""
    with suppress(Exception):
        return [value for value in read() if value.startswith(incomplete)]
    return []
