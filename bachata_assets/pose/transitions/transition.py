"""`Transition`: the beginning and ending of a clip, as vectors to compare and as facts to read."""

from dataclasses import dataclass

import numpy as np

from bachata_assets.families import Absent
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings.clock import BeatTimes
from bachata_assets.pose.transitions.constants import load_constants, unit
from bachata_assets.pose.transitions.edges import Side, edge_of
from bachata_assets.pose.transitions.facts import EdgeFacts, facts_of


@dataclass(frozen=True)
class DescribedEdge:
    """One edge of a clip.

    Attributes
    ----------
    vector : float32 (64,), of length 1; the cosine of an ending and a beginning says how well the two fit
    """

    vector: np.ndarray
    facts: EdgeFacts


@dataclass(frozen=True)
class Transition:
    """Both edges of a clip; an edge is Absent if the couple is not seen there."""

    beginning: DescribedEdge | Absent
    ending: DescribedEdge | Absent


def transition_of(couple: CoupleKeypoints, beats: BeatTimes | None) -> Transition:
    """Return the beginning and ending of a clip.

    Parameters
    ----------
    couple : both dancers
    beats : beats of the clip's music, only for phase and tempo; the vectors do not depend on them
    """
    return Transition(_described(couple, beats, "beginning"), _described(couple, beats, "ending"))


def _described(couple: CoupleKeypoints, beats: BeatTimes | None, side: Side) -> DescribedEdge | Absent:
    edge = edge_of(couple, side)
    if isinstance(edge, Absent):
        return edge
    projection = getattr(load_constants(), side)
    vector = unit(projection.vector(edge.measurements())).astype(np.float32)
    at = couple.times[0] if side == "beginning" else couple.times[-1] + 1 / couple.fps
    return DescribedEdge(vector, facts_of(edge, beats, float(at)))
