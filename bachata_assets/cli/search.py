"""`similar` and `index`: asking the search index, and looking after its versions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bachata_assets.cli.options import AsJson, DataDir, refuse
from bachata_assets.cli.plain import plain, say, say_json

if TYPE_CHECKING:
    from bachata_assets.search.explanation import FamilyExplanation
    from bachata_assets.search.index import SearchIndex
    from bachata_assets.search.similarity import Match

PIPE_WIDTH = 200
INCOMPARABLE = (
    "Its vectors cannot be compared with those made here, although both say version mmpose_v1: documents made here "
    "have `code_versions`. `bachata-assets generate` writes a version beside it, which readers see once it is complete."
)
"""What whoever adopts the index of another program must know of its vectors."""

index_app = typer.Typer(no_args_is_help=True, help="Look after the versions of the search index.")


def similar(
    clip_id: Annotated[str | None, typer.Argument(help="A clip of the collection.", metavar="CLIP")] = None,
    text: Annotated[str | None, typer.Option("--text", help="A free sentence, instead of a clip.")] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            help="What counts how much, e.g. text=0.5,audio=0.5. "
            "[default: text=.35,audio=.35,lead=.1,follow=.1,interaction=.1]",
        ),
    ] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--filter", help="E.g. difficulty=beginner, tempo=100..130, min_quality=0.6; may be repeated."),
    ] = None,
    size: Annotated[int, typer.Option("--size", help="How many clips to show.")] = 10,
    why: Annotated[bool, typer.Option("--why", help="Say which movements, body parts and sounds are alike.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the clips most like a clip, or those that a sentence describes.

    Examples: `bachata-assets similar basic_step_1 --filter difficulty=beginner` and
    `bachata-assets similar --text "romantic slow turn" --weights text=1`
    """
    from bachata_assets.search.filters import Filters
    from bachata_assets.search.similarity import parse_weights

    with _index(data_dir) as index:
        found = index.find_similar(
            clip_id,
            text=text,
            weights=parse_weights(weights) if weights else None,
            filters=Filters.parse(filters or []),
            size=size,
        )
        reasons = _reasons(index, clip_id, found) if why else {}
    if as_json:
        rows = [match.to_dict() | _as_plain(reasons.get(match.clip_id)) for match in found]
        say_json(rows)
        return
    _print(_table(found))
    for other, families in reasons.items():
        say(other)
        for family, reason in families.items():
            shares = " | ".join(_largest(part) for part in (reason.blocks, reason.parts) if part)
            say(f"  {family} {reason.cosine:+.2f}: {shares}")


@index_app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show every version of the index, which one readers see, and which one the current models write.

    Example: `bachata-assets index status --json`
    """
    with _index(data_dir, writing=True) as index:
        state = index.status()
    if as_json:
        say_json(asdict(state))
        return
    columns = ("version", "documents", "bytes", "readers see it", "written now")
    table = Table(*columns, title=f"{state.backend}: {state.location}")
    for version in state.versions:
        size = "" if version.bytes is None else f"{version.bytes:,}"
        table.add_row(
            version.name,
            f"{version.documents:,}",
            size,
            *("yes" if is_so else "" for is_so in (version.live, version.current)),
        )
    _print(table)
    if state.alias_taken:
        say(f"A plain index is called {state.alias}: `bachata-assets index adopt` makes it a version.")


@index_app.command()
def promote(
    force: Annotated[bool, typer.Option("--force", help="Do it although clips are missing from the new one.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Let readers see the version that the current models write.

    Example: `bachata-assets index promote --force`
    """
    with _index(data_dir, writing=True) as index:
        done = index.promote(force=force)
    if not done.live:
        named = ", ".join(done.missing[:5])
        refuse(
            f"{done.index_name} lacks {len(done.missing)} clips that readers see now ({named}): "
            "make them, or say --force"
        )
    say(f"Readers see {done.index_name}" + (f", before {done.replaced}" if done.replaced else ""))


@index_app.command()
def prune(data_dir: DataDir = None) -> None:
    """Remove the versions that readers no longer see.

    Example: `bachata-assets index prune`
    """
    with _index(data_dir, writing=True) as index:
        removed = index.prune()
    say(f"Removed: {', '.join(removed)}" if removed else "Nothing to remove.")


@index_app.command()
def adopt(data_dir: DataDir = None) -> None:
    """Turn a plain index that has the alias' name into a version behind the alias.

    Example: `bachata-assets index adopt`
    """
    with _index(data_dir, writing=True) as index:
        name = index.adopt()
    say(f"The plain index is now {name}; readers see it as before.")
    say(INCOMPARABLE)


@contextmanager
def _index(data_dir: str | None, *, writing: bool = False) -> "Iterator[SearchIndex]":
    """Open the index; what cannot be answered is one clear line."""
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


def _reasons(
    index: "SearchIndex", clip_id: str | None, found: "list[Match]"
) -> "dict[str, dict[str, FamilyExplanation]]":
    """Return why each clip that was found is like the one asked about."""
    from bachata_assets.search.errors import QueryError
    from bachata_assets.search.explanation import explain

    asked = index.get_embedding_by_id(clip_id) if clip_id else None
    if asked is None:
        raise QueryError("--why compares movements and sounds: ask about a clip, not a text")
    others = {match.clip_id: index.get_embedding_by_id(match.clip_id) for match in found}
    return {name: explain(asked.vectors, other.vectors) for name, other in others.items() if other}


def _as_plain(reasons: "dict[str, FamilyExplanation] | None") -> dict[str, Any]:
    return {"why": {family: asdict(reason) for family, reason in reasons.items()}} if reasons else {}


def _largest(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:+.2f}" for name, share in list(shares.items())[:3])


def _table(found: "list[Match]") -> Table:
    families = list(dict.fromkeys(family for match in found for family in match.scores))
    table = Table(box=box.SIMPLE)
    table.add_column("clip", no_wrap=True)
    table.add_column("move", no_wrap=True)
    for name in ("score", *families):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("difficulty", "energy", "tempo", "quality"):
        table.add_column(name)
    for match in found:
        scores = [f"{match.scores[family]:.3f}" if family in match.scores else "" for family in families]
        described = [match.difficulty, match.energy_level]
        numbers = [f"{match.estimated_tempo:.0f}", f"{match.quality_score:.2f}"]
        cells = (match.clip_id, match.move_label, f"{match.score:.3f}", *scores, *described, *numbers)
        table.add_row(*map(plain, cells))
    return table


def _print(table: Table) -> None:
    """Print a table as wide as the terminal, and in a pipe as wide as it wants to be."""
    is_terminal = Console().is_terminal
    console = Console(width=None if is_terminal else PIPE_WIDTH, markup=False, emoji=False, highlight=False)
    console.print(table)
