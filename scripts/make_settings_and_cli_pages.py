"""Write docs/settings.md and docs/cli.md from the settings and from the commands themselves.

    uv run python -m scripts.make_settings_and_cli_pages

A test fails while a page says something else than this would write.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from pydantic import SecretStr

from bachata_assets.cli import app
from bachata_assets.settings import SECRET_NAMES, Settings, variables

DOCS = Path(__file__).resolve().parents[1] / "docs"
GENERATED = "<!-- Written by `python -m scripts.make_settings_and_cli_pages`: change the source, not this page. -->"

SETTINGS_PAGE = f"""{GENERATED}

# Settings

A setting is an environment variable or a line of `.env` in the folder in which the program starts. The first of these
that names a setting counts: a flag of the command line, the environment, Google Secret Manager (only with
`ENVIRONMENT=cloud`), `.env`, the default. `bachata-assets settings` shows the values in force,
`bachata-assets settings --example` prints a `.env` with all of them. A wrong value ends the program with a message that
names the variable and what it may be.

| variable | value | default | meaning |
|---|---|---|---|
%s

Two variables are not of this project: `DAGSTER_HOME` names the folder of Dagster's own state (default: `.dagster` in
the data dir), and `XDG_CACHE_HOME` the folder in which exported models are kept.

## Secrets

With `ENVIRONMENT=cloud` these settings are read from Google Secret Manager where neither a flag nor the environment
gives them ([how](operations.md#the-cloud)):

| variable | secret |
|---|---|
%s
"""

CLI_PAGE = f"""{GENERATED}

# Command line

`bachata-assets` is installed with the package; in a checkout call it by `uv run bachata-assets`. Flags of several words
can be written with underscores or dashes.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a clip failed or is missing (`generate`, `status`), or a problem was found (`verify`) |
| 2 | the call or a setting is wrong; the message says how |
| 130 | interrupted; what was made is kept |

%s"""


def settings_page() -> str:
    """Return the page of all settings."""
    rows = [
        f"| `{variable}` | {_values(field.annotation)} | {_shown(field.default)} | {field.description} |"
        for variable, field in zip(variables().values(), Settings.model_fields.values(), strict=True)
    ]
    secrets = [f"| `{variables()[name]}` | `{secret}` |" for name, secret in SECRET_NAMES.items()]
    return SETTINGS_PAGE % ("\n".join(rows), "\n".join(secrets))


def _values(annotation: Any) -> str:
    """Return what may be given for a setting of this type."""
    names = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "`true`, `false`",
        Path: "path",
        SecretStr: "text",
    }
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in kinds)
    return names[kinds[0] if kinds else annotation]


def _shown(default: Any) -> str:
    return "" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def cli_page() -> str:
    """Return the page of all commands."""
    program = typer.main.get_command(app)
    return CLI_PAGE % "\n".join(_section(name, command) for name, command in _commands(program))


def _commands(group: Any, words: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every command with the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{words}{name} ")
        else:
            yield f"{words}{name}", command


def _section(name: str, command: Any) -> str:
    """Return the part of the page about one command: what it says by `--help`."""
    context = command.make_context(name, [], resilient_parsing=True)
    pieces = command.collect_usage_pieces(context)
    text = "\n".join(line.strip() for line in command.help.splitlines())
    rows = [_row(parameter, context) for parameter in command.params]
    table = ["| argument or flag | meaning |", "|---|---|", *rows, ""] if rows else []
    return "\n".join(
        [f"## {name}", "", text, "", "```text", " ".join(["bachata-assets", name, *pieces]), "```", "", *table]
    )


def _row(parameter: Any, context: Any) -> str:
    named = parameter.get_help_record(context)
    calls, meaning = named if named else (parameter.human_readable_name, "")
    words = re.split(r"[ ,]+", calls)
    said = [word for word in words if word[:2] != "--" or _underscored(word) == word or _underscored(word) not in words]
    return f"| `{' '.join(said)}` | {' '.join(meaning.split())} |"


def _underscored(flag: str) -> str:
    return f"--{flag[2:].replace('-', '_')}"


def main() -> None:
    """Write both pages."""
    (DOCS / "settings.md").write_text(settings_page(), encoding="utf-8")
    (DOCS / "cli.md").write_text(cli_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
