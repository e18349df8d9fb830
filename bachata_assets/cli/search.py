"""`similar` and `index`: asking the search index, and looking after its versions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from bachata_assets.cli.options import AsJson, DataDir, clip_ids, conditions, refuse
from bachata_assets.cli.plain import say, say_json
from bachata_assets.cli.tables import console, matches_table

if TYPE_CHECKING:
    from bachata_assets.search.explanation import FamilyExplanation
    from bachata_assets.search.filters import Filters
    from bachata_assets.search.index import SearchIndex
    from bachata_assets.search.similarity import Match

INCOMPARABLE = (
    "Its vectors cannot be compared with those made here, although both say version mmpose_v1: documents made here "
    "have `code_versions`. `bachata-assets generate` writes a version beside it, which readers see once it is complete."
)
"""What whoever adopts the index of another program must know of its vectors."""

index_app = typer.Typer(no_args_is_help=True, help="Look after the versions of the search index.")


def similar(
    clip_id: Annotated[
        str | None, typer.Argument(help="A clip of the collection.", metavar="CLIP", autocompletion=clip_ids)
    ] = None,
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
        typer.Option(
            "--filter",
            help="E.g. difficulty=beginner, tempo=100..130, min_quality=0.6; may be repeated.",
            autocompletion=conditions,
        ),
    ] = None,
    size: Annotated[int, typer.Option("--size", min=1, max=1000, help="How many clips to show.")] = 10,
    why: Annotated[bool, typer.Option("--why", help="Say which movements, body parts and sounds are alike.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the clips most like a clip, or those that a sentence describes.

    For example:

    ```sh
    bachata-assets similar basic_step_1 --filter difficulty=beginner
    bachata-assets similar --text "romantic slow turn" --weights text=1
    ```
    """
    from bachata_assets.search.filters import Filters
    from bachata_assets.search.similarity import parse_weights

    with _index(data_dir) as index:
        asked = Filters.parse(filters or [])
        found = index.find_similar(
            clip_id,
            text=text,
            weights=parse_weights(weights) if weights else None,
            filters=asked,
            size=size,
        )
        if not found:
            _require_known_labels(asked, data_dir)
        reasons = _reasons(index, clip_id, found) if why else {}
    if as_json:
        rows = [match.to_dict() | _as_plain(reasons.get(match.clip_id)) for match in found]
        say_json(rows)
        return
    shown = console()
    shown.print(matches_table(found, shown.width))
    for other, families in reasons.items():
        say(other)
        for family, reason in families.items():
            shares = " | ".join(_largest(part) for part in (reason.blocks, reason.parts) if part)
            say(f"  {family} {reason.cosine:+.2f}: {shares}")


@index_app.command()
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show every version of the index, which one readers see, and which one the current models write.

    For example:

    ```sh
    bachata-assets index status --json
    ```
    """
    with _index(data_dir, writing=True) as index:  # only a writer knows which version is written now
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
    console().print(table)
    if state.alias_taken:
        say(f"A plain index is called {state.alias}: `bachata-assets index adopt` makes it a version.")


@index_app.command()
def promote(
    force: Annotated[bool, typer.Option("--force", help="Do it although clips are missing from the new one.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Let readers see the version that the current models write.

    For example:

    ```sh
    bachata-assets index promote --force
    ```
    """
    from bachata_assets.collection.remarks import counted

    with _index(data_dir, writing=True) as index:
        done = index.promote(force=force)
    if not done.live:
        named = ", ".join(done.missing[:5])
        refuse(
            f"{done.index_name} lacks {counted(len(done.missing), 'clip')} of those that readers see now ({named}): "
            "make them, or say --force"
        )
    say(f"Readers see {done.index_name}" + (f", before {done.replaced}" if done.replaced else ""))


@index_app.command()
def prune(data_dir: DataDir = None) -> None:
    """Remove the versions that readers no longer see.

    For example:

    ```sh
    bachata-assets index prune
    ```
    """
    with _index(data_dir, writing=True) as index:
        removed = index.prune()
    say(f"Removed: {', '.join(removed)}" if removed else "Nothing to remove.")


@index_app.command()
def adopt(data_dir: DataDir = None) -> None:
    """Turn a plain index that has the alias' name into a version behind the alias.

    For example:

    ```sh
    bachata-assets index adopt
    ```
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


def _require_known_labels(filters: "Filters", data_dir: str | None) -> None:
    """Refuse a filter by a label that no clip has.

    Raises
    ------
    QueryError
        Listing the labels that there are.
    """
    from bachata_assets.collection.dataset import Dataset
    from bachata_assets.collection.labels import labels_of
    from bachata_assets.search.errors import QueryError
    from bachata_assets.settings import load_settings

    for name, known in labels_of(Dataset(url=load_settings(data_dir=data_dir).data_dir)).items():
        unknown = [value for value in getattr(filters, name) if value not in known]
        if unknown:
            raise QueryError(f"filters: no clip has {name}={unknown[0]}; there are {', '.join(known)}")


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
