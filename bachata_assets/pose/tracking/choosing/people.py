"""Everyone in a clip, each with one track over the whole clip.

`tracklets.py` follows people while there is no doubt who they are. This module joins the tracklets of each person by
their clothes. Nobody moves farther than a body can, whatever the clothes say. `choice.py` decides which two people are
the couple.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.skeleton import TRUNK
from bachata_assets.pose.tracking.appearance import FEATURES, unlike_clothes
from bachata_assets.pose.tracking.candidates import MISSING, Candidates
from bachata_assets.pose.tracking.choice_parameters import PeopleParameters
from bachata_assets.pose.tracking.choosing.tracklets import (
    Sighting,
    Tracklet,
    certainty,
    follow,
    likeness,
)
from bachata_assets.pose.tracking.parameters import DEFAULTS


@dataclass(frozen=True)
class People:
    """Everyone who is seen for a while.

    Attributes
    ----------
    numbers : list of np.ndarray
        For each step, int (N,): which person each candidate is, `MISSING` if it is seen too briefly to tell.
    keypoints : np.ndarray
        float (P, S, 17, 3), x y px and score; NaN where the person is not seen.
    heights : np.ndarray
        float (P, S), heights of the boxes, px; NaN where not seen.
    certainty : np.ndarray
        float (P,), mean of detector score and keypoint score, 0..1.
    activity : np.ndarray
        float (P,), how much the places under the person change, 0..1.
    clothes : np.ndarray
        float (P, FEATURES), mean colours.
    """

    numbers: list[np.ndarray]
    keypoints: np.ndarray
    heights: np.ndarray
    certainty: np.ndarray
    activity: np.ndarray
    clothes: np.ndarray

    def __len__(self) -> int:
        return len(self.heights)

    @property
    def seen(self) -> np.ndarray:
        """Whether the person is seen in the step, bool (P, S)."""
        return ~np.isnan(self.heights)

    @property
    def trunks(self) -> np.ndarray:
        """Middle of shoulders and hips, float (P, S, 2), px."""
        middle: np.ndarray = self.keypoints[:, :, TRUNK, :2].mean(axis=2)
        return middle


def find_people(
    candidates: Sequence[Candidates],
    times: np.ndarray,
    activity: Sequence[np.ndarray],
    parameters: PeopleParameters = DEFAULTS.people,
) -> People:
    """Return everyone who is seen for a while.

    Parameters
    ----------
    candidates : sequence of Candidates
        Candidates of each step.
    times : np.ndarray
        float (S,), times of the steps, s.
    activity : sequence of np.ndarray
        For each step, float (N,), the result of `ActivityMap.of`.
    parameters : PeopleParameters
        Thresholds.
    """
    fewest = min(parameters.fewest_steps, (len(candidates) + 1) // 2)
    tracks = [one for one in _joined(follow(candidates, times, parameters), times, parameters) if len(one) >= fewest]
    numbers = [np.full(len(found), MISSING) for found in candidates]
    keypoints = np.full((len(tracks), len(candidates), *_shape(candidates)), np.nan)
    heights = np.full((len(tracks), len(candidates)), np.nan)
    sure, active = np.zeros(len(tracks)), np.zeros(len(tracks))
    clothes = np.zeros((len(tracks), FEATURES))
    for number, track in enumerate(tracks):
        for seen in track:
            numbers[seen.step][seen.index] = number
            keypoints[number, seen.step] = candidates[seen.step].keypoints[seen.index]
            heights[number, seen.step] = seen.height
        sure[number] = np.mean([certainty(candidates[seen.step])[seen.index] for seen in track])
        clothes[number] = Tracklet(track).clothes()
        active[number] = np.mean([activity[seen.step][seen.index] for seen in track])
    for found, of_step in zip(candidates, numbers, strict=True):
        _number_doubles(found, of_step, parameters)
    return People(numbers, keypoints, heights, sure, active, clothes)


def _shape(candidates: Sequence[Candidates]) -> tuple[int, ...]:
    return candidates[0].keypoints.shape[1:] if len(candidates) else (17, 3)


def _number_doubles(found: Candidates, numbers: np.ndarray, parameters: PeopleParameters) -> None:
    """Give each candidate without a number the number of the body on which it lies."""
    unknown, known = np.flatnonzero(numbers == MISSING), np.flatnonzero(numbers != MISSING)
    if not unknown.size or not known.size:
        return
    alike = likeness(found)[np.ix_(unknown, known)]
    double = alike.max(axis=1) > parameters.one_body
    numbers[unknown[double]] = numbers[known[alike.argmax(axis=1)]][double]


def _joined(tracklets: list[Tracklet], times: np.ndarray, parameters: PeopleParameters) -> list[list[Sighting]]:
    """Return each person's sightings: tracklets in like clothes, joined where one body may have moved that way.

    The most alike are joined first (average linkage, Sokal and Michener 1958).
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    longest = sorted(tracklets, key=lambda one: -len(one.sightings))[: parameters.most_tracklets]
    if len(longest) < 2:
        return [one.sightings for one in longest]
    clothes = np.stack([one.clothes() for one in longest])
    unlike = unlike_clothes(clothes, clothes)
    possible = _possible(longest, times, parameters)
    # Two tracklets that cannot be one person keep their groups apart: the mean with them exceeds every threshold.
    apart = np.where(possible | possible.T, unlike, parameters.never)
    np.fill_diagonal(apart, 0)
    groups = fcluster(linkage(squareform(apart, checks=False), "average"), parameters.like_clothes, "distance")
    people = [
        [seen for one, own in zip(longest, groups, strict=True) if own == group for seen in one.sightings]
        for group in np.unique(groups)
    ]
    return sorted(people, key=lambda sightings: min((seen.step, seen.index) for seen in sightings))


def _possible(tracklets: list[Tracklet], times: np.ndarray, parameters: PeopleParameters) -> np.ndarray:
    """Return whether the person of each tracklet may be the one of each later tracklet, bool (K, K)."""
    begins, ends = ([one.sightings[at] for one in tracklets] for at in (0, -1))
    gap = times[[seen.step for seen in begins]][None] - times[[seen.step for seen in ends]][:, None]
    moved = np.linalg.norm(
        np.stack([seen.middle for seen in begins])[None] - np.stack([seen.middle for seen in ends])[:, None], axis=-1
    )
    height = np.array([np.median([seen.height for seen in one.sightings]) for one in tracklets])
    reach = parameters.reach + parameters.reach_speed * gap
    return np.asarray((gap > 0) & (moved <= reach * np.maximum(height[:, None], height[None])))
