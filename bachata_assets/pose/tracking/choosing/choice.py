"""The couple of a clip, chosen among everyone in it for the whole clip.

`people.py` follows everyone, and `pairs.py` weighs all pairs. The candidates that certainly belong to somebody else are
removed before the search for the couple's path (`tracking/tracks.py`), so that no dancer comes from another couple. In
a clip with nobody but the couple, nothing is removed.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from bachata_assets.pose.skeleton import TRUNK, Joint
from bachata_assets.pose.tracking.candidates import MISSING, Candidates
from bachata_assets.pose.tracking.choice_parameters import ChoiceParameters
from bachata_assets.pose.tracking.choosing.other_people import other_people
from bachata_assets.pose.tracking.choosing.pairs import Pair, is_image, only_couple, weigh_pairs
from bachata_assets.pose.tracking.choosing.partner_changes import partner_changes
from bachata_assets.pose.tracking.choosing.people import People, find_people
from bachata_assets.pose.tracking.choosing.told import NotThereError, Told, disjoint, told_pair
from bachata_assets.pose.tracking.parameters import DEFAULTS, TrackingParameters
from bachata_assets.pose.tracking.reidentification import NOBODY_ELSE, KnownClothes


@dataclass(frozen=True)
class Choice:
    """Who the couple is.

    Attributes
    ----------
    available : list of np.ndarray
        For each step, bool (N,), which candidates may be the couple.
    others : list of np.ndarray
        For each step, bool (N,), which candidates are people who move and are not part of the couple.
    members : list of np.ndarray or None
        For each step, bool (N,), which candidates were followed as members of the couple; None if nobody else is there.
    people_seen : int
        Number of people who are there for a while and move, without mirror images.
    couples_seen : int
        Number of couples among them.
    confidence : float
        Probability that this is the couple that is meant, 0..1.
    people : People
        Everyone, including people who never move.
    weights : dict
        Kind of evidence -> what it adds to the couple's weight; empty if no two people are seen at once.
    changes : tuple of float
        Times at which a dancer changes partners, s.
    mirrored : frozenset of int
        People (indices in `people`) who are taken for mirror images.
    pair : tuple of int
        The couple's two people, indices in `people`; empty if no two people are seen at once.
    clothes : KnownClothes
        The clothes of the couple and of the people who certainly do not belong to it.
    """

    available: list[np.ndarray]
    others: list[np.ndarray]
    members: list[np.ndarray] | None
    people_seen: int
    couples_seen: int
    confidence: float
    people: People
    weights: dict[str, float] = field(default_factory=dict)
    changes: tuple[float, ...] = ()
    mirrored: frozenset[int] = frozenset()
    pair: tuple[int, ...] = ()
    clothes: KnownClothes = NOBODY_ELSE

    @property
    def images(self) -> int:
        """Number of people who are taken for mirror images."""
        return len(self.mirrored)

    def of(self, candidates: Sequence[Candidates]) -> list[Candidates]:
        """Return the candidates that may be the couple."""
        return [found.only(which) for found, which in zip(candidates, self.available, strict=True)]

    def trust(self, activity: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the activity of the candidates from `of`, float (N,) for each step; it is 1 for the couple itself."""
        kept = [active[which] for active, which in zip(activity, self.available, strict=True)]
        if self.members is None:
            return kept
        own = [of_step[which] for of_step, which in zip(self.members, self.available, strict=True)]
        return [np.where(is_own, 1.0, active) for is_own, active in zip(own, kept, strict=True)]

    def among_all(self, chosen: np.ndarray) -> np.ndarray:
        """Convert indices (S, 2) into the result of `of` to indices into all candidates; negative ones stay."""
        places = [np.append(np.flatnonzero(which), MISSING) for which in self.available]
        return np.array([place[pair] for place, pair in zip(places, chosen, strict=True)]).reshape(-1, 2)


