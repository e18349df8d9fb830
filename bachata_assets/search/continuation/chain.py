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
"""Fewest and most clips of a chain."""
KEPT = 8
"""Number of unfinished chains that are carried on at each step (width of the beam)."""
FOLLOWED = 8
"""Number of clips by which each of them is carried on."""


@dataclass(frozen=True)
class Chain:
    """Clips in the order in which they flow.

    Attributes
    ----------
    clip_ids : of all clips
    cost : sum of the costs of all transitions
    links : every clip but the first, with the cost of coming to it and what jumps
    """

    clip_ids: tuple[str, ...]
    cost: float
    links: tuple[Continuation, ...]

    @classmethod
    def of(cls, first: str, links: Sequence[Continuation]) -> Self:
        """Return the chain of a clip and those that follow it."""
        return cls((first, *(link.clip_id for link in links)), sum(link.cost for link in links), tuple(links))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        links = [link.to_dict() for link in self.links]
        return {"clip_ids": list(self.clip_ids), "cost": round(self.cost, 4), "links": links}

    def to_pandas(self) -> "pd.DataFrame":
        """Return a row a transition: the clip that it comes from in the column `after`, and what `find_next` says."""
        table = Continuations(self.links).to_pandas()
        table.insert(0, "after", list(self.clip_ids[:-1]))
        return table


def checked_length(length: int) -> int:
    """Return the number of clips of a chain; raises `QueryError` where it is none."""
    if not isinstance(length, int) or isinstance(length, bool) or not SHORTEST <= length <= LONGEST:
        raise QueryError(f"length is {length!r}, must be a whole number from {SHORTEST} to {LONGEST}")
    return length


def cheapest_path(
    first: str, length: int, followers: Callable[[str, frozenset[str]], list[Found]]
) -> list[tuple[str, Found]]:
    """Return a path of low cost on which no clip comes twice, by beam search.

    At each step the `KEPT` cheapest paths are carried on, of those that end in the same clip only the cheapest.

    Parameters
    ----------
    first : id of the clip that it begins with
    length : number of clips
    followers : clip, clips to leave out -> those that continue it best; none where it has no ending

    Returns
    -------
    Each transition: the clip it comes from, and what was found.

    Raises
    ------
    QueryError
        Saying that no clip can follow, or how many can follow one another where they are too few.
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
