"""The command line: arguments, flags and exit codes. The work of a command lives elsewhere, imported when it runs."""

from typing import Annotated

import typer

from bachata_assets.cli import following, generate, models, preview, search, similar, state
from bachata_assets.cli.commands import Commands
from bachata_assets.cli.options import underscored
from bachata_assets.cli.upkeep import annotate, compact, export, prune, repair, verify

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,  # they may hold secrets
    context_settings={"help_option_names": ["-h", "--help"], "token_normalize_func": underscored},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"bachata_assets {version('bachata-assets')}")
        raise typer.Exit


@app.callback()
def program(
    _asked: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Turn videos of bachata couples into searchable embeddings, offline, on an ordinary CPU."""


app.command()(generate.generate)
app.command()(generate.sample)
app.command()(state.status)
app.command()(state.report)
app.command()(state.serve)
app.command()(similar.similar)
app.command("next")(following.following)
app.command()(following.chain)
app.command()(preview.preview)
app.command()(annotate.annotate)
app.command()(export.export)
app.command()(prune.prune)
app.command()(state.settings)
app.command()(verify.verify)
app.command()(repair.repair)
app.command()(compact.compact)
app.command()(models.download_models)
app.add_typer(search.index_app, name="index")
