"""Tracklets: a person followed from step to step for as long as there is no doubt who it is.

The cheapest assignment (Kuhn 1955) gives the found persons to the tracklets of the previous steps. A tracklet ends
where another person fits nearly as well, which happens when people cross. `people.py` joins the tracklets of each
person.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.geometry import AREA_OF_BOX, box_area, box_iou, object_keypoint_similarity
from bachata_assets.pose.skeleton import TRUNK
from bachata_assets.pose.tracking.appearance import unlike_clothes
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.choice_parameters import PeopleParameters


@dataclass(frozen=True)
class Sighting:
    """A person in one step.

    Attributes
    ----------
    step, index : int
        The step, and the candidate in it.
    middle : np.ndarray
        float (2,), middle of shoulders and hips, px.
    height : float
        Height of the box, px.
    colours : np.ndarray
        float (FEATURES,), the clothes.
    covered : bool
        Whether somebody else's box overlaps much of the box, so that the colours may be theirs.
    """

    step: int
    index: int
    middle: np.ndarray
    height: float
    colours: np.ndarray
    covered: bool


@dataclass
class Tracklet:
    """One person, for as long as there is no doubt."""

    sightings: list[Sighting]

    @property
    def last(self) -> Sighting:
        """The last sighting."""
        return self.sightings[-1]

    def clothes(self, latest: int | None = None) -> np.ndarray:
        """Return the mean colours, float (FEATURES,), of the latest sightings, uncovered ones if there are any."""
        clear = [seen for seen in self.sightings if not seen.covered] or self.sightings
        mean: np.ndarray = np.mean([seen.colours for seen in (clear[-latest:] if latest else clear)], axis=0)
        return mean


def follow(candidates: Sequence[Candidates], times: np.ndarray, parameters: PeopleParameters) -> list[Tracklet]:
    """Return everyone's tracklets.

    Parameters
    ----------
    candidates : sequence of Candidates
        Candidates of each step.
    times : np.ndarray
        float (S,), times of the steps, s.
    parameters : PeopleParameters
        Thresholds.
    """
    from scipy.optimize import linear_sum_assignment

    every: list[Tracklet] = []
    alive: list[Tracklet] = []
    for step, found in enumerate(candidates):
        alive = [one for one in alive if times[step] - times[one.last.step] <= parameters.remembered_s]
        there = _sightings(step, found, parameters)
        cost = _moving_cost(alive, there, step, times, parameters)
        followed = set()
        for row, column in zip(*linear_sum_assignment(np.minimum(cost, parameters.new_person)), strict=True):
            others = [*np.delete(cost[row], column), *np.delete(cost[:, column], row)]
            if cost[row, column] < min([parameters.new_person, *(other - parameters.doubt for other in others)]):
                followed.add(int(column))
                alive[row].sightings.append(there[column])
        begun = [Tracklet([seen]) for column, seen in enumerate(there) if column not in followed]
        every += begun
        alive += begun
    return every


def _sightings(step: int, found: Candidates, parameters: PeopleParameters) -> list[Sighting]:
    """Return everyone who is certainly there, once each."""
    there = _distinct(found, parameters)
    boxes, middles = found.boxes[there], found.keypoints[there][:, TRUNK, :2].mean(axis=1)
    overlap = box_iou(boxes[:, None], boxes[None]) - np.eye(len(there))
    covered = overlap.max(axis=1, initial=0) > parameters.covered_iou
    return [
        Sighting(step, int(index), middle, float(max(box[3] - box[1], 1)), found.colours[index], bool(hidden))
        for index, box, middle, hidden in zip(there, boxes, middles, covered, strict=True)
    ]


def _distinct(found: Candidates, parameters: PeopleParameters) -> np.ndarray:
    """Return the candidates that are persons, without worse poses of the same body, int (M,)."""
    sure = certainty(found)
    kept: list[int] = []
    alike = likeness(found)
    for index in np.argsort(-sure, kind="stable"):
        if sure[index] >= parameters.least_certainty and not (alike[index, kept] > parameters.one_body).any():
            kept.append(int(index))
    return np.array(kept, int)


def certainty(found: Candidates) -> np.ndarray:
    """Return the mean of detector score and keypoint score, float (N,), 0..1."""
    return np.asarray((found.scores + found.keypoints[..., 2].mean(axis=1)) / 2)


def likeness(found: Candidates) -> np.ndarray:
    """Return the OKS of all candidates with one another, float (N, N)."""
    area = np.minimum(box_area(found.boxes)[:, None], box_area(found.boxes)[None]) * AREA_OF_BOX
    return object_keypoint_similarity(found.keypoints[:, None], found.keypoints[None], area)


def _moving_cost(
    alive: Sequence[Tracklet], there: Sequence[Sighting], step: int, times: np.ndarray, parameters: PeopleParameters
) -> np.ndarray:
    """Return the cost of continuing each tracklet with each person, float (K, M); infinite where no body can be."""
    if not alive or not there:
        return np.empty((len(alive), len(there)))
    lasts = [one.last for one in alive]
    reach = parameters.reach + parameters.reach_speed * (times[step] - times[[last.step for last in lasts]])[:, None]
    before, heights = (np.array([seen.height for seen in sightings]) for sightings in (lasts, there))
    moved = np.linalg.norm(
        np.stack([seen.middle for seen in there])[None] - np.stack([last.middle for last in lasts])[:, None], axis=-1
    ) / np.maximum(before[:, None], heights)
    grown = np.abs(np.log(heights / before[:, None]))
    wearing = np.stack([one.clothes(parameters.latest) for one in alive])
    unlike = unlike_clothes(wearing, np.stack([seen.colours for seen in there]))
    cost = moved / reach + parameters.size_cost * grown + parameters.clothes_cost * unlike
    return np.where((moved <= reach) & (grown <= parameters.largest_growth), cost, np.inf)
