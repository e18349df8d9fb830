"""The clip's one couple among everyone in it: other couples, mirrors, people who pass or watch, changed partners."""

from dataclasses import fields

import numpy as np
import pytest

from bachata_assets.pose.skeleton import MIRRORED
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.choosing.choice import Choice, choose_couple
from bachata_assets.pose.tracking.choosing.told import NotThereError
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
    moved,
)
from bachata_assets_tests.support.figures import person, seen


def chosen(candidates: list[Candidates], still: tuple[int, ...] = ()) -> tuple[Choice, np.ndarray]:
    """Return the choice, and who the dancers are in each step (S, 2); people numbered `still` never move."""
    times = np.arange(len(candidates)) * STEP_S
    activity = [np.array([0.0 if number in still else 1.0 for number in range(len(c))]) for c in candidates]
    choice = choose_couple(candidates, times, activity, SIZE)
    track = track_couple(choice.of(candidates), times, choice.trust(activity))
    return choice, choice.among_all(track.chosen)


def test_a_couple_alone_is_left_as_it_is() -> None:
    lead, follow = couple(600, seed=1)
    choice, who = chosen(frames((lead, RED), (follow, BLUE)))
    assert all(which.all() for which in choice.available)
    assert choice.members is None
    assert (choice.people_seen, choice.couples_seen, choice.changes, choice.images) == (2, 1, (), 0)
    assert choice.confidence > 0.9
    assert set(who.ravel()) == {0, 1}


def test_of_two_couples_one_is_kept_though_its_dancer_is_hidden_and_the_other_couple_wears_the_same() -> None:
    own, others = couple(400, seed=1), couple(900, seed=3, height=160)
    candidates = frames((own[0], RED), (own[1], BLUE), (others[0], RED), (others[1], BLUE))
    for step in range(10, 24):  # 1.9 s
        candidates[step] = candidates[step].only(np.array([True, False, True, True]))
    choice, who = chosen(candidates)
    assert (choice.people_seen, choice.couples_seen) == (4, 2)
    hidden = np.arange(10, 24)
    assert (np.sort(who[hidden], axis=1) == [-1, 0]).all()
    assert set(np.delete(who, hidden, axis=0).ravel()) == {0, 1}
    assert [flags.sum() for flags in choice.others] == [2] * STEPS


def test_two_couples_of_one_size_side_by_side_are_said_to_be_unsure() -> None:
    left, right = couple(400, seed=1), couple(880, seed=3)
    choice, who = chosen(frames((left[0], RED), (left[1], BLUE), (right[0], GREEN), (right[1], BROWN)))
    assert choice.confidence < 0.7
    assert set(who.ravel()) in ({0, 1}, {2, 3})


def test_an_image_in_a_mirror_beside_or_behind_is_no_dancer() -> None:
    lead, follow = couple(400, seed=1)

    def beside(poses: list[np.ndarray]) -> list[np.ndarray]:
        return [(pose * [-0.9, 0.9, 1] + [1260, 20, 0])[MIRRORED].astype(np.float32) for pose in poses]

    def behind(poses: list[np.ndarray]) -> list[np.ndarray]:
        return [(pose * [0.7, 0.7, 1] + [500, 20, 0])[MIRRORED].astype(np.float32) for pose in poses]

    for mirrored in (beside, behind):
        images = ((mirrored(lead), RED), (mirrored(follow), BLUE))
        choice, who = chosen(frames(*images, (lead, RED), (follow, BLUE)))
        assert choice.images == 2
        assert set(who.ravel()) == {2, 3}
        assert (choice.people_seen, choice.couples_seen) == (2, 1)


def test_of_a_person_and_an_equal_image_the_image_is_not_the_partner() -> None:
    lead, follow = couple(400, seed=1)
    _, who = chosen(frames((lead, RED), (follow, BLUE), (mirrored_beside(lead), RED)))
    assert set(who.ravel()) == {0, 1}


def test_which_is_the_image_of_equal_ones_beside_one_another_is_said_to_be_unsure() -> None:
    lead, follow = couple(400, seed=1)
    smaller, equal = (
        chosen(frames((lead, RED), (follow, BLUE), *((mirrored_beside(who, *how), RED) for who in (lead, follow))))[0]
        for how in ((0.8, 1260, 40), (1.0,))
    )
    assert (smaller.images, equal.images) == (2, 2)
    assert smaller.confidence > 0.9
    assert equal.confidence < 0.7


def test_who_passes_watches_or_dances_alone_is_no_partner() -> None:
    lead, follow = couple(600, seed=1)
    passer = [person(100 + 25 * step, height=250) for step in range(STEPS)]
    watcher, solo = dancer(840, seed=5), dancer(300, seed=7, pace=2)
    choice, who = chosen(frames((lead, RED), (follow, BLUE), (passer, GREEN), (watcher, RED), (solo, BLUE)))
    assert set(who.ravel()) == {0, 1}
    assert choice.couples_seen == 1
    assert choice.people_seen >= 4


def test_furniture_beside_the_couple_is_nobody() -> None:
    lead, follow = couple(600, seed=1)
    chair = [person(900)] * STEPS
    choice, _ = chosen(frames((lead, RED), (follow, BLUE), (chair, GREEN)), still=(2,))
    assert choice.people_seen == 2
    assert all(which.all() for which in choice.available)


