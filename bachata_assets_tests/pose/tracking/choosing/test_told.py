"""The couple that a person named, by its side, by a box or by numbers; and what is not there."""

import numpy as np
import pytest

from bachata_assets.annotation import PlaceOfCouple, SaidCouple
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.choosing.choice import Choice, choose_couple
from bachata_assets.pose.tracking.choosing.told import NotThereError, Told, numbers_of
from bachata_assets.pose.tracking.parameters import DEFAULTS
from bachata_assets.pose.tracking.tracks import track_couple
from bachata_assets_tests.support.dancers import (
    BLUE,
    BROWN,
    GREEN,
    RED,
    SIZE,
    STEP_S,
    STEPS,
    couple,
    dancer,
    frames,
    mirrored_beside,
)
from bachata_assets_tests.support.figures import seen

LEFT, MIDDLE, RIGHT = couple(250, seed=1, height=160), couple(660, seed=3), couple(1050, seed=5, height=160)
THREE_COUPLES = frames(
    *((MIDDLE[0], RED), (MIDDLE[1], BLUE)),
    *((LEFT[0], RED), (LEFT[1], GREEN)),
    *((RIGHT[0], BROWN), (RIGHT[1], BLUE)),
)
"""Candidates 0 and 1 are the middle couple, which is the largest; 2 and 3 the left one, 4 and 5 the right one."""
NUMBERS = [3, 4, 1, 2, 5, 6]
"""Number of each of the six."""


def chosen(candidates: list[Candidates], said: SaidCouple | None) -> tuple[Choice, set[int]]:
    """Return the choice, and all who are a dancer at any time; the pictures are at half of the video's size."""
    times = np.arange(len(candidates)) * STEP_S
    activity = [np.ones(len(found)) for found in candidates]
    told = Told.of(said, candidates, times, 2.0, (10, 20), DEFAULTS.choice)
    choice = choose_couple(candidates, times, activity, SIZE, told=told)
    track = track_couple(choice.of(candidates), times, choice.trust(activity))
    return choice, set(choice.among_all(track.chosen).ravel().tolist())


def box_around(*people: list[np.ndarray], step: int = 15) -> PlaceOfCouple:
    """Return the box in the video around people at a step."""
    points = np.concatenate([poses[step][:, :2] for poses in people]) * 2 + [10, 20]
    (x1, y1), (x2, y2) = points.min(axis=0) - 20, points.max(axis=0) + 20
    return PlaceOfCouple((x1, y1, x2, y2), step * STEP_S)


def test_people_are_numbered_from_left_to_right() -> None:
    choice, _ = chosen(THREE_COUPLES, None)
    of_first_step = numbers_of(choice.people)[choice.people.numbers[0]]
    assert of_first_step.tolist() == NUMBERS


@pytest.mark.parametrize(
    ("said", "dancers"),
    [
        (None, {0, 1}),
        ("left", {2, 3}),
        ("middle", {0, 1}),
        ("right", {4, 5}),
        ((1, 2), {2, 3}),
        ((5, 6), {4, 5}),
        (box_around(*LEFT), {2, 3}),
        (box_around(RIGHT[0]), {4, 5}),
    ],
    ids=["nothing", "left", "middle", "right", "1 and 2", "5 and 6", "box of two", "box of one"],
)
def test_the_couple_that_a_person_named_is_taken(said: SaidCouple | None, dancers: set[int]) -> None:
    choice, who = chosen(THREE_COUPLES, said)
    assert who == dancers
    assert (choice.people_seen, choice.couples_seen) == (6, 3)
    assert said is None or choice.confidence == 1


def test_two_who_are_no_couple_are_taken_where_their_numbers_say_so() -> None:
    lead, follow = couple(500, seed=1)
    other = dancer(640, seed=9)
    candidates = frames((lead, RED), (follow, BLUE), (other, GREEN))
    assert chosen(candidates, None)[1] == {0, 1}
    assert chosen(candidates, (2, 3))[1] == {1, 2}
    assert chosen(candidates, (1, 3))[1] == {0, 2}


def test_the_side_of_a_mirror_that_a_person_named_is_the_room() -> None:
    lead, follow = couple(400, seed=1)
    images = (mirrored_beside(lead, 0.9, 1260, 20), RED), (mirrored_beside(follow, 0.9, 1260, 20), BLUE)
    candidates = frames((lead, RED), (follow, BLUE), *images)
    assert chosen(candidates, None)[1] == {0, 1}
    choice, who = chosen(candidates, "right")
    assert who == {2, 3}
    assert (choice.images, choice.people_seen, choice.couples_seen, choice.confidence) == (2, 2, 1, 1)


def test_a_side_is_no_certainty_where_one_couple_only_is_found() -> None:
    candidates = frames((LEFT[0], RED), (LEFT[1], GREEN))
    told, untold = (chosen(candidates, said)[0] for said in ("right", None))
    assert told.confidence == untold.confidence < 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((3, 7), "there is no number 7, the people of this clip are 1 to 6"),
        (PlaceOfCouple((0, 0, 60, 60), 1.0), "at 1 s: nobody is in it"),
        (PlaceOfCouple((0, 0, 2560, 720), 60.0), "at 60 s: there is no picture at that time"),
    ],
)
def test_what_is_not_there_is_an_error_and_no_other_couple(said: SaidCouple, why: str) -> None:
    with pytest.raises(NotThereError, match=why):
        chosen(THREE_COUPLES, said)


def test_two_who_are_never_seen_at_once_are_no_couple() -> None:
    early, late = dancer(300, seed=1), dancer(900, seed=2)
    candidates = [
        seen((early[step], 0.7, RED)) if step < 20 else seen((late[step], 0.7, BLUE)) for step in range(STEPS)
    ]
    with pytest.raises(NotThereError, match="the two are never seen at the same time"):
        chosen(candidates, (1, 2))


@pytest.mark.parametrize("said", ["left", (1, 2), PlaceOfCouple((0, 0, 100, 100))])
def test_nobody_is_no_couple_whatever_is_said(said: SaidCouple) -> None:
    with pytest.raises(NotThereError):
        chosen([seen()] * 10, said)