def choose_couple(
    candidates: Sequence[Candidates],
    times: np.ndarray,
    activity: Sequence[np.ndarray],
    size: tuple[int, int],
    parameters: TrackingParameters = DEFAULTS,
    told: Told | None = None,
    number: int = 1,
) -> Choice:
    """Choose the couple.

    Parameters
    ----------
    candidates : sequence of Candidates
        Candidates of each step.
    times : np.ndarray
        float (S,), times of the steps, s.
    activity : sequence of np.ndarray
        For each step, float (N,), the result of `ActivityMap.of`.
    size : tuple of int
        Width and height of the frames, px.
    parameters : TrackingParameters
        Thresholds and weights.
    told : Told or None
        What a person said about the couple; it decides.
    number : int
        Number of the couple, from 1: the couple that is meant, then the others, the highest weight first.

    Raises
    ------
    NotThereError
        The clip does not have the couple that a person named, or that many couples.
    """
    limits = parameters.choice
    people = find_people(candidates, times, activity, parameters.people)
    everyone, nobody = ([np.full(len(found), said) for found in candidates] for said in (True, False))
    moving = people.activity >= limits.least_activity
    every_pair = weigh_pairs(people, size, parameters.pairs)
    pairs = [pair for pair in every_pair if moving[list(pair.members)].all()]
    named = told_pair(told, people, every_pair, pairs, size[0], limits) if told else None
    room = set(named.members) if named else set()
    images, equal = _images(people, moving, pairs, room, parameters)
    pairs = [pair for pair in pairs if not images & set(pair.members)]
    seen = int(moving.sum()) - len(images)
    choice = partial(Choice, mirrored=frozenset(images))
    if named is None and not pairs:
        return choice(everyone, nobody, None, min(seen, 1), 0, 0.0, people)
    couple = named or pairs[0]
    others_of = partial(other_people, people, times=times, parameters=parameters)
    others = others_of(couple, apart=0.0 if told and told.decides else limits.apart)
    beside = {person for person in others if moving[person]}
    couples = [couple, *disjoint([pair for pair in pairs if beside >= set(pair.members)], limits)]
    if number > 1:
        couple = _numbered(couples, number)
        of_others = {person for pair in couples if pair is not couple for person in pair.members}
        others = others_of(couple, apart=limits.apart) | of_others
        beside = {person for person in others if moving[person]}
    if not beside and named is None:
        couple = only_couple(couple, pairs, parameters.pairs)
        confidence = _confidence(couple, [], limits)
        return choice(everyone, nobody, None, 2, 1, confidence, people, couple.weights, pair=couple.members)
    known = KnownClothes(people.clothes[list(couple.members)], people.clothes[sorted(others)])
    worn_by_others = partial(known.of_others, margin=parameters.clothes.others_clothes)
    changes, within = partner_changes(couple, pairs, beside, times, limits)
    rivals = [pair for pair in pairs if pair is not couple and beside & set(pair.members)]
    # A mirror image as large and sharp as the room may just as well be the room. A side that a person named says
    # nothing if there is only one couple.
    as_likely = [couple.weight] if equal and named is None else []
    is_certain = number > 1 or (told is not None and (told.decides or len(couples) > 1 or bool(images)))
    return choice(
        [
            ~np.isin(numbers, list(others)) & ~((numbers == MISSING) & worn_by_others(found.colours)) & kept
            for found, numbers, kept in zip(candidates, people.numbers, within, strict=True)
        ],
        [np.isin(numbers, list(beside)) for numbers in people.numbers],
        [np.isin(numbers, couple.members) for numbers in people.numbers],
        2 + len(beside - images),
        len(couples),
        1.0 if is_certain else _confidence(couple, [*as_likely, *(rival.weight for rival in rivals)], limits),
        people,
        couple.weights,
        changes,
        pair=couple.members,
        clothes=known,
    )


