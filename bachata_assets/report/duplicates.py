"""Clips that are the same video: under two names, or re-encoded. What to do about them is for a person to say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

NEARLY_ONE = 0.98
"""Cosine above which two vectors of every family are taken for those of one recording."""
COMPARED = ("lead", "follow", "interaction", "audio")
"""What is seen and heard; the text is what people say of it, and they say different things of one video."""
_BLOCK = 256


@dataclass(frozen=True)
class Duplicate:
    """Two clips that seem to be one."""

    clip_id: str
    other: str
    reason: str


def find_duplicates(
    contents: Mapping[str, str], vectors: Mapping[str, np.ndarray], clip_ids: Sequence[str]
) -> list[Duplicate]:
    """Return the pairs of clips with the same content, and those whose vectors are nearly the same.

    Parameters
    ----------
    contents : clip id -> hash of its file
    vectors : family -> float32 (N, D) for `clip_ids`, a row of NaN where absent
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
        # A family that either clip lacks says nothing: NaN is passed over by fmin.
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
