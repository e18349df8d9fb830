"""The one couple of a clip, chosen for the whole clip among everyone in it.

Everyone is followed (`people.py`) and all pairs are weighed (`pairs.py`). What certainly belongs to somebody else is
taken away before the couple's path is searched (`tracking/tracks.py`), so that no dancer is ever taken from another
couple. In a clip with nobody but the couple nothing is taken away.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bachata_assets.pose.skeleton import Joint
from bachata_assets.pose.tracking.candidates import MISSING, Candidates
from bachata_assets.pose.tracking.choice_parameters import ChoiceParameters
from bachata_assets.pose.tracking.choosing.pairs import Pair, distances, is_image, weigh_pairs
from bachata_assets.pose.tracking.choosing.people import People, find_people
from bachata_assets.pose.tracking.identity_switches import runs
from bachata_assets.pose.tracking.parameters import DEFAULTS, TrackingParameters
from bachata_assets.pose.tracking.roles import hand_on_trunk


@dataclass(frozen=True)
class Choice:
    """Who the couple is.

    Attributes
    ----------
    available : list of np.ndarray
        Of each step bool (N,), which candidates may be the couple.
    others : list of np.ndarray
        Of each step bool (N,), which candidates are somebody who moves and is not of the couple.
    members : list of np.ndarray or None
        Of each step bool (N,), which candidates were followed as one of the couple; None where nobody else is there.
    people_seen : int
        Number of people who are there for a while and move, images in mirrors left out.
    couples_seen : int
        Number of couples among them.
    confidence : float
        Probability that this is the couple that is meant, 0..1.
    weights : dict
        Name -> what it adds to the couple's weight; empty where no two people are seen at once.
    changes : tuple of float
        Times at which a dancer changes partners, s.
    images : int
        Number of people who are taken for images in a mirror.
    """

    available: list[np.ndarray]
    others: list[np.ndarray]
    members: list[np.ndarray] | None
    people_seen: int
    couples_seen: int
    confidence: float
    weights: dict[str, float] = field(default_factory=dict)
    changes: tuple[float, ...] = ()
    images: int = 0

    def of(self, candidates: Sequence[Candidates]) -> list[Candidates]:
        """Return the candidates that may be the couple."""
        return [found.only(which) for found, which in zip(candidates, self.available, strict=True)]

    def trust(self, activity: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the activity of what `of` returns, float (N,) of each step; the couple itself is no furniture."""
        kept = [active[which] for active, which in zip(activity, self.available, strict=True)]
        if self.members is None:
            return kept
        own = [of_step[which] for of_step, which in zip(self.members, self.available, strict=True)]
        return [np.where(is_own, 1.0, active) for is_own, active in zip(own, kept, strict=True)]

    def among_all(self, chosen: np.ndarray) -> np.ndarray:
        """Return indices (S, 2) into what `of` returns as indices into all candidates; negative ones stay."""
        places = [np.append(np.flatnonzero(which), MISSING) for which in self.available]
        return np.array([place[pair] for place, pair in zip(places, chosen, strict=True)]).reshape(-1, 2)


def choose_couple(
    candidates: Sequence[Candidates],
    times: np.ndarray,
    activity: Sequence[np.ndarray],
    size: tuple[int, int],
    parameters: TrackingParameters = DEFAULTS,
) -> Choice:
    """Return who the couple is.

    Parameters
    ----------
    candidates : sequence of Candidates
        Of each step.
    times : np.ndarray
        float (S,), s, of the steps.
    activity : sequence of np.ndarray
        Of each step float (N,), as of `ActivityMap.of`.
    size : tuple of int
        Width and height of the pictures, px.
    parameters : TrackingParameters
        Thresholds and weights.
    """
    limits = parameters.choice
    people = find_people(candidates, times, activity, parameters.people)
    everyone, nobody = ([np.full(len(found), said) for found in candidates] for said in (True, False))
    moving = people.activity >= limits.least_activity
    pairs = [pair for pair in weigh_pairs(people, size, parameters.pairs) if moving[list(pair.members)].all()]
    images = _images(people, moving, pairs, parameters)
    pairs = [pair for pair in pairs if not images & set(pair.members)]
    seen = int(moving.sum()) - len(images)
    if not pairs:
        return Choice(everyone, nobody, None, min(seen, 1), 0, 0.0, images=len(images))
    couple = pairs[0]
    others = _others(people, couple, limits)
    beside = {number for number in others if moving[number]}
    if not beside:
        return Choice(everyone, nobody, None, 2, 1, _confidence(couple, [], limits), couple.weights)
    changes, within = _partner_changes(couple, pairs, beside, times, limits)
    rivals = [pair for pair in pairs[1:] if beside & set(pair.members)]
    return Choice(
        [~np.isin(numbers, list(others)) & kept for numbers, kept in zip(people.numbers, within, strict=True)],
        [np.isin(numbers, list(beside)) for numbers in people.numbers],
        [np.isin(numbers, couple.members) for numbers in people.numbers],
        2 + len(beside - images),
        1 + _disjoint([pair for pair in rivals if beside >= set(pair.members)], limits),
        _confidence(couple, rivals, limits),
        couple.weights,
        changes,
        len(images),
    )


def _others(people: People, couple: Pair, limits: ChoiceParameters) -> set[int]:
    """Return who is certainly not of the couple: seen beside both of them, or where neither can have gone."""
    one, other = couple.members
    found = set()
    for number in set(range(len(people))) - set(couple.members):
        aside = np.fmin(distances(people, number, one), distances(people, number, other))
        at_once = people.seen[[one, other, number]].all(axis=0)
        beside = at_once & (aside > limits.apart)
        far = people.seen[number] & (aside > limits.far)
        if (
            beside.sum() >= max(limits.fewest_beside, 0.5 * at_once.sum())
            or far.sum() > 0.5 * people.seen[number].sum()
        ):
            found.add(number)
    return found


