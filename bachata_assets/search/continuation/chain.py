"""`Chain`: a sequence of clips that flows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from bachata_assets.search.continuation.search import Continuation, Continuations
from bachata_assets.search.errors import QueryError
from bachata_assets.search.results import Found

if TYPE_CHECKING:
    import pandas as pd

SHORTEST, LONGEST = 2, 100
"""Minimum and maximum number of clips in a chain."""
KEPT = 8
"""Beam width: number of unfinished chains kept at each step."""
FOLLOWED = 8
"""Number of continuations tried for each of them."""


@dataclass(frozen=True)
class Chain:
    """Clips in the order in which they flow.

    Attributes
    ----------
    clip_ids : ids of all clips
    cost : sum of the costs of all transitions
    links : every clip but the first, with the cost of the transition to it and what jumps
    """

    clip_ids: tuple[str, ...]
    cost: float
    links: tuple[Continuation, ...]

    @classmethod
    def of(cls, first: str, links: Sequence[Continuation]) -> Self:
        """Return the chain of a clip and the clips that follow it."""
        return cls((first, *(link.clip_id for link in links)), sum(link.cost for link in links), tuple(links))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        links = [link.to_dict() for link in self.links]
        return {"clip_ids": list(self.clip_ids), "cost": round(self.cost, 4), "links": links}

    def to_pandas(self) -> "pd.DataFrame":
        """Return a table with one row per transition: the previous clip in `after`, then the columns of `find_next`."""
        table = Continuations(self.links).to_pandas()
        table.insert(0, "after", list(self.clip_ids[:-1]))
        return table


def checked_length(length: int) -> int:
    """Return the number of clips of a chain; raises `QueryError` if it is invalid."""
    if not isinstance(length, int) or isinstance(length, bool) or not SHORTEST <= length <= LONGEST:
        raise QueryError(f"length is {length!r}, must be a whole number from {SHORTEST} to {LONGEST}")
    return length


def cheapest_path(
    first: str, length: int, followers: Callable[[str, frozenset[str]], list[Found]]
) -> list[tuple[str, Found]]:
    """Find a path of low cost, without repeated clips, by beam search.

    Each step keeps the `KEPT` cheapest paths, and of the paths that end in the same clip only the cheapest.

    Parameters
    ----------
    first : id of the first clip
    length : number of clips
    followers : (clip, clips to leave out) -> the clips that continue it best; none if it has no ending

    Returns
    -------
    Each transition: the preceding clip and the clip that was found.

    Raises
    ------
    QueryError
        No clip can follow, or too few can follow one another; the message says how many.
    """
    paths: list[tuple[float, list[tuple[str, Found]]]] = [(0.0, [])]
    for step in range(1, length):
        longer: dict[str, tuple[float, list[tuple[str, Found]]]] = {}
        for cost, path in paths:
            last = path[-1][1].key if path else first
            seen = frozenset((first, *(found.key for _, found in path)))
            for found in followers(last, seen):
                total = cost + 2 * (1 - found.score)  # a score of 1 is a cosine of 1
                if found.key not in longer or total < longer[found.key][0]:
                    longer[found.key] = (total, [*path, (last, found)])
        if not longer and step == 1:
            raise QueryError(f"no clip that meets the filters can follow {first}")
        if not longer:
            raise QueryError(f"only {step} clips can follow one another from {first}: ask for a shorter chain")
        paths = sorted(longer.values(), key=lambda one: (one[0], one[1][-1][1].key))[:KEPT]
    return paths[0][1]
