"""Short gaps that are filled, and identity switches that are suspected."""

import numpy as np

from bachata_assets.pose.tracking.gaps import bridge_gaps
from bachata_assets.pose.tracking.identity_switches import find_identity_switches
from bachata_assets.pose.tracking.passers_by import covering, passer_by
from bachata_assets_tests.support.figures import box_of, person, seen

TIMES = np.arange(60) / 15
NOBODY = np.zeros(60, bool)


def couple(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keypoints = np.stack([[person(a), person(b)] for a, b in zip(left, right, strict=True)])
    return box_of(keypoints), keypoints


def test_a_gap_of_four_frames_is_bridged_linearly_and_one_of_five_stays() -> None:
    values = np.arange(60, dtype=float)[:, None] * [1.0, 10.0]
    valid = np.ones(60, bool)
    valid[10:14] = valid[30:35] = False
    values[~valid] = np.nan
    filled, bridged = bridge_gaps(TIMES, values, valid)
    assert np.flatnonzero(bridged).tolist() == [10, 11, 12, 13]
    assert np.allclose(filled[10:14], np.arange(10, 14)[:, None] * [1.0, 10.0])
    assert np.isnan(filled[30:35]).all()


def test_gaps_at_either_end_stay() -> None:
    valid = np.ones(60, bool)
    valid[:2] = valid[-2:] = False
    _, bridged = bridge_gaps(TIMES, np.zeros((60, 1)), valid)
    assert not bridged.any()


def test_a_calm_couple_raises_no_suspicion() -> None:
    boxes, keypoints = couple(np.full(60, 200.0), np.full(60, 400.0))
    assert find_identity_switches(TIMES, boxes, keypoints, np.ones((60, 2), bool), np.full((60, 2), 2.0), NOBODY) == ()


def test_two_bodies_that_jump_to_each_others_place_are_suspected() -> None:
    left, right = np.full(60, 200.0), np.full(60, 400.0)
    left[30:], right[30:] = 400.0, 200.0
    boxes, keypoints = couple(left, right)
    assert find_identity_switches(TIMES, boxes, keypoints, np.ones((60, 2), bool), np.zeros((60, 2)), NOBODY) == (2.0,)


def test_two_who_stand_close_and_change_places_within_a_frame_are_suspected() -> None:
    left, right = np.full(60, 300.0), np.full(60, 350.0)
    left[30:], right[30:] = 350.0, 300.0
    boxes, keypoints = couple(left, right)
    assert find_identity_switches(TIMES, boxes, keypoints, np.ones((60, 2), bool), np.zeros((60, 2)), NOBODY) == (2.0,)


def test_clothes_that_contradict_for_a_while_are_suspected() -> None:
    boxes, keypoints = couple(np.full(60, 200.0), np.full(60, 400.0))
    evidence = np.full((60, 2), 2.0)
    evidence[30:40] = -2.0
    assert find_identity_switches(TIMES, boxes, keypoints, np.ones((60, 2), bool), evidence, NOBODY) == (2.0,)


def test_an_occlusion_that_clothes_cannot_vouch_for_is_suspected() -> None:
    boxes, keypoints = couple(np.full(60, 200.0), np.full(60, 400.0))
    valid = np.ones((60, 2), bool)
    valid[20:30, 1] = False
    evidence = np.full((60, 2), 2.0)
    assert find_identity_switches(TIMES, boxes, keypoints, valid, evidence, NOBODY) == ()
    assert find_identity_switches(TIMES, boxes, keypoints, valid, evidence * 0, NOBODY) == (1.93,)


def test_an_occlusion_while_somebody_walks_past_is_suspected_whatever_the_clothes_say() -> None:
    boxes, keypoints = couple(np.full(60, 200.0), np.full(60, 400.0))
    valid = np.ones((60, 2), bool)
    valid[20:30, 1] = False
    passing = np.zeros(60, bool)
    passing[25] = True
    assert find_identity_switches(TIMES, boxes, keypoints, valid, np.full((60, 2), 2.0), passing) == (1.93,)
    passing[:] = ~(~valid).any(axis=1)  # only while the two stand apart
    assert find_identity_switches(TIMES, boxes, keypoints, valid, np.full((60, 2), 2.0), passing) == ()


def test_who_walks_past_after_the_last_dancer_is_mistaken_for_nobody() -> None:
    boxes, keypoints = couple(np.full(60, 200.0), np.full(60, 400.0))
    valid, passing = np.ones((60, 2), bool), np.zeros(60, bool)
    valid[30:] = False
    passing[45] = True
    assert find_identity_switches(TIMES, boxes, keypoints, valid, np.full((60, 2), 2.0), passing) == ()
    valid[50:] = True
    assert find_identity_switches(TIMES, boxes, keypoints, valid, np.full((60, 2), 2.0), passing) == (3.27,)
    nobody = np.zeros((60, 2), bool)
    assert find_identity_switches(TIMES, boxes, keypoints, nobody, np.full((60, 2), np.nan), passing) == ()


def passing(third: np.ndarray, height: float = 240.0) -> np.ndarray:
    """Return when somebody is said to walk past a couple who stand at 300 and 400, NaN: not seen."""
    times = np.arange(len(third)) * 2 / 15
    pair = (person(300), 0.6, 10), (person(400), 0.6, 60)
    frames = [seen(*pair) if np.isnan(x) else seen(*pair, (person(x, height=height), 0.6, 100)) for x in third]
    chosen = np.tile([0, 1], (len(third), 1))
    return passer_by(times, frames, chosen, np.stack([frame.boxes[:2] for frame in frames]))


def test_somebody_who_walks_past_is_told_from_a_spectator() -> None:
    walking = np.linspace(0, 700, 30)
    assert passing(walking)[12:18].all()
    assert not passing(np.full(30, 550.0)).any()
    assert not passing(np.full(30, np.nan)).any()
    assert not passing(walking, height=120).any()  # far behind


def test_a_second_box_of_a_dancer_is_nobody_else() -> None:
    assert not passing(300 + 25 * np.sin(np.arange(30))).any()


def covered_at(other: list[float], near: bool = True) -> tuple[float, ...]:
    """Return when somebody at these x has covered a couple at 300 and 400, or is said to; NaN: not seen."""
    times = np.arange(len(other)) * 2 / 15
    pair = (person(300), 0.6, 10), (person(400), 0.6, 60)
    frames = [seen(*pair) if np.isnan(x) else seen(*pair, (person(x), 0.6, 100)) for x in other]
    others = [np.array([False, False, near][: len(found)]) for found in frames]
    return covering(times, frames, np.tile([0, 1], (len(other), 1)), others)


def test_somebody_else_over_a_dancer_for_a_while_is_x() -> None:
    assert covered_at([700.0] * 10 + [310.0] * 5 + [700.0] * 10) == (1.6,)
    assert covered_at([310.0] * 5) == (0.27,)


def test_somebody_beside_or_over_a_dancer_for_a_moment_covers_nobody() -> None:
    assert covered_at([550.0] * 20) == ()
    assert covered_at([700.0] * 10 + [310.0] * 2 + [700.0] * 10) == ()
    assert covered_at([float("nan")] * 20) == ()
    assert covered_at([310.0] * 20, near=False) == ()  # another pose of the dancer
    assert covered_at([]) == ()
