"""`Change`: what fits and what jumps between a clip's ending and the next clip's beginning, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bachata_assets.pose.transitions.constants import JUMPS, load_constants
from bachata_assets.pose.transitions.facts import EdgeFacts, jumps

USUAL_PHASE = 0.15
"""Maximum shift of the beat at the transition, beats, early or late."""
USUAL_TEMPO = 0.04
"""Maximum relative change of the tempo, as in the filter `near_tempo`."""
FACING = 0.25
"""Shoulder width, torsos, from which a dancer faces the camera or away from it, not sideways."""
JOINED = 0.4
"""Maximum distance of the nearest hands that count as joined, torsos."""

_UNITS = {"lead motion": "torsos/s", "follow motion": "torsos/s", "phase": "beats", "tempo": "%"}


@dataclass(frozen=True)
class Change:
    """How one thing changes from an ending to a beginning.

    Attributes
    ----------
    name : distance, side, hold, lead facing, lead level, lead posture, lead motion, … phase, tempo
    amount : amount of the change; None if it is unknown on one side
    usual : amount that nine of ten real continuations do not exceed
    unit : unit of both
    words : the change in words
    fits : whether it changes no more than usual; None if unknown
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
    """Compare the ending of a clip with the beginning of another.

    Parameters
    ----------
    ending, beginning : facts of the two edges, as in the documents of the clips
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
    """Describe a change in a few words."""
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
