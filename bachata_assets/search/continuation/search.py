"""`Continuation` and how the clips are found that can follow another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bachata_assets.clip_record import ClipRecord
from bachata_assets.pose.transitions.constants import load_constants
from bachata_assets.search.backend import Backend
from bachata_assets.search.continuation.changes import Change, changes
from bachata_assets.search.errors import QueryError
from bachata_assets.search.filters import Filters
from bachata_assets.search.results import Found
from bachata_assets.search.similarity import SHOWN_FIELDS, Query


class NoEndingError(QueryError):
    """The clip has no ending that another could continue, or the index knows of none."""


@dataclass(frozen=True)
class Continuation:
    """A clip that can follow another.

    Attributes
    ----------
    score : share of the beginnings of other clips that would continue worse, 0..1, of the real clips that the
        constants were fitted on
    cost : 1 - cosine of ending and beginning, 0..2: 0 goes on as the ending leads, 1 is as good as any, 2 the opposite
    changes : what fits and what jumps
    shown : further fields of the clip's document, those of a `Match`
    """

    clip_id: str
    score: float
    cost: float
    changes: tuple[Change, ...]
    shown: Mapping[str, Any]

    @property
    def fits(self) -> tuple[Change, ...]:
        """What changes no more than usual."""
        return tuple(one for one in self.changes if one.fits)

    @property
    def jumps(self) -> tuple[Change, ...]:
        """What changes more than usual, the farthest first."""
        found = [one for one in self.changes if one.fits is False and one.amount is not None]
        return tuple(sorted(found, key=lambda one: -abs(one.amount or 0) / one.usual))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON or a table."""
        said = {"clip_id": self.clip_id, "score": round(self.score, 4), "cost": round(self.cost, 4)}
        return said | dict(self.shown) | {"changes": [one.to_dict() for one in self.changes]}


def followers(
    backend: Backend[ClipRecord], clip: ClipRecord, filters: Filters, size: int, without: frozenset[str] = frozenset()
) -> list[Found]:
    """Return the clips whose beginning continues the ending of a clip best.

    Parameters
    ----------
    clip : the document of the clip, which has an ending
    without : ids of clips that are not in the answer, beside the clip itself

    Raises
    ------
    NoEndingError
        Saying why the clip has no ending.
    """
    require_ending(clip)
    assert clip.ending is not None
    query = Query({"beginning": clip.ending}, {"beginning": 1.0}, filters, size, without | {clip.clip_id})
    return backend.nearest(query)


def require_ending(clip: ClipRecord) -> None:
    """Raise `NoEndingError` where a clip has no ending, saying why."""
    if clip.edges is None:
        raise NoEndingError(
            "the index was made before clips had a beginning and an ending: `bachata-assets generate` adds them"
        )
    if clip.ending is None:
        raise NoEndingError(f"{clip.clip_id} has no ending: {facts_of(clip.edges)['ending']['absent_reason']}")


def continuations(backend: Backend[ClipRecord], clip: ClipRecord, found: list[Found]) -> list[Continuation]:
    """Return clips that were found, with what fits and what jumps."""
    edges = dict(backend.values(["clip_id", "edges"], [one.key for one in found])) if found else {}
    ending = facts_of(clip.edges or "{}")["ending"]
    return [
        Continuation(
            one.key,
            load_constants().score(cosine_of(one)),
            1 - cosine_of(one),
            changes(ending, facts_of(edges[one.key])["beginning"]),
            {name: one.shown[name] for name in SHOWN_FIELDS},
        )
        for one in found
        if one.key in edges  # else it was deleted meanwhile
    ]


def cosine_of(found: Found) -> float:
    """Return the cosine of an ending and a beginning, -1..1."""
    return 2 * found.score - 1


def facts_of(edges: str) -> dict[str, dict[str, Any]]:
    """Return the facts of beginning and ending in a document."""
    read: dict[str, dict[str, Any]] = json.loads(edges)
    return read
