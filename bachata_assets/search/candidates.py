"""The searches of a large index that find candidates for exact scoring.

A document's score is a weighted mean of one cosine per family, but an index searches one vector. Each document
therefore has a combined vector too: the unit vectors of its families, concatenated. The question's combined vector has
each family multiplied by its weight. Among documents with the same families, the cosine of the two orders documents as
the score does. Documents with other families form groups of their own, each with its own search.
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
"""Field of the combined vector, which is only searched: no answer and no record has it."""
GROUP = "families"
"""Field that lists a document's families as text, such as `lead follow audio`."""
NO_GROUP = ""
"""Group of the documents without these fields, which an earlier version or another program wrote."""

CANDIDATES = 200
"""Minimum number of documents in each group that a search by combined vector passes on to exact scoring."""
CANDIDATES_PER_MATCH = 3
"""Number of documents to score exactly for each requested match, where that is more than `CANDIDATES`."""
FAMILY_CANDIDATES = 750
"""Counterpart of `CANDIDATES` where each family is searched by itself: the total over all families."""
FAMILY_CANDIDATES_PER_MATCH = 50
"""Counterpart of `CANDIDATES_PER_MATCH` where each family is searched by itself."""
MOST_CANDIDATES = 9_000
"""Maximum number of documents to score exactly: one Elasticsearch search returns at most 10,000."""


@dataclass(frozen=True, eq=False)
class CandidateSearch:
    """A search for the documents with the nearest vectors.

    Attributes
    ----------
    field : field of the vector
    vector : float32 (D,)
    size : number of documents
    groups : groups to search; empty: all
    """

    field: str
    vector: np.ndarray
    size: int
    groups: tuple[str, ...] = ()


def candidate_searches(kind: Kind[Any], query: Query, groups: Iterable[str]) -> list[CandidateSearch]:
    """Return the searches that together find the best documents.

    Parameters
    ----------
    kind : kind of the documents
    query : what is asked
    groups : distinct values of the field `GROUP` in the index, `NO_GROUP` for documents without it
    """
    size = min(max(CANDIDATES, CANDIDATES_PER_MATCH * query.size), MOST_CANDIDATES)
    if len(query.vectors) == 1:
        [(family, vector)] = query.vectors.items()
        return [CandidateSearch(kind.vector_fields[family], vector, size)]
    alike: dict[frozenset[str], list[str]] = defaultdict(list)
    for group in groups:
        alike[frozenset(query.vectors.keys() & group.split())].append(group)
    others = alike.pop(frozenset(), [])  # these groups share no family with the question
    vector = _joined(combined_families(kind), {f: query.weights[f] * unit(v) for f, v in query.vectors.items()})
    searches = [CandidateSearch(COMBINED, vector, size, tuple(sorted(found))) for found in alike.values()]
    return searches + (_family_searches(kind, query) if NO_GROUP in others else [])


def _family_searches(kind: Kind[Any], query: Query) -> list[CandidateSearch]:
    sizes = family_sizes(query)
    return [CandidateSearch(kind.vector_fields[f], query.vectors[f], sizes[f], (NO_GROUP,)) for f in query.vectors]


def family_sizes(query: Query) -> dict[str, int]:
    """Return family -> number of its best documents to score exactly, where each family is searched by itself.

    Families share the total by weight, because a clip that is near in a family of low weight is seldom near in all.
    Among 100,000 clips, 750 candidates hold 0.86 of the true neighbours if shared by weight, 0.72 if shared evenly.
    """
    total = min(max(FAMILY_CANDIDATES, FAMILY_CANDIDATES_PER_MATCH * query.size), MOST_CANDIDATES)
    shares = query.weight_vector / query.weight_vector.sum()
    return {family: math.ceil(total * share) for family, share in zip(query.weights, shares, strict=True)}


def combined_families(kind: Kind[Any]) -> tuple[str, ...]:
    """Return the families of the combined vector, in order."""
    return tuple(family for family in kind.vector_fields if family in DIMENSIONS)


def combined_size(kind: Kind[Any]) -> int:
    """Return the number of dimensions of the combined vector."""
    return sum(DIMENSIONS[family] for family in combined_families(kind))


def only_searched(kind: Kind[Any], document: Document) -> dict[str, Any]:
    """Return the index fields that are not in a document's record; None values for a document without families."""
    families = combined_families(kind)
    found = {family: unit(vector) for family, vector in document.vectors.items() if family in families}
    if not found:
        return {COMBINED: None, GROUP: None}
    return {COMBINED: _joined(families, found), GROUP: " ".join(found)}


def arrow_fields(kind: Kind[Any]) -> list[pa.Field]:
    """Return the Arrow columns of the fields in `only_searched`."""
    return [pa.field(COMBINED, pa.list_(pa.float32(), combined_size(kind))), pa.field(GROUP, pa.string())]


def unit(vector: np.ndarray) -> np.ndarray:
    """Return a vector, float (D,), scaled to length 1."""
    return vector / np.linalg.norm(vector)


def _joined(families: Iterable[str], vectors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the concatenated vectors, float32, with zeros for an absent family."""
    parts = [vectors.get(family, np.zeros(DIMENSIONS[family])) for family in families]
    return np.concatenate(parts).astype(np.float32)
