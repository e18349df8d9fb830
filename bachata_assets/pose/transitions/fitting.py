"""Fitting of the shipped constants to cuts through real clips.

Only `training/fit.py` runs it; describing a clip does not.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bachata_assets.clip_record import EDGE_DIMENSIONS
from bachata_assets.families import Absent
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.transitions.constants import Constants, Projection, unit
from bachata_assets.pose.transitions.edges import Edge, edge_of
from bachata_assets.pose.transitions.facts import facts_of, jumps

GAPS = (3, 7)
"""Numbers of frames to leave out between ending and beginning: 0.2 s and half a second.

Without a gap, the fit would look for the very next frame, which no other clip has.
"""
EVERY = 4
"""Frames from one cut of a clip to the next."""
SHORTEST = 15
"""Minimum number of frames on either side of a cut."""
RIDGE = 0.1
"""Share of a measurement's variance added to it, so that directions with little evidence do not grow."""
STRONGEST = 0.995
"""Maximum correlation to accept."""
FOLDS = 8
"""Number of folds for held-out clips, which show how well real continuations fit without being fitted on."""
OF_TEN = 0.9
"""Share of the real continuations whose jumps count as usual."""

Pair = tuple[Edge, Edge]


def part_of(couple: CoupleKeypoints, frames: slice) -> CoupleKeypoints:
    """Return the couple in some frames of a clip, as if the clip had no others."""
    cut = {name: getattr(couple, name)[frames] for name in _PER_FRAME}
    camera = None if couple.camera is None else couple.camera[frames]
    return replace(couple, **cut, camera=camera, hands=None)


def pairs_of(couple: CoupleKeypoints, gaps: Sequence[int] = GAPS) -> list[Pair]:
    """Return the ending and beginning at every cut through a clip where both are seen.

    Each half is described by itself, so that neither contains anything of the other.

    Parameters
    ----------
    couple : both dancers
    gaps : numbers of frames to leave out at the cut
    """
    pairs = []
    for place in range(SHORTEST, couple.frame_count - SHORTEST, EVERY):
        ending = edge_of(part_of(couple, slice(0, place)), "ending")
        for gap in gaps:
            if isinstance(ending, Absent) or place + gap > couple.frame_count - SHORTEST:
                continue
            beginning = edge_of(part_of(couple, slice(place + gap, None)), "beginning")
            if not isinstance(beginning, Absent):
                pairs.append((ending, beginning))
    return pairs


def fit_constants(clips: Sequence[Sequence[Pair]], groups: Sequence[str]) -> Constants:
    """Return the constants that are fitted to cuts through clips.

    Parameters
    ----------
    clips : result of `pairs_of` for each clip
    groups : for each clip, the name of its group of similar clips, such as takes of one routine
    """
    pairs = [pair for clip in clips for pair in clip]
    cosines = np.quantile(held_out_cosines(clips, groups), np.linspace(0, 1, 101))
    return Constants(*fit_projections(pairs), cosines, _usual_jumps(pairs))


def held_out_cosines(clips: Sequence[Sequence[Pair]], groups: Sequence[str]) -> np.ndarray:
    """Return the cosine of every pair, (P,), by vectors that were fitted without its group."""
    fold_of = {group: number % FOLDS for number, group in enumerate(sorted(set(groups)))}
    folds = np.array([fold_of[group] for group in groups])
    found = []
    for fold in np.unique(folds):
        held_out, learned = (
            [pair for clip, of in zip(clips, folds, strict=True) if (of == fold) == out for pair in clip]
            for out in (True, False)
        )
        beginning, ending = fit_projections(learned)
        rows = [np.array([pair[side].measurements() for pair in held_out]) for side in (0, 1)]
        found.append((unit(ending.vector(rows[0])) * unit(beginning.vector(rows[1]))).sum(axis=1))
    return np.concatenate(found)


def fit_projections(pairs: Sequence[Pair]) -> tuple[Projection, Projection]:
    """Return projections of beginnings and endings that bring continuations close together.

    They are the canonical correlations of endings and beginnings (Hotelling, "Relations between two sets of variates",
    Biometrika 1936). Their weights make the scalar product of two vectors equal the product term in the log-likelihood
    ratio between a continuation and two random edges, both Gaussian (two-view PLDA, Ioffe, ECCV 2006):
    x y r / (1 - r^2) for two directions of correlation r.
    """
    rows = [np.array([pair[side].measurements() for pair in pairs]) for side in (0, 1)]
    usual, spread = [np.nanmean(row, axis=0) for row in rows], [np.nanstd(row, axis=0) for row in rows]
    x, y = (np.nan_to_num((row - u) / s) for row, u, s in zip(rows, usual, spread, strict=True))
    white_x, white_y = _whitening(x), _whitening(y)
    left, found, right = np.linalg.svd(white_x @ (x.T @ y / len(x)) @ white_y)
    strength = np.minimum(found[:EDGE_DIMENSIONS], STRONGEST)
    stretch = 1 / np.sqrt(1 - strength**2)
    # Make the largest component of each direction positive, so that every machine takes the same of two signs.
    signs = np.sign(left[np.abs(left).argmax(axis=0), np.arange(left.shape[1])])[:EDGE_DIMENSIONS]
    ending = Projection(usual[0], spread[0], white_x @ left[:, :EDGE_DIMENSIONS] * signs * stretch)
    beginning = Projection(usual[1], spread[1], white_y @ right[:EDGE_DIMENSIONS].T * signs * strength * stretch)
    return beginning, ending


def _whitening(scores: np.ndarray) -> np.ndarray:
    covariance = scores.T @ scores / len(scores) + RIDGE * np.eye(scores.shape[1])
    variance, axes = np.linalg.eigh(covariance)
    return np.asarray((axes / np.sqrt(variance)) @ axes.T)


def _usual_jumps(pairs: Sequence[Pair]) -> np.ndarray:
    changes = [list(jumps(facts_of(ending), facts_of(beginning)).values()) for ending, beginning in pairs]
    known = np.array([[np.nan if one is None else one for one in row] for row in changes], float)
    return np.asarray(np.nanquantile(np.abs(known), OF_TEN, axis=0))


_PER_FRAME = ("times", "boxes", "keypoints", "valid", "interpolated", "occlusion_recovery")
