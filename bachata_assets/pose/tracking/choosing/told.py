"""The couple that a person named: by its side, by a box at a moment, or by the numbers of the two.

It is looked up among the people of the clip (`people.py`). If it is not there, that is an error; no other couple takes
its place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bachata_assets.annotation import PlaceOfCouple, SaidCouple
from bachata_assets.pose.geometry import box_center
from bachata_assets.pose.tracking.candidates import MISSING, Candidates
from bachata_assets.pose.tracking.choice_parameters import ChoiceParameters
from bachata_assets.pose.tracking.choosing.pairs import Pair
from bachata_assets.pose.tracking.choosing.people import People


class NotThereError(ValueError):
    """The clip does not have the couple that a person named; the message says what it has."""


@dataclass(frozen=True)
class Told:
    """What a person said about the couple, in coordinates of the frames that the models see.

    Attributes
    ----------
    side : "left", "middle", "right" or None
        Which of the couples.
    numbers : tuple of int or None
        Numbers of the two, as from `numbers_of`.
    inside : mapping or None
        Step near the time of the box -> bool (N,), which candidates are in the box.
    at_s : float
        Time of the box, s.
    """

    side: Literal["left", "middle", "right"] | None = None
    numbers: tuple[int, int] | None = None
    inside: Mapping[int, np.ndarray] | None = None
    at_s: float = 0.0

    @classmethod
    def of(
        cls,
        said: SaidCouple | None,
        candidates: Sequence[Candidates],
        times: np.ndarray,
        scale: float,
        origin: tuple[float, float],
        limits: ChoiceParameters,
    ) -> "Told | None":
        """Return what an annotation says.

        Parameters
        ----------
        said : str, PlaceOfCouple, tuple of int or None
            The annotation's value.
        candidates : sequence of Candidates
            Candidates of each step, in coordinates of the frames.
        times : np.ndarray
            float (S,), times of the steps, s.
        scale : float
            Pixels of the video per pixel of the frames.
        origin : tuple of float
            Position of the frames' top left corner in the video, px.
        limits : ChoiceParameters
            Thresholds.
        """
        if isinstance(said, PlaceOfCouple):
            low, high = ((np.array(corner) - origin) / scale for corner in (said.box[:2], said.box[2:]))
            near = np.flatnonzero(np.abs(times - said.at_s) <= limits.told_window_s).tolist()
            middles = {step: box_center(candidates[step].boxes) for step in near}
            inside = {step: np.all((low <= middle) & (middle <= high), axis=1) for step, middle in middles.items()}
            return cls(inside=inside, at_s=said.at_s)
        if isinstance(said, tuple):
            return cls(numbers=said)
        return None if said is None else cls(side=said)

    @property
    def decides(self) -> bool:
        """Whether two people are named, rather than a side of the frame."""
        return self.side is None


def numbers_of(people: People) -> np.ndarray:
    """Return the number of each person, int (P,), from 1, from left to right by mean position."""
    places = np.nanmean(people.trunks[:, :, 0], axis=1) if len(people) else np.zeros(0)
    numbers = np.empty(len(people), int)
    numbers[np.argsort(places, kind="stable")] = np.arange(1, len(people) + 1)
    return numbers


def told_pair(
    told: Told, people: People, pairs: Sequence[Pair], moving: Sequence[Pair], width: int, limits: ChoiceParameters
) -> Pair:
    """Return the pair that a person named.

    Parameters
    ----------
    told : Told
        What the person said.
    people : People
        Everyone.
    pairs : sequence of Pair
        All pairs, the highest weight first.
    moving : sequence of Pair
        Those of them whose two people move.
    width : int
        Width of the frames, px.
    limits : ChoiceParameters
        Thresholds.

    Raises
    ------
    NotThereError
        The clip does not have that pair.
    """
    if told.numbers is not None:
        return _by_numbers(told.numbers, people, pairs)
    if told.inside is not None:
        return _by_place(told.inside, told.at_s, people, pairs)
    couples = disjoint(moving, limits) or list(moving[:1])
    if not couples:
        raise NotThereError('no two people are seen together who could be the "couple" of the annotation')
    places = np.array([np.nanmean(people.trunks[list(pair.members)][..., 0]) for pair in couples])
    order = {"left": places, "middle": np.abs(places - width / 2), "right": -places}
    return couples[int(order[str(told.side)].argmin())]


def disjoint(pairs: Sequence[Pair], limits: ChoiceParameters) -> list[Pair]:
    """Return the couples among pairs, without a common member, the highest weight first."""
    taken: set[int] = set()
    found = []
    for pair in pairs:
        if not taken & set(pair.members) and np.nanmean(pair.together) > limits.couple_together:
            taken |= set(pair.members)
            found.append(pair)
    return found


def _by_numbers(wanted: tuple[int, int], people: People, pairs: Sequence[Pair]) -> Pair:
    numbers = numbers_of(people)
    missing = [number for number in wanted if number not in numbers]
    if missing:
        there = f"the people of this clip are 1 to {len(people)}" if len(people) else "nobody is seen in this clip"
        raise NotThereError(f'"couple": {list(wanted)} in the annotation: there is no number {missing[0]}, {there}')
    members = {int(np.flatnonzero(numbers == number)[0]) for number in wanted}
    pair = next((pair for pair in pairs if set(pair.members) == members), None)
    if pair is None:
        raise NotThereError(f'"couple": {list(wanted)} in the annotation: the two are never seen at the same time')
    return pair


def _by_place(inside: Mapping[int, np.ndarray], at_s: float, people: People, pairs: Sequence[Pair]) -> Pair:
    said = f'the box of "couple" in the annotation, at {at_s:g} s'
    if not inside:
        raise NotThereError(f"{said}: there is no picture at that time in what is measured of the clip")
    within = np.zeros(len(people), int)
    for step, flags in inside.items():
        numbers = people.numbers[step][flags]
        within[np.unique(numbers[numbers != MISSING])] += 1
    seen = people.seen[:, list(inside)].sum(axis=1)
    # A person who only walks through the box is not meant.
    found = set(np.flatnonzero((within > 0) & (2 * within >= seen)).tolist())
    if not found:
        raise NotThereError(f"{said}: nobody is in it")
    fitting = [pair for pair in pairs if set(pair.members) & found]
    if not fitting:
        raise NotThereError(f"{said}: who is in it is never seen together with anybody else")
    return max(fitting, key=lambda pair: (len(set(pair.members) & found), pair.weight))
