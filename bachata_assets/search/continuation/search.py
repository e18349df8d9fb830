"""`Continuation`: a clip that can follow another, and the search for such clips."""

import json
from dataclasses import dataclass
from typing import Any

from bachata_assets.clip_record import ClipRecord
from bachata_assets.pose.transitions.constants import load_constants
from bachata_assets.search.answers import SHOWN_FIELDS, Answer, Answers
from bachata_assets.search.backend import Backend
from bachata_assets.search.continuation.changes import Change, changes
from bachata_assets.search.errors import QueryError
from bachata_assets.search.filters import Filters
from bachata_assets.search.results import Found
from bachata_assets.search.similarity import Query


class NoEndingError(QueryError):
    """The clip has no ending that another could continue, or the index has no endings."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Continuation(Answer):
    """A clip that can follow another.

    Attributes
    ----------
    score : share of real continuations (clips cut in two) that fit no better, 0..1
    cost : 1 - cosine of ending and beginning, 0..2: 0 goes on as the ending leads, 1 is neutral, 2 is the opposite
    changes : what fits and what jumps
    """

    cost: float
    changes: tuple[Change, ...]

    @property
    def fits(self) -> tuple[Change, ...]:
        """The changes that are no larger than usual."""
        return tuple(one for one in self.changes if one.fits)

    @property
    def jumps(self) -> tuple[Change, ...]:
        """The changes that are larger than usual, the largest first."""
        found = [one for one in self.changes if one.fits is False and one.amount is not None]
        return tuple(sorted(found, key=lambda one: -abs(one.amount or 0) / one.usual))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return super().to_dict() | {"score": round(self.score, 4), "cost": round(self.cost, 4)}

    def to_row(self) -> dict[str, Any]:
        """Return plain values for a table row: what jumps, and each change in a column such as `change_lead_facing`."""
        values = self.to_dict()
        del values["changes"]
        amounts = {f"change_{one.name.replace(' ', '_')}": one.amount for one in self.changes}
        return values | {"jumps": ", ".join(one.name for one in self.jumps)} | amounts


class Continuations(Answers[Continuation]):
    """The clips that can follow another, best first.

    Examples
    --------
    >>> from bachata_assets.search.continuation import Change, Continuation, Continuations
    >>> turn = Continuation(
    ...     clip_id="turn_1",
    ...     score=0.6,
    ...     cost=0.4,
    ...     changes=(
    ...         Change("distance", 0.8, 0.2, "torsos", "farther apart"),
    ...         Change("tempo", 1.5, 4.0, "%", "tempo 120 to 122"),
    ...     ),
    ...     video_path="turn_1.mp4",
    ...     move_label="turn",
    ...     difficulty="beginner",
    ...     energy_level="low",
    ...     estimated_tempo=122.0,
    ...     quality_score=0.9,
    ... )
    >>> [str(jump) for jump in turn.jumps]
    ['farther apart (0.8 torsos, usual up to 0.2)']
    >>> table = Continuations([turn]).to_pandas()
    >>> table["jumps"].tolist(), table["change_tempo"].tolist()
    (['distance'], [1.5])
    """


def followers(
    backend: Backend[ClipRecord], clip: ClipRecord, filters: Filters, size: int, without: frozenset[str] = frozenset()
) -> list[Found]:
    """Return the clips whose beginning best continues the ending of a clip.

    Parameters
    ----------
    clip : the document of the clip
    without : ids of clips to leave out, besides the clip itself

    Raises
    ------
    NoEndingError
        The clip has no ending; the message says why.
    """
    require_ending(clip)
    assert clip.ending is not None
    query = Query({"beginning": clip.ending}, {"beginning": 1.0}, filters, size, without | {clip.clip_id})
    return backend.nearest(query)


def require_ending(clip: ClipRecord) -> None:
    """Raise `NoEndingError`, with the reason, if a clip has no ending."""
    if clip.edges is None:
        raise NoEndingError(
            "the index was made before clips had a beginning and an ending: `bachata-assets generate` adds them"
        )
    if clip.ending is None:
        raise NoEndingError(f"{clip.clip_id} has no ending: {facts_of(clip.edges)['ending']['absent_reason']}")


def continuations(backend: Backend[ClipRecord], clip: ClipRecord, found: list[Found]) -> Continuations:
    """Return the found clips, with what fits and what jumps."""
    edges = dict(backend.values(["clip_id", "edges"], [one.key for one in found])) if found else {}
    ending = facts_of(clip.edges or "{}")["ending"]
    return Continuations(
        Continuation(
            clip_id=one.key,
            score=load_constants().score(cosine_of(one)),
            cost=1 - cosine_of(one),
            changes=changes(ending, facts_of(edges[one.key])["beginning"]),
            **{name: one.shown[name] for name in SHOWN_FIELDS},
        )
        for one in found
        if one.key in edges  # else it has been deleted since
    )


def cosine_of(found: Found) -> float:
    """Return the cosine of an ending and a beginning, -1..1."""
    return 2 * found.score - 1


def facts_of(edges: str) -> dict[str, dict[str, Any]]:
    """Return the facts of a document's beginning and ending."""
    read: dict[str, dict[str, Any]] = json.loads(edges)
    return read
