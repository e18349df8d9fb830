"""Where a couple stands and how it moves at the edges of a clip."""

from dataclasses import replace

import numpy as np
import pytest

from bachata_assets.families import Absent
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.skeleton import HIPS, Joint
from bachata_assets.pose.transitions import Edge, edge_of, facts_of, transition_of
from bachata_assets.pose.transitions.facts import jumps
from bachata_assets.pose.transitions.fitting import part_of
from bachata_assets_tests.support.synthetic_couple import STANDING, Beats, a_couple, couple, moved

TORSO = 55.0
"""From the middle of the hips to that of the shoulders, px, of `STANDING`."""


def seen(edge: Edge | Absent) -> Edge:
    assert isinstance(edge, Edge), edge
    return edge


def gliding(speed: float = 0.0, wrist: float = 0.0, apart: float = 110.0, seconds: float = 4.0) -> CoupleKeypoints:
    """A couple of which both glide at a speed to the right and the lead's left wrist rises, px a second."""
    times = np.arange(round(seconds * 15)) / 15
    lead = np.repeat(STANDING[None], len(times), axis=0) + np.array([300, 360])
    lead[..., 0] += speed * times[:, None]
    follow = lead + np.array([apart, 0.0])
    lead[:, Joint.LEFT_WRIST, 1] -= wrist * times
    return couple(lead, follow, times)


def test_a_place_is_measured_in_torsos_from_between_the_hips() -> None:
    edge = seen(edge_of(gliding(), "ending"))
    np.testing.assert_allclose(edge.places[0, :, HIPS].mean(axis=0), [[-1, 0], [1, 0]], atol=1e-6)
    assert edge.places[0, 0, Joint.NOSE, 1] == pytest.approx(78 / TORSO)
    assert edge.measurements().shape == (246,)


@pytest.mark.parametrize("side", ["beginning", "ending"])
def test_motion_at_an_edge_is_that_of_the_joint_without_that_of_the_couple(side: str) -> None:
    edge = seen(edge_of(gliding(speed=55, wrist=110), side))  # type: ignore[arg-type]
    np.testing.assert_allclose(edge.couple_motion, [1, 0], atol=0.05)
    np.testing.assert_allclose(edge.motion[0, Joint.LEFT_WRIST], [0, 2], atol=0.1)
    np.testing.assert_allclose(edge.motion[1], 0, atol=0.01)
    wrist = (8 + 110 * (4 - 1 / 15)) / TORSO if side == "ending" else 8 / TORSO
    assert edge.places[0, 0, Joint.LEFT_WRIST, 1] == pytest.approx(wrist, abs=0.01)


def test_zoom_and_place_in_the_picture_do_not_matter() -> None:
    near = seen(edge_of(moved(a_couple(), scale=1.7, shift=(-80.0, 40.0)), "ending"))
    np.testing.assert_allclose(near.measurements(), seen(edge_of(a_couple(), "ending")).measurements(), atol=1e-4)


def test_one_part_of_a_clip_knows_nothing_of_the_other() -> None:
    whole = a_couple()
    keypoints = whole.keypoints.copy()
    keypoints[90:, ..., :2] += 500.0
    other = replace(whole, keypoints=keypoints)
    for clip in (whole, other):
        assert len(part_of(clip, slice(0, 90)).times) == 90
    ends = [seen(edge_of(part_of(clip, slice(0, 90)), "ending")).measurements() for clip in (whole, other)]
    np.testing.assert_array_equal(ends[0], ends[1])


def test_a_pose_that_bridges_a_gap_does_not_count() -> None:
    whole = a_couple()
    keypoints, interpolated = whole.keypoints.copy(), whole.interpolated.copy()
    keypoints[-3:, ..., :2] += 400.0
    interpolated[-3:] = True
    bridged = seen(edge_of(replace(whole, keypoints=keypoints, interpolated=interpolated), "ending"))
    assert np.abs(bridged.places[0]).max() < 4


def test_an_edge_at_which_a_dancer_is_not_seen_is_absent_and_says_who() -> None:
    whole = a_couple()
    keypoints, valid = whole.keypoints.copy(), whole.valid.copy()
    keypoints[-10:, 1], valid[-10:, 1] = np.nan, False
    transition = transition_of(replace(whole, keypoints=keypoints, valid=valid), None)
    assert transition.ending == Absent("the follow cannot be seen where the clip ends")
    assert not isinstance(transition.beginning, Absent)


def test_the_facts_say_how_the_couple_stands() -> None:
    beats = Beats(np.arange(0.2, 4, 0.5))
    facts = facts_of(seen(edge_of(gliding(apart=110), "ending")), beats, at=3.325)
    assert facts.distance == facts.side == 2.0
    assert facts.hold == pytest.approx((110 - 44) / TORSO, abs=0.001)
    assert facts.lead_facing == facts.follow_facing == round(36 / TORSO, 3)
    assert facts.lead_level == facts.follow_level == round(84 / TORSO, 3)
    assert (facts.phase, facts.tempo) == (0.25, 120.0)
    assert facts_of(seen(edge_of(gliding(), "ending")), Beats(beats.times, trusted=False)).phase is None


def test_jumps_are_the_differences_of_the_facts() -> None:
    before = facts_of(seen(edge_of(gliding(), "ending")))
    after = facts_of(seen(edge_of(gliding(apart=165, wrist=55), "beginning")))
    found = jumps(before, after)
    assert found["distance"] == found["side"] == 1.0
    assert found["lead level"] == 0.0
    assert found["follow posture"] == 0.0
    assert found["lead motion"] == pytest.approx(np.sqrt(1 / 15), abs=0.02)
    assert jumps(before, replace(after, distance=None))["distance"] is None


def test_a_vector_has_length_one_and_is_nearest_to_what_goes_on() -> None:
    clips = [a_couple(seed=seed) for seed in range(8)]
    ends = [transition_of(part_of(clip, slice(0, 90)), None).ending for clip in clips]
    starts = [transition_of(part_of(clip, slice(90, None)), None).beginning for clip in clips]
    endings, beginnings = (
        np.array([one.vector for one in edges if not isinstance(one, Absent)]) for edges in (ends, starts)
    )
    np.testing.assert_allclose(np.linalg.norm([*endings, *beginnings], axis=1), 1, atol=1e-6)
    nearest = (endings @ beginnings.T).argmax(axis=1)
    assert (nearest == np.arange(8)).sum() >= 7
