"""The output of `similar --from --to`: moments."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bachata_assets.cli.plain import say, say_json
from bachata_assets.cli.tables import NOTHING, console, moments_table, reasons_in_lines

if TYPE_CHECKING:
    from bachata_assets.search.moments.record import MomentMatch


def show_moments(found: "Sequence[MomentMatch]", *, as_json: bool) -> None:
    """Show moments, and for each why it is alike if `--why` is set."""
    if as_json:
        say_json([match.to_dict() for match in found])
        return
    if not found:
        say(NOTHING, err=True)
        return
    shown = console()
    shown.print(moments_table(found, shown.width))
    for match in found:
        if match.why:
            say(f"{match.clip_id}, {match.start_s:.1f} to {match.end_s:.1f} s")
            for line in reasons_in_lines(match.why):
                say(line)
