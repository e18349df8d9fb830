"""The moments that stand for a part of a clip, and the choice among overlapping answers."""

import logging
from collections.abc import Iterable, Sequence

import numpy as np

from bachata_assets.pose.embeddings.moments import FAMILIES
from bachata_assets.search.errors import QueryError
from bachata_assets.search.moments.record import MomentMatch, MomentRecord
from bachata_assets.video.sampling import SAMPLING_RATE

logger = logging.getLogger(__name__)

MOSTLY = 0.75
"""Overlap, as a share of the longest overlap with the part, from which a moment stands for the part too.

A moment begins every half length, so a part that is exactly one moment overlaps both neighbours by half.
"""
SAID_FROM_S = 0.1
"""Time beyond the clip's end from which a part is reported as too long, s; players round the length of a video."""
TOUCHING_S = 0.01
"""Maximum overlap of two moments that count as consecutive, s."""


def part_of(moments: Sequence[MomentRecord], start: float | None, end: float | None) -> list[MomentRecord]:
    """Return the moments that stand for a part of a clip: those that overlap it most.

    Parameters
    ----------
    moments : all moments of the clip, in order
    start, end : start and end of the part, s; None: those of the clip

    Raises
    ------
    QueryError
        The part is not in the clip, or ends before it begins.
    """
    clip_id, length = moments[0].clip_id, max(moments[-1].end_s, moments[0].frame_count / SAMPLING_RATE)
    begin, stop = 0.0 if start is None else start, length if end is None else end
    if start is not None and end is not None and not start < end:
        raise QueryError(f"the part of {clip_id!r} begins at {start:g} s and ends at {end:g} s: it must end later")
    if not (0 <= begin < length and stop > 0):
        wanted = f"from {begin:g} s on" if end is None else f"from {begin:g} to {end:g} s"
        raise QueryError(f"clip {clip_id!r} is {length:.1f} s long: nothing of it is {wanted}")
    if stop - length > SAID_FROM_S:
        logger.warning("Clip %r is %.1f s long: the part ends there, not at %g s", clip_id, length, stop)
    overlaps = [min(one.end_s, stop) - max(one.start_s, begin) for one in moments]
    most = max(overlaps)
    if most <= 0:  # before the first beat or after the last moment
        return [moments[int(np.argmax(overlaps))]]
    return [one for one, overlap in zip(moments, overlaps, strict=True) if overlap >= MOSTLY * most]


def mean_vectors(moments: Sequence[MomentRecord]) -> dict[str, np.ndarray]:
    """Return family -> mean of the moments' vectors, float32 (D,), scaled to length 1; a family may be absent."""
    found = {}
    for family in FAMILIES:
        vectors = [one.vectors[family] for one in moments if family in one.vectors]
        if vectors and (length := np.linalg.norm(mean := np.mean(vectors, axis=0, dtype=float))) > 0:
            found[family] = np.asarray(mean / length, np.float32)
    return found


def told_apart(found: Iterable[MomentMatch], asked: Sequence[MomentRecord], per_clip: int) -> list[MomentMatch]:
    """Return the found moments, best first, without those that overlap a better one or the question.

    Parameters
    ----------
    asked : moments of the question
    per_clip : maximum number of moments per clip
    """
    taken: dict[str, list[MomentMatch]] = {}
    told = []
    for one in found:
        others = taken.setdefault(one.clip_id, [])
        parts: list[MomentMatch | MomentRecord] = [*others, *(part for part in asked if part.clip_id == one.clip_id)]
        if len(others) < per_clip and not any(_overlap(one, part) for part in parts):
            others.append(one)
            told.append(one)
    return told


def _overlap(one: MomentMatch, other: MomentMatch | MomentRecord) -> bool:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s) > TOUCHING_S
