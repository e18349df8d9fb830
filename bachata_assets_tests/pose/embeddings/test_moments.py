"""The moments of drawn couples: which windows they are, and that each says what happens in it."""

from dataclasses import replace

import numpy as np
import pytest

from bachata_assets.families import Absent
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings.constants import load_constants
from bachata_assets.pose.embeddings.measurements import measure_couple, measure_dancer
from bachata_assets.pose.embeddings.moments import FAMILIES, VERSION, Moment, moments_of, windows
from bachata_assets_tests.support.golden import check_golden
from bachata_assets_tests.support.real_poses import real_beats, real_couple
from bachata_assets_tests.support.synthetic_couple import Beats, a_couple, couple, moved
from bachata_assets_tests.support.vectors import present

BEATS = Beats(np.arange(0.3, 24, 0.5))


def two_dances(first: CoupleKeypoints, second: CoupleKeypoints) -> CoupleKeypoints:
    """Return one clip in which the couple dances one thing and then another."""
    points = np.concatenate([first.keypoints, second.keypoints])[..., :2].astype(float)
    return couple(points[:, 0], points[:, 1], np.arange(len(points)) / 15)


def alike(one: Moment, other: Moment) -> float:
    """Least cosine of the three families."""
    return min(float(present(one.vectors[family]) @ present(other.vectors[family])) for family in FAMILIES)


def test_moments_are_windows_of_8_beats_every_4_that_begin_on_a_beat() -> None:
    found = moments_of(a_couple(12), BEATS)
    assert [(one.start_beat, one.end_beat) for one in found] == [(0, 8), (4, 12), (8, 16), (12, 20), (15, 23)]
    np.testing.assert_allclose([one.start_s for one in found], [0.3, 2.3, 4.3, 6.3, 7.8], atol=1e-9)
    np.testing.assert_allclose([one.end_s for one in found], [4.3, 6.3, 8.3, 10.3, 11.8], atol=1e-9)


@pytest.mark.parametrize("beats", [None, Beats(BEATS.times, trusted=False)])
def test_without_trusted_beats_moments_are_4_s_long_every_2_s(beats: Beats | None) -> None:
    found = moments_of(a_couple(9), beats)
    assert [(one.start_s, one.end_s) for one in found] == [(0, 4), (2, 6), (4, 8), (5, 9)]
    assert {(one.start_beat, one.end_beat) for one in found} == {(None, None)}


@pytest.mark.parametrize(("last", "starts"), [(16.0, [0, 4, 8]), (17.9, [0, 4, 8]), (18.0, [0, 4, 8, 10])])
def test_what_is_left_at_the_end_is_a_moment_from_half_a_step_on(last: float, starts: list[float]) -> None:
    assert [start for start, _ in windows(0.0, last)] == starts


@pytest.mark.parametrize("beats", [None, BEATS])
def test_a_clip_shorter_than_a_window_has_one_moment_of_all_its_measurements(beats: Beats | None) -> None:
    short = replace(a_couple(3.4), role_confidence=1.0)
    (moment,) = moments_of(short, beats)
    assert moment.start_s == pytest.approx(0)
    assert moment.end_s == pytest.approx(3.4)
    measured = [*(measure_dancer(short, role, beats) for role in FAMILIES[:2]), measure_couple(short, beats)]
    for family, kind, values in zip(FAMILIES, ("dancer", "dancer", "couple"), measured, strict=True):
        expected = load_constants(kind, "moment").vector(values)
        np.testing.assert_allclose(present(moment.vectors[family]), expected, atol=1e-6)


def test_where_it_is_not_certain_who_leads_both_orders_count_by_their_probability() -> None:
    clip = a_couple(9)
    certain = replace(clip, role_confidence=1.0)
    orders = zip(moments_of(certain, None), moments_of(certain.swapped(), None), strict=True)
    for found, (stated, exchanged) in zip(moments_of(replace(clip, role_confidence=0.7), None), orders, strict=True):
        for family in FAMILIES:
            mean = 0.7 * present(stated.vectors[family]) + 0.3 * present(exchanged.vectors[family])
            np.testing.assert_allclose(present(found.vectors[family]), mean / np.linalg.norm(mean), atol=1e-6)


def test_a_moment_says_what_is_danced_in_it_and_not_in_the_rest_of_the_clip() -> None:
    first, second = a_couple(8, seed=1), a_couple(8, seed=2)
    found = {one.start_s: one for one in moments_of(two_dances(first, second), None)}
    alone = {1: moments_of(first, None), 2: moments_of(second, None)}
    assert alike(found[0], alone[1][0]) > 0.9 > alike(found[0], alone[2][0])
    assert alike(found[12], alone[2][2]) > 0.9 > alike(found[12], alone[1][2])


def test_a_moment_does_not_depend_on_where_in_the_picture_it_is_danced() -> None:
    plain, shifted = moments_of(a_couple(9), None), moments_of(moved(a_couple(9), 0.7, (40.0, 20.0)), None)
    assert min(alike(one, other) for one, other in zip(plain, shifted, strict=True)) > 0.999


def test_a_moment_in_which_a_dancer_is_not_seen_lacks_the_vectors_and_says_how_well_it_is_seen() -> None:
    clip = a_couple(8)
    gone = clip.times >= 4.0
    clip.valid[gone, 1] = False
    first, _, last = moments_of(clip, None)
    assert (first.detection_rate, last.detection_rate) == (1.0, 0.0)
    assert first.quality_score == pytest.approx(1.0)
    assert last.quality_score == pytest.approx(0.4)
    assert not any(isinstance(vector, Absent) for vector in first.vectors.values())
    assert {family for family, vector in last.vectors.items() if isinstance(vector, Absent)} == {
        "follow",
        "interaction",
    }
    missing = last.vectors["follow"]
    assert isinstance(missing, Absent)
    assert missing.reason == "the follow was seen for less than 1 s"


def test_the_moments_of_a_real_clip_are_those_of_their_version() -> None:
    found = moments_of(real_couple("hammerlock_2"), real_beats("hammerlock_2"))
    made = {
        "parts": [[one.start_s, one.end_s, one.quality_score] for one in found],
        **{family: [present(one.vectors[family])[::16] for one in found] for family in FAMILIES},
    }
    check_golden("moments", VERSION, "pose.embeddings.moments.VERSION", made, tolerance=1e-4)