def _images(people: People, moving: np.ndarray, pairs: list[Pair], parameters: TrackingParameters) -> set[int]:
    """Return who is an image in a mirror.

    A person and the image are on two sides of the glass, people who hold each other on one. The side whose people are
    larger and surer is the room.
    """
    holding = [pair.members for pair in pairs if np.nanmean(pair.together) > parameters.choice.couple_together]
    there = [int(number) for number in np.flatnonzero(moving)]
    mirrored = [
        (one, other)
        for one, other in itertools.combinations(there, 2)
        if (one, other) not in holding and is_image(people, one, other, parameters.pairs)
    ]
    found: set[int] = set()
    done: set[int] = set()
    for start in sorted({number for pair in mirrored for number in pair}):
        if start not in done:
            sides = _sides(start, mirrored, holding)
            done |= sides[0] | sides[1]
            found |= _behind_glass(people, sides, holding, parameters)
    return found


def _behind_glass(
    people: People, sides: tuple[set[int], set[int]], holding: list[tuple[int, int]], parameters: TrackingParameters
) -> set[int]:
    """Return the side of a mirror that is the image."""
    presence = [max(_presence(people, number) for number in side) for side in sides]
    if abs(np.log(presence[0] / presence[1])) > parameters.choice.as_present:
        return sides[int(np.argmin(presence))]
    # A leader's right hand is on the follower's back; in the mirror it is the left one.
    handed = [sum(_right_handed(people, pair, parameters) for pair in holding if set(pair) <= side) for side in sides]
    return sides[int(np.argmin(handed))]


def _right_handed(people: People, pair: tuple[int, int], parameters: TrackingParameters) -> float:
    """Return how much more often right hands than left hands lie on the partner's trunk, -2..2."""
    believed = parameters.roles.believed_score
    both = people.seen[list(pair)].all(axis=0)
    dancers = people.keypoints[pair[0]][both], people.keypoints[pair[1]][both]
    shares = [
        [hand_on_trunk(own, partner, believed, hand).mean() for own, partner in (dancers, dancers[::-1])]
        for hand in (Joint.RIGHT_WRIST, Joint.LEFT_WRIST)
    ]
    return float(np.sum(shares[0]) - np.sum(shares[1]))


def _sides(start: int, mirrored: list[tuple[int, int]], holding: list[tuple[int, int]]) -> tuple[set[int], set[int]]:
    """Return who is on one side of a glass as `start`, and who on the other."""
    side = {start: 0}
    waiting = [start]
    while waiting:
        number = waiting.pop()
        for pairs, across in ((mirrored, 1), (holding, 0)):
            for pair in pairs:
                if number in pair:
                    other = pair[0] if pair[1] == number else pair[1]
                    if other not in side:
                        side[other] = side[number] ^ across
                        waiting.append(other)
    return {n for n, at in side.items() if at == 0}, {n for n, at in side.items() if at == 1}


def _presence(people: People, number: int) -> float:
    """Return how much speaks for a person being real and not an image: larger and surer."""
    return float(np.nanmedian(people.heights[number])) * float(people.certainty[number])


def _disjoint(pairs: list[Pair], limits: ChoiceParameters) -> int:
    """Return how many couples there are without a common member among pairs, the weightiest first."""
    taken: set[int] = set()
    count = 0
    for pair in pairs:
        if not taken & set(pair.members) and np.nanmean(pair.together) > limits.couple_together:
            taken |= set(pair.members)
            count += 1
    return count


def _confidence(couple: Pair, rivals: list[Pair], limits: ChoiceParameters) -> float:
    """Return the probability that the weightiest pair is the one that is meant."""
    lead = limits.alone - couple.weight
    return float(
        1
        / (
            np.exp(limits.sharpness * lead)
            + 1
            + sum(np.exp(limits.sharpness * (r.weight - couple.weight)) for r in rivals)
        )
    )


def _partner_changes(
    couple: Pair, pairs: list[Pair], others: set[int], times: np.ndarray, limits: ChoiceParameters
) -> tuple[tuple[float, ...], np.ndarray]:
    """Return when a dancer of the couple dances with somebody else, s, and the steps (S,) that are the couple's."""
    theirs = _smoothed(couple.together, times, limits.change_window_s)
    elsewhere = np.zeros(len(times), bool)
    for pair in pairs:
        if len(set(pair.members) & set(couple.members)) == 1 and set(pair.members) & others:
            with_another = _smoothed(pair.together, times, limits.change_window_s)
            elsewhere |= (np.nan_to_num(with_another) > limits.couple_together) & (
                np.nan_to_num(theirs) < limits.parted
            )
    spans = [run for run in runs(elsewhere) if times[run[-1]] - times[run[0]] >= limits.shortest_change_s]
    within = np.ones(len(times), bool)
    if not spans:
        return (), within
    for run in spans:
        within[run] = False
    longest = max(runs(within), key=len, default=np.arange(len(times)))
    kept = np.zeros(len(times), bool)
    kept[longest] = True
    edges = {float(round(times[edge], 2)) for run in spans for edge in (run[0], run[-1]) if 0 < edge < len(times) - 1}
    return tuple(sorted(edges)), kept


def _smoothed(values: np.ndarray, times: np.ndarray, window_s: float) -> np.ndarray:
    """Return the mean over a window around each step, float (S,), NaN where nothing is known in it."""
    known = ~np.isnan(values)
    near = np.abs(times[:, None] - times) <= window_s / 2
    count = (near & known).sum(axis=1)
    total = (near * np.where(known, values, 0)).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
