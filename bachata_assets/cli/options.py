"""Flags that several commands share, and how a wrong call ends."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from bachata_assets.cli.plain import say


def both(name: str) -> tuple[str, str]:
    """Return a flag as the mission writes it, and with dashes."""
    return f"--{name}", f"--{name.replace('_', '-')}"


VideoDirOption = Annotated[
    Path | None, typer.Option(*both("video_dir"), help="Folder of clips. [default: as the data dir remembers]")
]
AnnotationsOption = Annotated[
    Path | None, typer.Option("--annotations", help="JSON file of annotations. [default: as the data dir remembers]")
]
DataDir = Annotated[str | None, typer.Option(*both("data_dir"), help="Where everything is written. [default: data]")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def refuse(problem: str) -> NoReturn:
    """Say what is wrong with the call and end with 2."""
    say(f"Error: {problem}", err=True)
    raise typer.Exit(2)
