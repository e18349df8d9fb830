"""Tables on the terminal: numbers are never cut, long names are shortened in the middle."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table

from bachata_assets.cli.plain import plain

if TYPE_CHECKING:
    from bachata_assets.search.explanation import FamilyExplanation
    from bachata_assets.search.moments.record import MomentMatch
    from bachata_assets.search.similarity import Match

NOTHING = "No clip of the collection matches: leave out a --filter, or change the question."
PIPE_WIDTH = 200
SHORTEST_NAME = 8
_SHORT = {"follow": "foll.", "interaction": "both", "difficulty": "diff.", "quality": "qual."}
"""Short column heads for narrow terminals."""
ELLIPSIS = "…"


def console() -> Console:
    """Return the console for tables: as wide as the terminal, or 200 columns in a pipe."""
    is_terminal = Console().is_terminal
    return Console(width=None if is_terminal else PIPE_WIDTH, markup=False, emoji=False, highlight=False)


def matches_table(found: "Sequence[Match]", width: int) -> Table:
    """Return the matches as a table of at most `width` terminal cells.

    Scores, tempo and quality are never cut. Names of clips and moves that do not fit are shortened in the middle.
    Difficulty and energy are shown only if nothing has to be shortened.
    """
    families = list(dict.fromkeys(family for match in found for family in match.scores))
    numbers = [
        ["score", *(f"{match.score:.3f}" for match in found)],
        *([family, *(_score(match, family) for match in found)] for family in families),
        ["tempo", *(f"{match.tempo:.0f}" for match in found)],
        ["quality", *(f"{match.quality_score:.2f}" for match in found)],
    ]
    names = [
        ["clip", *(plain(match.clip_id) for match in found)],
        ["move", *(plain(match.move_label) for match in found)],
    ]
    others = [
        ["difficulty", *(plain(match.difficulty) for match in found)],
        ["energy", *(plain(match.energy_level) for match in found)],
    ]
    return _table(names, numbers, others, width)


def moments_table(found: "Sequence[MomentMatch]", width: int) -> Table:
    """Return the matching moments as a table of at most `width` cells; times and beats count from the clip's start.

    As in `matches_table`, numbers are never cut; the beats are shown only if no name has to be shortened.
    """
    families = list(dict.fromkeys(family for match in found for family in match.scores))
    numbers = [
        ["from", *(f"{match.start_s:.1f}" for match in found)],
        ["to", *(f"{match.end_s:.1f}" for match in found)],
        ["score", *(f"{match.score:.3f}" for match in found)],
        *([family, *(_score(match, family) for match in found)] for family in families),
        ["quality", *(f"{match.quality_score:.2f}" for match in found)],
    ]
    names = [
        ["clip", *(plain(match.clip_id) for match in found)],
        ["move", *(plain(match.move_label) for match in found)],
    ]
    return _table(names, numbers, [["beats", *map(_beats, found)]], width)


def reasons_in_lines(families: "Mapping[str, FamilyExplanation]") -> list[str]:
    """Return one line per family: its cosine and the largest contributions to it."""
    lines = []
    for family, reason in families.items():
        shares = " | ".join(_largest(part) for part in (reason.blocks, reason.parts) if part)
        lines.append(f"  {family} {reason.cosine:+.2f}: {shares}")
    return lines


def _largest(shares: "Mapping[str, float]") -> str:
    return ", ".join(f"{name} {share:+.2f}" for name, share in list(shares.items())[:3])


def shortened(name: str, width: int) -> str:
    """Return a name in at most `width` cells, its middle left out.

    For example:

    >>> shortened("forward_backward_12", 13)
    'forwar…ard_12'
    """
    if cell_len(name) <= width:
        return name
    head, tail = (width - 1) // 2, width - 1 - (width - 1) // 2
    return set_cell_size(name, head).rstrip() + ELLIPSIS + set_cell_size(name[::-1], tail).rstrip()[::-1]


def _score(match: "Match | MomentMatch", family: str) -> str:
    return f"{match.scores[family]:.3f}" if family in match.scores else ""


def _beats(match: "MomentMatch") -> str:
    return "" if match.start_beat is None else f"{match.start_beat:.0f} to {match.end_beat:.0f}"


def _table(names: list[list[str]], numbers: list[list[str]], others: list[list[str]], width: int) -> Table:
    """Return columns, each with its head, as a table of at most `width`; `others` only if no name is shortened."""
    gap = 2
    if _width([*names, *numbers, *others], gap) > width:
        gap, others = 1, []
        numbers = [[_SHORT.get(column[0], column[0]), *column[1:]] for column in numbers]
        names = _shortened(names, width - _width(numbers, gap) - gap * len(names))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, gap - 1, 0, 0), pad_edge=False)
    for column in (*names, *numbers, *others):
        is_number = any(column is one for one in numbers)
        table.add_column(column[0], justify="right" if is_number else "left", no_wrap=True)
    for row in zip(*(column[1:] for column in (*names, *numbers, *others)), strict=True):
        table.add_row(*row)
    return table


def _width(columns: Sequence[Sequence[str]], gap: int) -> int:
    return sum(max(map(cell_len, column)) for column in columns) + gap * len(columns)


def _shortened(names: list[list[str]], room: int) -> list[list[str]]:
    """Return columns of names that fit; each gets half of the room, plus what the other one leaves."""
    one, other = (max(map(cell_len, column)) for column in names)
    half = max(SHORTEST_NAME, room // 2)
    allowed = max(half, room - other), max(room - half, room - one, SHORTEST_NAME)
    return [[shortened(name, most) for name in column] for column, most in zip(names, allowed, strict=True)]
