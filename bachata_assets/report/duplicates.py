"""Clips that are the same video, under two names or re-encoded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.report.streaming.rows import Rows

NEARLY_ONE = 0.98
"""Cosine above which, in every family, two clips count as one recording."""
COMPARED = ("lead", "follow", "interaction", "audio")
"""Families to compare; without the text, since people write different things about one video."""
_BLOCK = 256


@dataclass(frozen=True)
class Duplicate:
    """Two clips that seem to be the same, and why."""

    clip_id: str
    other: str
    reason: str


def find_duplicates(
    contents: Mapping[str, str], vectors: Mapping[str, Rows], clip_ids: Sequence[str]
) -> list[Duplicate]:
    """Return the pairs of clips with the same content, and those whose vectors are nearly the same.

    Parameters
    ----------
    contents : mapping of str
        Clip id -> hash of its file.
    vectors : mapping of Rows
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


def _near(vectors: Mapping[str, Rows], clip_ids: Sequence[str]) -> Iterator[Duplicate]:
    """Yield pairs whose families are all nearly the same, in blocks so that memory stays small.

    Each block is compared with itself and later blocks: of two clips, the first finds the other.
    """
    compared = [vectors[family] for family in COMPARED if family in vectors]
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(clip_ids), _BLOCK)]
    for number, block in enumerate(blocks):
        found = []
        mine = [_directions(rows[block]) for rows in compared]
        for others in blocks[number:]:
            # A family that either clip lacks does not count: fmin ignores NaN.
            lowest = np.full((len(clip_ids[block]), len(clip_ids[others])), np.nan, np.float32)
            for directions, rows in zip(mine, compared, strict=True):
                np.fmin(lowest, directions @ _directions(rows[others]).T, out=lowest)
            for row, column in np.argwhere(lowest > NEARLY_ONE):
                if block.start + row < others.start + column:
                    found.append((block.start + int(row), others.start + int(column), lowest[row, column]))
        for one, other, cosine in sorted(found):
            first, second = sorted((clip_ids[one], clip_ids[other]))
            yield Duplicate(first, second, f"all vectors nearly the same (cosine {cosine:.3f} or more)")


def _directions(rows: np.ndarray) -> np.ndarray:
    """Return vectors (N, D) at length 1; a row of NaN, and one of zeros, is NaN."""
    with np.errstate(invalid="ignore"):
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))
