"""`index`: the versions of the search index."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bachata_assets.cli.options import AsJson, DataDir, refuse
from bachata_assets.cli.plain import say, say_json
from bachata_assets.cli.tables import console

if TYPE_CHECKING:
    from bachata_assets.search.index import SearchIndex

INCOMPARABLE = (
    "Its vectors cannot be compared with those made here, although both say version mmpose_v1: documents made here "
    "have `code_versions`. `bachata-assets generate` writes a version beside it, which readers see once it is complete."
)
"""What a user who adopts another program's index must know about its vectors."""

index_app = typer.Typer(no_args_is_help=True, help="Manage the versions of the search index.")


@index_app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show every version of the index, which one readers see, and which one the current models write.

    For example:

    ```sh
    bachata-assets index status --json
    ```
    """
    with opened_index(data_dir, writing=True) as index:  # only a writer knows the version that is written now
        state = index.status()
    if as_json:
        say_json(asdict(state))
        return
    table = Table(title=f"{state.backend}: {state.location}")
    table.add_column("version", overflow="fold")  # a truncated name is of no use
    for head in ("documents", "bytes", "readers see it", "written now"):
        table.add_column(head, min_width=max(map(len, head.split())))
    for version in (*state.versions, *state.moments):
        size = "" if version.bytes is None else f"{version.bytes:,}"
        table.add_row(
            version.name,
            f"{version.documents:,}",
            size,
            *("yes" if is_so else "" for is_so in (version.live, version.current)),
        )
    console().print(table)
    if state.alias_taken:
        say(f"{state.alias} is a plain index, not an alias: `bachata-assets index adopt` makes it a version.")


@index_app.command()
def promote(
    force: Annotated[
        bool, typer.Option("--force", help="Promote even if clips are missing from the new version.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Make readers see the version that the current models write.

    For example:

    ```sh
    bachata-assets index promote --force
    ```
    """
    from bachata_assets.collection.remarks import counted

    with opened_index(data_dir, writing=True) as index:
        done = index.promote(force=force)
    if not done.live:
        named = ", ".join(done.missing[:5])
        refuse(
            f"{done.index_name} lacks {counted(len(done.missing), 'clip')} of those that readers see now ({named}): "
            "make them, or use --force"
        )
    say(f"Readers now see {done.index_name}" + (f" instead of {done.replaced}" if done.replaced else ""))


@index_app.command()
def prune(data_dir: DataDir = None) -> None:
    """Remove the versions that readers no longer see.

    For example:

    ```sh
    bachata-assets index prune
    ```
    """
    with opened_index(data_dir, writing=True) as index:
        removed = index.prune()
    say(f"Removed: {', '.join(removed)}" if removed else "Nothing to remove.")


@index_app.command()
def adopt(data_dir: DataDir = None) -> None:
    """Turn a plain index that has the alias's name into a version behind the alias.

    For example:

    ```sh
    bachata-assets index adopt
    ```
    """
    with opened_index(data_dir, writing=True) as index:
        name = index.adopt()
    say(f"The plain index is now {name}; readers see it as before.")
    say(INCOMPARABLE)


@contextmanager
def opened_index(data_dir: str | None, *, writing: bool = False) -> "Iterator[SearchIndex]":
    """Open the index; an error becomes one clear line."""
    from bachata_assets.search.errors import QueryError, SearchError
    from bachata_assets.search.index import SearchIndex
    from bachata_assets.settings import SettingsError, load_settings

    try:
        settings = load_settings(data_dir=data_dir)
        if writing:
            from bachata_assets.orchestration.build import build_resources

            opened = build_resources(settings)["search"].open()
        else:
            opened = SearchIndex.from_settings(settings)
        with opened as index:
            yield index
    except (SearchError, QueryError, SettingsError) as error:
        refuse(str(error))
