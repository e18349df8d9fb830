"""Which searches of a large index find the documents that are then scored exactly.

The score of a document is a weighted mean of cosines, one a family, while an index searches one vector. So each
document has a combined vector too: the unit vectors of its families behind one another. The cosine between it and that
of the question, whose families are multiplied by their weights, orders documents as the score does, among those that
have the same families; those that lack one are searched by themselves.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets.families import DIMENSIONS
from bachata_assets.search.kind import Document, Kind
from bachata_assets.search.similarity import Query

COMBINED = "combined"
"""Field of the combined vector. It is only searched: no answer and no record has it."""
GROUP = "families"
"""Field of the families that a document has, as text: `lead follow audio`."""
NO_GROUP = ""
"""Stands for the documents without these fields, which an earlier version or another program wrote."""

CANDIDATES = 200
"""Minimum number of documents of each group that are scored exactly, found by their combined vectors."""
CANDIDATES_PER_MATCH = 3
"""Number of documents that are scored for each match that is asked for, where that makes more."""
FAMILY_CANDIDATES = 750
"""The first number where each family is searched by itself: over all families."""
FAMILY_CANDIDATES_PER_MATCH = 50
"""The second number there."""
MOST_CANDIDATES = 9_000
"""Maximum number of documents that are scored: one search of Elasticsearch returns at most 10,000."""


@dataclass(frozen=True, eq=False)
class CandidateSearch:
    """A search for the documents whose vector is nearest.

    Attributes
    ----------
    field : of the vector
    vector : float32 (D,)
    size : number of documents
    groups : of which they are; empty: any
    """

    field: str
    vector: np.ndarray
    size: int
    groups: tuple[str, ...] = ()


def candidate_searches(kind: Kind[Any], query: Query, groups: Iterable[str]) -> list[CandidateSearch]:
    """Return the searches whose answers hold the best documents.

    Parameters
    ----------
    kind : of the documents
    query : what is asked
    groups : the different values of the field `GROUP` in the index, `NO_GROUP` where a document has none
    """
    size = min(max(CANDIDATES, CANDIDATES_PER_MATCH * query.size), MOST_CANDIDATES)
    if len(query.vectors) == 1:
        [(family, vector)] = query.vectors.items()
        return [CandidateSearch(kind.vector_fields[family], vector, size)]
    alike: dict[frozenset[str], list[str]] = defaultdict(list)
    for group in groups:
        alike[frozenset(query.vectors.keys() & group.split())].append(group)
    others = alike.pop(frozenset(), [])  # they have no family that is asked about
    vector = _joined(combined_families(kind), {f: query.weights[f] * unit(v) for f, v in query.vectors.items()})
    searches = [CandidateSearch(COMBINED, vector, size, tuple(sorted(found))) for found in alike.values()]
    return searches + (_family_searches(kind, query) if NO_GROUP in others else [])


def _family_searches(kind: Kind[Any], query: Query) -> list[CandidateSearch]:
    sizes = family_sizes(query)
    return [CandidateSearch(kind.vector_fields[f], query.vectors[f], sizes[f], (NO_GROUP,)) for f in query.vectors]


def family_sizes(query: Query) -> dict[str, int]:
    """Return family -> how many of its best documents are scored exactly, where each family is searched by itself.

    They are dealt out by weight, since a clip that is near in a family of little weight is seldom near in all: among
    100,000 clips 750 hold 0.86 of the true neighbours so dealt, and 0.72 dealt evenly.
    """
    total = min(max(FAMILY_CANDIDATES, FAMILY_CANDIDATES_PER_MATCH * query.size), MOST_CANDIDATES)
    shares = query.weight_vector / query.weight_vector.sum()
    return {family: math.ceil(total * share) for family, share in zip(query.weights, shares, strict=True)}


def combined_families(kind: Kind[Any]) -> tuple[str, ...]:
    """Return the families of the combined vector, in its order."""
    return tuple(family for family in kind.vector_fields if family in DIMENSIONS)


def combined_size(kind: Kind[Any]) -> int:
    """Return the number of dimensions of the combined vector."""
    return sum(DIMENSIONS[family] for family in combined_families(kind))


def only_searched(kind: Kind[Any], document: Document) -> dict[str, Any]:
    """Return the fields that a document has in the index beside those of its record, None where it has no family."""
    families = combined_families(kind)
    found = {family: unit(vector) for family, vector in document.vectors.items() if family in families}
    if not found:
        return {COMBINED: None, GROUP: None}
    return {COMBINED: _joined(families, found), GROUP: " ".join(found)}


def arrow_fields(kind: Kind[Any]) -> list[pa.Field]:
    """Return the columns of these fields."""
    return [pa.field(COMBINED, pa.list_(pa.float32(), combined_size(kind))), pa.field(GROUP, pa.string())]


def unit(vector: np.ndarray) -> np.ndarray:
    """Return a vector, float (D,), divided by its length."""
    return vector / np.linalg.norm(vector)


def _joined(families: Iterable[str], vectors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return vectors behind one another, float32, zeros for a family that is not there."""
    parts = [vectors.get(family, np.zeros(DIMENSIONS[family])) for family in families]
    return np.concatenate(parts).astype(np.float32)