def _numbered(couples: Sequence[Pair], number: int) -> Pair:
    if number > len(couples):
        there = "one couple is" if len(couples) == 1 else f"{len(couples)} couples are"
        raise NotThereError(f"its couple {number} is wanted, but {there} seen")
    return couples[number - 1]


def _images(
    people: People, moving: np.ndarray, pairs: list[Pair], room: set[int], parameters: TrackingParameters
) -> tuple[set[int], bool]:
    """Return who is a mirror image, and whether an image is as large and certain as the people in front of it.

    A person and the image are on different sides of the glass, people who hold each other on the same. The side with
    larger and more certain people is the room, or the side of the people in `room`, whom a person named.
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
    equal = False
    for start in sorted({number for pair in mirrored for number in pair}):
        if start not in done:
            sides = _sides(start, mirrored, holding)
            done |= sides[0] | sides[1]
            behind, is_equal = _behind_glass(people, sides, holding, parameters)
            if room & behind:
                behind = sides[0] if behind == sides[1] else sides[1]
            found |= behind
            equal |= is_equal
    return found - room, equal


def _behind_glass(
    people: People, sides: tuple[set[int], set[int]], holding: list[tuple[int, int]], parameters: TrackingParameters
) -> tuple[set[int], bool]:
    """Return the side of a mirror that is the image, and whether it is as large and certain as the other side."""
    presence = [max(_presence(people, number) for number in side) for side in sides]
    if abs(np.log(presence[0] / presence[1])) > parameters.choice.as_present:
        return sides[int(np.argmin(presence))], False
    # A lead's right hand is on the follow's back; in the mirror, it is the left hand.
    handed = [sum(_right_handed(people, pair, parameters) for pair in holding if set(pair) <= side) for side in sides]
    return sides[int(np.argmin(handed))], True


def _right_handed(people: People, pair: tuple[int, int], parameters: TrackingParameters) -> float:
    """Return how much more often right hands than left hands lie on the partner's trunk, -2..2."""
    believed = parameters.roles.believed_score
    both = people.seen[list(pair)].all(axis=0)
    dancers = people.keypoints[pair[0]][both], people.keypoints[pair[1]][both]
    shares = [
        [_hand_on_trunk(own, partner, believed, hand).mean() for own, partner in (dancers, dancers[::-1])]
        for hand in (Joint.RIGHT_WRIST, Joint.LEFT_WRIST)
    ]
    return float(np.sum(shares[0]) - np.sum(shares[1]))


def _sides(start: int, mirrored: list[tuple[int, int]], holding: list[tuple[int, int]]) -> tuple[set[int], set[int]]:
    """Return who is on the same side of a glass as `start`, and who is on the other."""
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
    """Return the evidence that a person is real and not an image: size times certainty."""
    return float(np.nanmedian(people.heights[number])) * float(people.certainty[number])


def _confidence(couple: Pair, rivals: list[float], limits: ChoiceParameters) -> float:
    """Return the probability that the pair with the highest weight is meant; `rivals` are the other weights."""
    alone, *others = (np.exp(limits.sharpness * (weight - couple.weight)) for weight in (limits.alone, *rivals))
    return float(1 / (alone + 1 + sum(others)))


def _hand_on_trunk(own: np.ndarray, partner: np.ndarray, believed: float, hand: Joint) -> np.ndarray:
    """Return where a wrist lies on the partner's trunk, bool (T,).

    Parameters
    ----------
    own, partner : np.ndarray
        float (T, 17, 3), x y px and score.
    believed : float
        Minimum score of a wrist whose position counts.
    hand : Joint
        The wrist.
    """
    wrist = own[:, hand]
    trunk = partner[:, TRUNK, :2]
    low, high = trunk.min(axis=1), trunk.max(axis=1)
    margin = 0.15 * (high - low)[:, 1:]
    inside: np.ndarray = ((wrist[:, :2] >= low - margin) & (wrist[:, :2] <= high + margin)).all(axis=1)
    return inside & (wrist[:, 2] > believed)