def test_a_change_of_partners_is_said_and_the_longer_part_counts() -> None:
    lead, follow = couple(500, seed=1)
    away = [pose + moved(200, step, 24, 4) for step, pose in enumerate(follow)]
    third = dancer(165, seed=9)
    near = [pose + moved(230, step, 20, 6) for step, pose in enumerate(third)]
    choice, who = chosen(frames((lead, RED), (away, BLUE), (near, GREEN)))
    assert len(choice.changes) == 1
    assert 2.5 < choice.changes[0] < 4.5
    assert set(who[:18].ravel()) == {0, 1}
    assert (who[-8:] == -1).all()


def test_a_new_partner_who_comes_into_view_as_the_other_leaves_it_is_said() -> None:
    lead, follow = couple(500, seed=1)
    third = [pose + moved(250, step, 24, 8) for step, pose in enumerate(dancer(145, seed=9))]
    candidates = frames((lead, RED), (follow, BLUE), (third, GREEN))
    for step, found in enumerate(candidates):
        candidates[step] = found.only(np.array([True, step < 26, step >= 24]))
    choice, who = chosen(candidates)
    assert choice.people_seen == 3
    assert len(choice.changes) == 1
    assert 3.2 < choice.changes[0] < 4.8
    assert set(who[:24].ravel()) == {0, 1}
    assert (who[-8:] == -1).all()


def test_a_new_partner_is_said_though_the_old_one_waits_within_reach() -> None:
    lead, follow = couple(500, seed=1)
    away = [pose + moved(120, step, 22, 3) for step, pose in enumerate(follow)]
    third = [pose + moved(-300, step, 20, 6) for step, pose in enumerate(dancer(835, seed=9))]
    choice, _ = chosen(frames((lead, RED), (away, BLUE), (third, GREEN)))
    assert len(choice.changes) == 1
    assert 2.5 < choice.changes[0] < 4.5


@pytest.mark.parametrize(("shade", "is_available"), [(GREEN, False), (RED, True)])
def test_who_is_seen_for_a_moment_in_the_clothes_of_somebody_else_is_no_dancer(shade: int, is_available: bool) -> None:
    lead, follow = couple(600, seed=1)
    walker = [person(1100 - 6 * step, height=250) for step in range(STEPS)]
    candidates = frames((lead, RED), (follow, BLUE), (walker, GREEN), (dancer(540, seed=5), shade))
    for step, found in enumerate(candidates):
        # The lead is hidden while somebody is seen in the lead's place.
        candidates[step] = found.only(np.array([step >= 8, True, step >= 16, step < 8]))
    choice, _ = chosen(candidates)
    assert choice.available[2].tolist() == [True, is_available]


@pytest.mark.parametrize(("shade", "is_available"), [(GREEN, False), (BLUE, True), (BROWN, True)])
def test_a_poor_pose_in_the_clothes_of_somebody_else_is_no_dancers(shade: int, is_available: bool) -> None:
    lead, follow = couple(600, seed=1)
    candidates = frames((lead, RED), (follow, BLUE), (dancer(900, seed=7), GREEN))
    for step, found in enumerate(candidates):
        poor = seen((person(720, score=0.2), 0.2, shade))  # too poor to be followed
        candidates[step] = joined(found, poor)
    choice, _ = chosen(candidates)
    assert [flags.tolist() for flags in choice.available] == [[True, True, False, is_available]] * STEPS
    assert choice.people.numbers[0].tolist() == [0, 1, 2, -1]


def joined(one: Candidates, other: Candidates) -> Candidates:
    """Return the candidates of both."""
    values = (np.concatenate([getattr(each, field.name) for each in (one, other)]) for field in fields(Candidates))
    return Candidates(*values)


def test_a_couple_with_nobody_else_there_is_certain_though_its_tracks_break() -> None:
    lead, follow = couple(600, seed=1)
    whole = [frames((lead, RED), (follow, shade)) for shade in (BLUE, GREEN, BROWN, 80, 110, 120)]
    candidates = [whole[step * 6 // STEPS][step] for step in range(STEPS)]
    choice, _ = chosen(candidates)
    assert (len(choice.people), choice.members) == (7, None)
    assert choice.confidence > 0.95


def test_one_person_alone_is_no_couple() -> None:
    choice, who = chosen(frames((dancer(600, seed=1), RED)))
    assert (choice.people_seen, choice.couples_seen, choice.confidence) == (1, 0, 0.0)
    assert set(who.ravel()) == {-1, 0}


def test_an_empty_clip_holds_nobody() -> None:
    choice, who = chosen([seen()] * 5)
    assert (choice.people_seen, choice.couples_seen) == (0, 0)
    assert (who == -1).all()


def test_each_couple_can_be_asked_for_by_its_number() -> None:
    own, others = couple(400, seed=1), couple(900, seed=3, height=160)
    candidates = frames((own[0], RED), (own[1], BLUE), (others[0], GREEN), (others[1], BROWN))
    times, activity = np.arange(STEPS) * STEP_S, [np.ones(4)] * STEPS
    found = []
    for number in (1, 2):
        choice = choose_couple(candidates, times, activity, SIZE, number=number)
        track = track_couple(choice.of(candidates), times, choice.trust(activity))
        found.append(set(choice.among_all(track.chosen).ravel().tolist()))
        assert (choice.people_seen, choice.couples_seen) == (4, 2)
    assert found == [{0, 1}, {2, 3}]
    assert choice.confidence == 1.0
    with pytest.raises(NotThereError, match="its couple 3 is wanted, but 2 couples are seen"):
        choose_couple(candidates, times, activity, SIZE, number=3)
