"""`next` and `chain`: the clips that can follow a clip, and sequences of clips that flow."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.table import Table

from bachata_assets.cli.options import AsJson, DataDir, clip_ids
from bachata_assets.cli.plain import plain, say, say_json
from bachata_assets.cli.search import opened_index
from bachata_assets.cli.similar import FilterTexts, example_of, require_known_labels
from bachata_assets.cli.tables import console

if TYPE_CHECKING:
    from bachata_assets.search.continuation import Continuation

SHOWN_JUMPS = 3
"""Maximum number of jumps named for a transition."""

Clip = Annotated[str, typer.Argument(help="A clip of the collection.", metavar="CLIP", autocompletion=clip_ids)]

Song = Annotated[
    Path | None,
    typer.Option("--song", help="A song to dance to, or a video for its sound; shows only clips that fit its tempo."),
]


def following(
    clip_id: Clip,
    song: Song = None,
    filters: FilterTexts = None,
    size: Annotated[int, typer.Option("--size", min=1, max=1000, help="How many clips to show.")] = 10,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the clips that can follow a clip, with what jumps at each transition.

    For example:

    ```sh
    bachata-assets next basic_step_1
    bachata-assets next basic_step_1 --filter difficulty=beginner --json
    bachata-assets next basic_step_1 --song song.mp3
    ```
    """
    from bachata_assets.search.filters import Filters

    with opened_index(data_dir) as index:
        asked = Filters.parse(filters or [])
        heard = example_of(None, song, None, None, data_dir)
        found = index.find_next(clip_id, filters=asked, song=heard, size=size)
        if not found:
            require_known_labels(asked, data_dir)
    if as_json:
        say_json([one.to_dict() for one in found])
        return
    console().print(_table(found))


def chain(
    clip_id: Clip,
    length: Annotated[int, typer.Option("--length", min=2, max=100, help="How many clips, including the first.")] = 6,
    song: Song = None,
    filters: FilterTexts = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a sequence of clips that flows, without repeats, with the cost of each transition.

    For example:

    ```sh
    bachata-assets chain basic_step_1 --length 3
    bachata-assets chain basic_step_1 --length 3 --filter tempo=100..140 --json
    ```
    """
    from bachata_assets.search.filters import Filters

    with opened_index(data_dir) as index:
        asked, heard = Filters.parse(filters or []), example_of(None, song, None, None, data_dir)
        found = index.find_chain(clip_id, length=length, filters=asked, song=heard)
    if as_json:
        say_json(found.to_dict())
        return
    table = _table(list(found.links))
    table.title = f"After {found.clip_ids[0]}"
    console().print(table)
    say(f"Total cost {found.cost:.2f} over {len(found.links)} transitions.")


def _table(found: "list[Continuation]") -> Table:
    """Return a table with one row per transition: score, cost, what jumps."""
    table = Table("clip", "move", "score", "cost", "what jumps", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for one in found:
        jumps = [str(jump) for jump in one.jumps]
        more = f", {len(jumps) - SHOWN_JUMPS} more" if len(jumps) > SHOWN_JUMPS else ""
        said = "; ".join(jumps[:SHOWN_JUMPS]) + more if jumps else "nothing"
        table.add_row(plain(one.clip_id), plain(one.move_label), f"{one.score:.2f}", f"{one.cost:.2f}", said)
    return table
