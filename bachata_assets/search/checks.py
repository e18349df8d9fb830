"""Comparison of an index with the vectors that were computed.

What follows from a difference is decided by the asset checks and by `verify`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bachata_assets.search.index import SearchIndex
from bachata_assets.search.kind import D, Kind

FLOAT32_TOLERANCE = 1e-6
"""Maximum difference, relative to the length of the vector: a server that keeps unit vectors rounds twice."""


@dataclass(frozen=True)
class IndexDifference:
    """Clips that an index lacks and clips that it should not have, in order of their ids."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every clip is in the index, and nothing else."""
        return not (self.missing or self.unexpected)


@dataclass(frozen=True)
class VectorDifference:
    """A vector of a clip that differs from the computed one, and how."""

    clip_id: str
    family: str
    reason: str


def check_index_complete(index: SearchIndex, expected_ids: Iterable[str]) -> IndexDifference:
    """Compare the clips of an index with those that should be in it."""
    found, expected = index.ids(), set(expected_ids)
    return IndexDifference(tuple(sorted(expected - found)), tuple(sorted(found - expected)))


def check_vectors_match(index: SearchIndex, expected: Mapping[str, Mapping[str, np.ndarray]]) -> list[VectorDifference]:
    """Read clips back and compare the vector of each family to float32 precision.

    Parameters
    ----------
    index : to read from
    expected : clip id -> family -> float32 (D,); an absent family is not named

    Returns
    -------
    A difference for each clip and family that is missing, should not be there, or has other numbers.
    """
    differences = []
    for clip_id, vectors in expected.items():
        document = index.get_embedding_by_id(clip_id)
        found = {} if document is None else document.vectors
        for family in sorted(vectors.keys() | found.keys()):
            reason = _difference(vectors.get(family), found.get(family))
            if reason:
                differences.append(VectorDifference(clip_id, family, reason))
    return differences


def check_moments_complete(index: SearchIndex, expected_ids: Iterable[str]) -> IndexDifference:
    """Compare the clips of which all moments are in an index with those of which they should be."""
    found, expected = index.moments.clips(), set(expected_ids)
    return IndexDifference(tuple(sorted(expected - found)), tuple(sorted(found - expected)))


def is_same_document(sent: D, found: D, kind: Kind[D]) -> bool:
    """Tell whether an index holds what was sent, apart from when and in how many seconds it was made."""
    said = [name for name, column in kind.columns.items() if not (column.provenance or column.is_vector)]
    return all(getattr(sent, name) == getattr(found, name) for name in said) and not any(
        _difference(getattr(sent, name), getattr(found, name)) for name in kind.vector_fields.values()
    )


def _difference(expected: np.ndarray | None, found: np.ndarray | None) -> str | None:
    if found is None:
        return "not in the index" if expected is not None else None
    if expected is None:
        return "in the index, but absent from the dataset"
    distance = float(np.linalg.norm(expected - found) / np.linalg.norm(expected))
    return f"differs by {distance:.2g} of its length" if not distance <= FLOAT32_TOLERANCE else None
