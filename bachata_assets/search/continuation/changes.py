"""`Change`: what fits and what jumps between the ending of a clip and the beginning of the next, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bachata_assets.pose.transitions.constants import JUMPS, load_constants
from bachata_assets.pose.transitions.facts import EdgeFacts, jumps

USUAL_PHASE = 0.15
"""Part of a beat by which the next clip may come in early or late."""
USUAL_TEMPO = 0.04
"""Share by which the tempo may change, that of the filter `near_tempo`."""
FACING = 0.25
"""Width of the shoulders, torsos, from which a dancer faces the camera or away rather than sideways."""
JOINED = 0.4
"""Distance of the nearest hands, torsos, up to which they count as joined."""

_UNITS = {"lead motion": "torsos/s", "follow motion": "torsos/s", "phase": "beats", "tempo": "%"}


@dataclass(frozen=True)
class Change:
    """How one thing changes from an ending to a beginning.

    Attributes
    ----------
    name : distance, side, hold, lead facing, lead level, lead posture, lead motion, … phase, tempo
    amount : of the change; None where it is not known on one side
    usual : what nine of ten real continuations do not exceed
    unit : of both
    words : what changes, for a person
    fits : whether it changes no more than usual; None where it is not known
    """

    name: str
    amount: float | None
    usual: float
    unit: str
    words: str
    fits: bool | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.amount is not None:
            object.__setattr__(self, "fits", abs(self.amount) <= self.usual)

    def __str__(self) -> str:
        if self.amount is None:
            return f"{self.name} not known"
        return f"{self.words} ({abs(self.amount):.2g} {self.unit}, usual up to {self.usual:.2g})"


def changes(ending: Mapping[str, Any], beginning: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return everything that is compared between two edges.

    Parameters
    ----------
    ending, beginning : the facts of an edge, as the document of a clip has them
    """
    before, after = (EdgeFacts(**{name: facts[name] for name in EdgeFacts.__dataclass_fields__})
                     for facts in (ending, beginning))  # fmt: skip
    usual = dict(zip(JUMPS, load_constants().usual_jumps, strict=True))
    found = [
        Change(
            name, amount, round(float(usual[name]), 3), _UNITS.get(name, "torsos"), _words(name, amount, before, after)
        )
        for name, amount in jumps(before, after).items()
    ]
    return (*found, _phase(before, after), _tempo(before, after))


def _phase(before: EdgeFacts, after: EdgeFacts) -> Change:
    amount = None
    if before.phase is not None and after.phase is not None:
        amount = round((after.phase - before.phase + 0.5) % 1 - 0.5, 3)
    late = "late" if (amount or 0) < 0 else "early"
    words = "the beat goes on" if abs(amount or 0) <= USUAL_PHASE else f"the next beat comes {late}"
    return Change("phase", amount, USUAL_PHASE, "beats", words)


def _tempo(before: EdgeFacts, after: EdgeFacts) -> Change:
    if before.tempo is None or after.tempo is None:
        return Change("tempo", None, 100 * USUAL_TEMPO, "%", "tempo")
    amount = round(100 * (after.tempo / before.tempo - 1), 1)
    return Change("tempo", amount, 100 * USUAL_TEMPO, "%", f"tempo {before.tempo:.0f} to {after.tempo:.0f}")


def _words(name: str, amount: float | None, before: EdgeFacts, after: EdgeFacts) -> str:
    """Return what changes, in a few words."""
    who, _, what = name.rpartition(" ")
    if amount is None:
        return name
    if what == "facing":
        one, other = (_facing(getattr(facts, f"{who}_facing")) for facts in (before, after))
        return f"{who} faces {one}, then {other}" if one != other else f"{who} faces {one}, but turned"
    more = amount > 0
    return {
        "hold": f"hands {_hold(before.hold)} to {_hold(after.hold)}",
        "level": f"{who} {'higher' if more else 'lower'}",
        "distance": "farther apart" if more else "closer",
        "side": f"follow more to the {'right' if more else 'left'}",
    }.get(what, name)


def _facing(width: float) -> str:
    if abs(width) < FACING:
        return "sideways"
    return "the camera" if width > 0 else "away from the camera"


def _hold(gap: float | None) -> str:
    return "joined" if gap is not None and gap <= JOINED else "apart"
