"""Everyone in a clip, each with one track over the whole clip.

From step to step, the cheapest assignment (Kuhn 1955) gives the found persons to the tracks. The same method then joins
ends of tracks to later beginnings. Nobody moves farther than a body can, whatever the clothes say. `choice.py` decides
which two people are the couple.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bachata_assets.pose.geometry import AREA_OF_BOX, box_area, object_keypoint_similarity
from bachata_assets.pose.skeleton import TRUNK
from bachata_assets.pose.tracking.appearance import FEATURES, PARTS
from bachata_assets.pose.tracking.candidates import MISSING, Candidates
from bachata_assets.pose.tracking.choice_parameters import PeopleParameters
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
    """

    numbers: list[np.ndarray]
    keypoints: np.ndarray
    heights: np.ndarray
    certainty: np.ndarray
    activity: np.ndarray

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


@dataclass
class _Track:
    """One person so far: the last place and appearance, and all steps."""

    at: list[tuple[int, int]] = field(default_factory=list)
    middle: np.ndarray = field(default_factory=lambda: np.zeros(2))
    first_middle: np.ndarray = field(default_factory=lambda: np.zeros(2))
    height: float = 1.0
    colours: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def take_in(self, step: int, index: int, found: Candidates, middle: np.ndarray, height: float, keep: float) -> None:
        if not self.at:
            self.first_middle, self.height, self.colours = middle, height, found.colours[index]
        self.at.append((step, index))
        self.middle = middle
        self.height = keep * self.height + (1 - keep) * height
        self.colours = keep * self.colours + (1 - keep) * found.colours[index]


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
    tracks = _joined(_followed(candidates, times, parameters), times, parameters)
    fewest = min(parameters.fewest_steps, (len(candidates) + 1) // 2)
    tracks = [track for track in tracks if len(track.at) >= fewest]
    numbers = [np.full(len(found), MISSING) for found in candidates]
    keypoints = np.full((len(tracks), len(candidates), *_shape(candidates)), np.nan)
    heights = np.full((len(tracks), len(candidates)), np.nan)
    certainty, active = np.zeros(len(tracks)), np.zeros(len(tracks))
    for number, track in enumerate(tracks):
        for step, index in track.at:
            found = candidates[step]
            numbers[step][index] = number
            keypoints[number, step] = found.keypoints[index]
            heights[number, step] = found.boxes[index, 3] - found.boxes[index, 1]
        certainty[number] = np.mean([_certainty(candidates[step])[index] for step, index in track.at])
        active[number] = np.mean([activity[step][index] for step, index in track.at])
    for found, of_step in zip(candidates, numbers, strict=True):
        _number_doubles(found, of_step, parameters)
    return People(numbers, keypoints, heights, certainty, active)


def _shape(candidates: Sequence[Candidates]) -> tuple[int, ...]:
    return candidates[0].keypoints.shape[1:] if len(candidates) else (17, 3)


def _certainty(found: Candidates) -> np.ndarray:
    """Return the mean of detector score and keypoint score, float (N,)."""
    return np.asarray((found.scores + found.keypoints[..., 2].mean(axis=1)) / 2)


def _likeness(found: Candidates) -> np.ndarray:
    """Return the OKS of all candidates with one another, float (N, N)."""
    area = np.minimum(box_area(found.boxes)[:, None], box_area(found.boxes)[None]) * AREA_OF_BOX
    return object_keypoint_similarity(found.keypoints[:, None], found.keypoints[None], area)


def _distinct(found: Candidates, parameters: PeopleParameters) -> np.ndarray:
    """Return the candidates that are persons, without worse poses of the same body, int (M,)."""
    certainty = _certainty(found)
    kept: list[int] = []
    likeness = _likeness(found)
    for index in np.argsort(-certainty, kind="stable"):
        if certainty[index] >= parameters.least_certainty and not (likeness[index, kept] > parameters.one_body).any():
            kept.append(int(index))
    return np.array(kept, int)


def _number_doubles(found: Candidates, numbers: np.ndarray, parameters: PeopleParameters) -> None:
    """Give each candidate without a number the number of the body on which it lies."""
    unknown, known = np.flatnonzero(numbers == MISSING), np.flatnonzero(numbers != MISSING)
    if not unknown.size or not known.size:
        return
    likeness = _likeness(found)[np.ix_(unknown, known)]
    double = likeness.max(axis=1) > parameters.one_body
    numbers[unknown[double]] = numbers[known[likeness.argmax(axis=1)]][double]


def _followed(candidates: Sequence[Candidates], times: np.ndarray, parameters: PeopleParameters) -> list[_Track]:
    """Return unbroken tracks, by the cheapest assignment from step to step."""
    from scipy.optimize import linear_sum_assignment

    tracks: list[_Track] = []
    alive: list[_Track] = []
    for step, found in enumerate(candidates):
        alive = [track for track in alive if times[step] - times[track.at[-1][0]] <= parameters.remembered_s]
        there = _distinct(found, parameters)
        middles = found.keypoints[there][:, TRUNK, :2].mean(axis=1)
        heights = found.boxes[there, 3] - found.boxes[there, 1]
        cost = np.full((len(alive), len(there)), np.inf)
        for row, track in enumerate(alive):
            elapsed = times[step] - times[track.at[-1][0]]
            cost[row] = _moving_cost(track, middles, heights, found.colours[there], elapsed, parameters)
        # A motion farther than a body can move costs more than any assignment without it.
        rows, columns = linear_sum_assignment(np.where(np.isfinite(cost), cost, parameters.never))
        taken = set()
        for row, column in zip(rows, columns, strict=True):
            if np.isfinite(cost[row, column]):
                taken.add(column)
                alive[row].take_in(
                    step, int(there[column]), found, middles[column], float(heights[column]), parameters.memory
                )
        for column in set(range(len(there))) - taken:
            track = _Track()
            track.take_in(step, int(there[column]), found, middles[column], float(heights[column]), parameters.memory)
            tracks.append(track)
            alive.append(track)
    return tracks


def _moving_cost(
    track: _Track,
    middles: np.ndarray,
    heights: np.ndarray,
    colours: np.ndarray,
    elapsed: float,
    parameters: PeopleParameters,
) -> np.ndarray:
    """Return the cost of continuing a track at each of M places; infinite where no body can be so soon.

    Parameters
    ----------
    middles : np.ndarray
        float (M, 2), px.
    heights : np.ndarray
        float (M,), px.
    colours : np.ndarray
        float (M, FEATURES).
    elapsed : float
        Time since the track's last step, s.
    """
    reach = parameters.reach + parameters.reach_speed * elapsed
    moved = np.linalg.norm(middles - track.middle, axis=-1) / np.maximum(np.maximum(heights, track.height), 1)
    grown = np.abs(np.log(np.maximum(heights, 1) / max(track.height, 1)))
    unlike = unlike_clothes(track.colours, colours)
    cost = moved / reach + parameters.size_cost * grown + parameters.clothes_cost * unlike
    return np.where((moved <= reach) & (grown <= parameters.largest_growth), cost, np.inf)


def unlike_clothes(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the difference between the clothes of one person and those of others, float (M,), 0..1.

    It is one minus the Bhattacharyya coefficient of the histograms, over the parts of the body that both show.

    Parameters
    ----------
    one : np.ndarray
        float (FEATURES,).
    others : np.ndarray
        float (M, FEATURES).
    """
    a = one.reshape(1, len(PARTS), -1)
    b = others.reshape(len(others), len(PARTS), FEATURES // len(PARTS))
    both = (a.sum(axis=-1) > 0) & (b.sum(axis=-1) > 0)
    alike = (np.sqrt(a * b).sum(axis=-1) * both).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    return np.where(both.any(axis=1), 1 - alike, 0.5)


def _joined(tracks: list[_Track], times: np.ndarray, parameters: PeopleParameters) -> list[_Track]:
    """Return tracks with ends joined to later beginnings where one person may have moved that way."""
    from scipy.optimize import linear_sum_assignment

    tracks = [track for track in tracks if len(track.at) >= parameters.fewest_joined]
    cost = np.full((len(tracks), len(tracks)), parameters.new_person)
    for row, before in enumerate(tracks):
        for column, after in enumerate(tracks):
            gap = times[after.at[0][0]] - times[before.at[-1][0]]
            if 0 < gap <= parameters.longest_absence_s:
                reach = min(parameters.reach + parameters.reach_speed * gap, parameters.farthest_return)
                moved = np.linalg.norm(after.first_middle - before.middle) / max(before.height, after.height)
                unlike = float(unlike_clothes(before.colours, after.colours[None])[0])
                if moved <= reach:
                    cost[row, column] = moved / reach + parameters.clothes_cost * unlike
    follower = {
        int(row): int(column)
        for row, column in zip(*linear_sum_assignment(cost), strict=True)
        if cost[row, column] < parameters.new_person
    }
    joined = []
    for first in sorted(set(range(len(tracks))) - set(follower.values())):
        track = _Track(list(tracks[first].at))
        at = first
        while at in follower:
            at = follower[at]
            track.at += tracks[at].at
        joined.append(track)
    return joined
