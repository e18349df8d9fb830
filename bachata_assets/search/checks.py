"""Comparison of an index with the computed vectors.

The asset checks and `verify` decide what follows from a difference.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bachata_assets.search.index import SearchIndex
from bachata_assets.search.kind import D, Kind

FLOAT32_TOLERANCE = 1e-6
"""Maximum difference relative to the vector's length; a server that keeps unit vectors rounds twice."""


@dataclass(frozen=True)
class IndexDifference:
    """Clips that an index lacks and clips that it should not have, sorted by id."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether the index has every clip and no other."""
        return not (self.missing or self.unexpected)


@dataclass(frozen=True)
class VectorDifference:
    """How a clip's vector in the index differs from the computed one."""

    clip_id: str
    family: str
    reason: str


def check_index_complete(index: SearchIndex, expected_ids: Iterable[str]) -> IndexDifference:
    """Compare the clips of an index with the expected clips."""
    found, expected = index.ids(), set(expected_ids)
    return IndexDifference(tuple(sorted(expected - found)), tuple(sorted(found - expected)))


def check_vectors_match(index: SearchIndex, expected: Mapping[str, Mapping[str, np.ndarray]]) -> list[VectorDifference]:
    """Read clips back and compare each family's vector to float32 precision.

    Parameters
    ----------
    index : index to read
    expected : clip id -> family -> float32 (D,), without the absent families

    Returns
    -------
    One difference for each clip and family whose vector is missing, should be absent, or has other numbers.
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
    """Compare the clips whose moments are all in an index with the expected clips."""
    found, expected = index.moments.clips(), set(expected_ids)
    return IndexDifference(tuple(sorted(expected - found)), tuple(sorted(found - expected)))


def is_same_document(sent: D, found: D, kind: Kind[D]) -> bool:
    """Tell whether an index holds what was sent, apart from the time and the duration of processing."""
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
