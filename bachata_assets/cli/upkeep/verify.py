"""`verify`: check that the program works here."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bachata_assets.cli.options import AsJson, DataDir, refuse
from bachata_assets.cli.plain import plain, say, say_json

if TYPE_CHECKING:
    from bachata_assets.commands.verify import Finding

SIGNS = {"ok": ("ok", "green"), "warning": ("warning", "yellow"), "problem": ("problem", "red")}


Data = Annotated[
    bool, typer.Option("--data", help="Read every table and document instead of checking sizes and a sample.")
]


def verify(data: Data = False, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Check this machine and the data dir.

    Checks versions, libraries, disk, models, tables, reports and index, and sends one rendered clip through the
    pipeline. Exits with 1 when there is a problem; a warning does not count as one.

    For example (`--data` reads every byte of the data dir):

    ```sh
    bachata-assets verify
    bachata-assets verify --data
    bachata-assets verify --json
    ```
    """
    from bachata_assets.cli.progress import log_on_terminal
    from bachata_assets.commands.verify import verify as answers
    from bachata_assets.orchestration.build import build_platform
    from bachata_assets.settings import SettingsError, load_settings

    try:
        platform = build_platform(load_settings(data_dir=data_dir))
    except SettingsError as error:
        refuse(str(error))
    findings = []
    with log_on_terminal():
        for finding in answers(platform, content=data):
            findings.append(finding)
            if not as_json:
                _say(finding)
    if as_json:
        say_json([asdict(finding) for finding in findings])
    raise typer.Exit(1 if any(finding.state == "problem" for finding in findings) else 0)


def _say(finding: "Finding") -> None:
    sign, colour = SIGNS[finding.state]
    typer.echo(f"{typer.style(sign.ljust(8), fg=colour)} {plain(finding.what)}")
    if finding.remedy:
        say(f"{' ' * 8} {finding.remedy}")
