"""Everyone in a clip: who is followed, who is known again by clothes, and where a tracklet ends in doubt."""

from dataclasses import replace

import numpy as np

from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.choosing.people import People, find_people
from bachata_assets.pose.tracking.choosing.tracklets import follow
from bachata_assets.pose.tracking.parameters import DEFAULTS
from bachata_assets_tests.support.dancers import BLUE, RED, STEP_S, STEPS, dancer, frames
from bachata_assets_tests.support.figures import person, seen

LIMITS = DEFAULTS.people


def everyone(candidates: list[Candidates]) -> People:
    """Return the people in these candidates; all of them move."""
    return find_people(candidates, np.arange(len(candidates)) * STEP_S, [np.ones(len(c)) for c in candidates])


def crossing(one: int, other: int, steps: int = 24) -> list[Candidates]:
    """Return the candidates of two people in these shades who walk through one another; the first comes from the left.

    In each step the one farther to the left is named first, as a detector might.
    """
    candidates = []
    for step in range(steps):
        walkers = [(300 + 12 * step, one), (300 + 12 * (steps - 1 - step), other)]
        candidates.append(seen(*((person(x), 0.8, shade) for x, shade in sorted(walkers))))
    return candidates


def shades_of(people: People, candidates: list[Candidates]) -> list[set[int]]:
    """Return the shades that each person wears over the clip."""
    return [
        {
            int(candidates[step].colours[numbers == number][0].argmax())
            for step, numbers in enumerate(people.numbers)
            if (numbers == number).any()
        }
        for number in range(len(people))
    ]


def test_nobody_is_followed_farther_than_a_body_moves_whatever_the_clothes_say() -> None:
    here, there = [person(300)] * 20, [person(900)] * 20
    people = everyone([seen((pose, 0.8, RED)) for pose in here + there])
    assert people.seen.sum(axis=1).tolist() == [20, 20]


def test_somebody_hidden_for_a_while_is_known_again_by_clothes() -> None:
    poses = [person(300 + 2 * step) for step in range(STEPS)]
    people = everyone([seen() if 10 <= step < 25 else seen((pose, 0.8, RED)) for step, pose in enumerate(poses)])
    assert people.seen.sum(axis=1).tolist() == [STEPS - 15]


def test_who_comes_where_somebody_left_in_other_clothes_is_somebody_else() -> None:
    shades = [RED if step < 10 else BLUE for step in range(40)]
    people = everyone([seen() if 10 <= step < 14 else seen((person(300), 0.8, shades[step])) for step in range(40)])
    assert people.seen.sum(axis=1).tolist() == [10, 26]


def test_two_who_walk_through_one_another_keep_their_clothes() -> None:
    candidates = crossing(RED, BLUE)
    people = everyone(candidates)
    assert sorted(shades_of(people, candidates), key=min) == [{RED}, {BLUE}]
    assert (people.seen.sum(axis=1) >= 20).all()


def test_a_tracklet_ends_where_two_in_like_clothes_meet() -> None:
    candidates = crossing(RED, RED)
    tracklets = follow(candidates, np.arange(len(candidates)) * STEP_S, LIMITS)
    # They meet between steps 11 and 12; nobody is followed through that.
    through = [one for one in tracklets if one.sightings[0].step < 8 and one.last.step > 15]
    assert through == []
    assert sum(len(one.sightings) for one in tracklets) == 2 * len(candidates) - 2


def test_clothes_are_learned_where_nobody_else_covers_them() -> None:
    candidates = [seen((person(300), 0.8, RED)) for _ in range(6)]
    red = candidates[0].colours[0]
    for _ in range(6):
        both = seen((person(300), 0.8, RED), (person(330), 0.8, BLUE))
        both.colours[0] = 0.8 * red + 0.2 * both.colours[1]
        candidates.append(both)
    first, *_ = follow(candidates, np.arange(12) * STEP_S, LIMITS)
    assert [sighting.covered for sighting in first.sightings] == [False] * 6 + [True] * 6
    np.testing.assert_array_equal(first.clothes(), red)


def test_of_more_tracklets_than_can_be_compared_the_longest_count() -> None:
    candidates = frames((dancer(300, seed=1), RED), (dancer(900, seed=3), BLUE))
    for step in range(20, STEPS):
        candidates[step] = candidates[step].only(np.array([True, False]))
    times, active = np.arange(STEPS) * STEP_S, [np.ones(len(c)) for c in candidates]
    people = find_people(candidates, times, active, replace(LIMITS, most_tracklets=1))
    assert people.seen.sum(axis=1).tolist() == [STEPS]


def test_a_clip_without_anybody_has_no_people() -> None:
    assert len(everyone([seen()] * 10)) == 0
    assert len(everyone([])) == 0
