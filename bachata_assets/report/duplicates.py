"""Clips that are the same video: under two names, or re-encoded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NEARLY_ONE = 0.98
"""Cosine above which, in every family, two clips count as one recording."""
COMPARED = ("lead", "follow", "interaction", "audio")
"""Families that are compared; not the text, since people write different things about one video."""
_BLOCK = 256


@dataclass(frozen=True)
class Duplicate:
    """Two clips that seem to be one, and why."""

    clip_id: str
    other: str
    reason: str


def find_duplicates(
    contents: Mapping[str, str], vectors: Mapping[str, np.ndarray], clip_ids: Sequence[str]
) -> list[Duplicate]:
    """Return the pairs of clips with the same content, and those whose vectors are nearly the same.

    Parameters
    ----------
    contents : mapping of str
        Clip id -> hash of its file.
    vectors : mapping of np.ndarray
        Family -> float32 (N, D) in the order of `clip_ids`, a row of NaN where absent.
    clip_ids : sequence of str
        Ids of the N clips.

    Returns
    -------
    list of Duplicate
        Pairs of equal content first; no pair twice.
    """
    same = list(_same_content(contents))
    known = {(pair.clip_id, pair.other) for pair in same}
    near = [pair for pair in _near(vectors, clip_ids) if (pair.clip_id, pair.other) not in known]
    return same + near


def _same_content(contents: Mapping[str, str]) -> Iterator[Duplicate]:
    first: dict[str, str] = {}
    for clip_id, content in sorted(contents.items()):
        if content in first:
            yield Duplicate(first[content], clip_id, "the same file content")
        else:
            first[content] = clip_id


def _near(vectors: Mapping[str, np.ndarray], clip_ids: Sequence[str]) -> Iterator[Duplicate]:
    """Yield pairs whose families are all nearly the same, in blocks so that memory stays small.

    Each block is compared with itself and those after it: of two clips the first finds the other.
    """
    compared = [vectors[family] for family in COMPARED if family in vectors]
    lengths = [np.linalg.norm(rows, axis=1) for rows in compared]
    for start in range(0, len(clip_ids), _BLOCK):
        stop = start + _BLOCK
        # A family that either clip lacks does not count: fmin ignores NaN.
        lowest = np.full((len(clip_ids[start:stop]), len(clip_ids[start:])), np.nan, np.float32)
        for rows, length in zip(compared, lengths, strict=True):
            cosine = rows[start:stop] @ rows[start:].T
            cosine /= length[start:stop, None]
            cosine /= length[start:]
            np.fmin(lowest, cosine, out=lowest)
        for row, column in np.argwhere(lowest > NEARLY_ONE):
            one, other = start + int(row), start + int(column)
            if one < other:
                reason = f"all vectors nearly the same (cosine {lowest[row, column]:.3f} or more)"
                first, second = sorted((clip_ids[one], clip_ids[other]))
                yield Duplicate(first, second, reason)
