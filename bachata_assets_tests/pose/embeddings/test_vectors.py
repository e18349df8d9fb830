"""The lead, follow and interaction vectors of drawn couples: what changes them and what does not."""

import re
from dataclasses import replace

import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS, Absent, NonFiniteVectorError
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings import (
    constants,
    dancer_embedding,
    feature_names,
    interaction_embedding,
    vectors,
)
from bachata_assets.pose.embeddings.measurements import measure_couple, measure_dancer
from bachata_assets_tests.support.synthetic_couple import (
    Beats,
    a_couple,
    backwards,
    mirrored,
    moved,
    noisy,
    without_joints,
)
from bachata_assets_tests.support.vectors import present


def answers(couple: CoupleKeypoints, beats: Beats | None = None) -> list[np.ndarray | Absent]:
    """Return the lead, follow and interaction vector, or why there is none."""
    return [
        dancer_embedding(couple, "lead", beats),
        dancer_embedding(couple, "follow", beats),
        interaction_embedding(couple, beats),
    ]


def three(couple: CoupleKeypoints, beats: Beats | None = None) -> list[np.ndarray]:
    return [present(vector) for vector in answers(couple, beats)]


def likeness(
    a: CoupleKeypoints, b: CoupleKeypoints, beats_a: Beats | None = None, beats_b: Beats | None = None
) -> float:
    """Least cosine of the three families."""
    return min(float(x @ y) for x, y in zip(three(a, beats_a), three(b, beats_b), strict=True))


def test_vectors_are_unit_float32_of_the_mission_s_lengths() -> None:
    lead, follow, interaction = three(a_couple())
    assert (lead.shape, follow.shape, interaction.shape) == ((512,), (512,), (256,))
    for vector in (lead, follow, interaction):
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("family", ["lead", "follow", "interaction"])
def test_every_dimension_has_a_name_of_its_own(family: str) -> None:
    names = feature_names(family)
    assert len(set(names)) == len(names) == DIMENSIONS[family]


def test_place_in_the_picture_and_zoom_change_nothing() -> None:
    clip = a_couple()
    for scale, shift in ((0.5, (0, 0)), (1.3, (250, -40)), (3.0, (-700, 300))):
        assert likeness(clip, moved(clip, scale, shift)) > 0.9999


def test_no_measurement_depends_on_place_or_zoom() -> None:
    clip = a_couple()
    other = moved(clip, 1.3, (100, -40))
    np.testing.assert_allclose(measure_couple(other, None), measure_couple(clip, None), atol=2e-3)
    followed, expected = (measure_dancer(couple, "follow", None) for couple in (other, clip))
    np.testing.assert_allclose(followed, expected, atol=2e-3)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_the_frame_rate_hardly_matters(fps: float) -> None:
    assert likeness(a_couple(), a_couple(fps=fps)) > 0.97


def test_a_longer_cut_of_the_same_dance_stays_near() -> None:
    longer = likeness(a_couple(seconds=12), a_couple(seconds=16, start=1.0))
    assert longer > 0.85
    assert longer > max(likeness(a_couple(), a_couple(seed=seed)) for seed in range(1, 10))


def test_swapping_the_dancers_swaps_lead_and_follow_exactly() -> None:
    clip = a_couple()
    lead, follow, interaction = three(clip)
    swapped_lead, swapped_follow, swapped_interaction = three(clip.swapped())
    np.testing.assert_array_equal(swapped_lead, follow)
    np.testing.assert_array_equal(swapped_follow, lead)
    assert swapped_interaction @ interaction < 0.9


def test_where_the_roles_are_certain_a_vector_is_one_dancers_alone() -> None:
    clip = replace(a_couple(), role_confidence=vectors.CERTAIN_ROLES)
    lead, follow, interaction = three(clip)
    dancer, couple = (constants.load_constants(kind) for kind in ("dancer", "couple"))
    np.testing.assert_array_equal(lead, dancer.vector(measure_dancer(clip, "lead", None)))
    np.testing.assert_array_equal(follow, dancer.vector(measure_dancer(clip, "follow", None)))
    np.testing.assert_array_equal(interaction, couple.vector(measure_couple(clip, None)))


@pytest.mark.parametrize("confidence", [0.5, 0.7, 0.94])
def test_where_they_are_not_both_orders_count_by_their_probability(confidence: float) -> None:
    clip = a_couple()
    certain = replace(clip, role_confidence=1.0)
    stated, exchanged = three(certain), three(certain.swapped())
    for found, one, other in zip(three(replace(clip, role_confidence=confidence)), stated, exchanged, strict=True):
        mean = confidence * one + (1 - confidence) * other
        np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)


def test_a_decision_that_falls_the_other_way_changes_little_where_it_is_uncertain() -> None:
    def exchanged(confidence: float) -> float:
        clip = replace(a_couple(), role_confidence=confidence)
        return likeness(clip, clip.swapped())

    assert exchanged(0.5) == pytest.approx(1, abs=1e-6)
    assert exchanged(0.6) > 0.85
    assert exchanged(1.0) < 0.7


def test_a_dancer_beside_nobody_has_a_vector_of_their_own_alone() -> None:
    clip = a_couple()
    valid = clip.valid.copy()
    valid[:, 1] = False
    alone = replace(clip, valid=valid, role_confidence=0.5)
    certain = replace(alone, role_confidence=1.0)
    lead, expected = (present(dancer_embedding(couple, "lead", None)) for couple in (alone, certain))
    np.testing.assert_array_equal(lead, expected)


def test_a_mirrored_dance_is_another_one() -> None:
    clip = a_couple()
    assert max(float(a @ b) for a, b in zip(three(clip), three(mirrored(clip)), strict=True)) < 0.95


def test_the_order_in_time_is_kept() -> None:
    clip = a_couple()
    assert likeness(clip, backwards(clip)) < 0.999


def test_missing_joints_and_noise_hardly_move_a_vector() -> None:
    clip = a_couple()
    assert likeness(clip, without_joints(clip, 0.1)) > 0.97
    assert likeness(clip, noisy(clip, 1.0)) > 0.8


def test_what_lies_in_frames_where_a_dancer_was_not_found_is_not_looked_at() -> None:
    clip = a_couple()
    valid = clip.valid.copy()
    valid[20:30, 0] = False
    garbage = clip.keypoints.copy()
    garbage[20:30, 0] = 1e6
    nothing = clip.keypoints.copy()
    nothing[20:30, 0] = np.nan
    with_garbage, with_gap = (replace(clip, valid=valid, keypoints=points) for points in (garbage, nothing))
    for a, b in zip(three(with_garbage), three(with_gap), strict=True):
        np.testing.assert_array_equal(a, b)


def test_beats_make_a_faster_dance_the_same_dance() -> None:
    slow, fast = a_couple(seconds=16), a_couple(seconds=12.8, tempo=1.25)
    slow_beats, fast_beats = Beats(np.arange(0, 16, 0.5)), Beats(np.arange(0, 12.8, 0.4))
    with_beats = likeness(slow, fast, slow_beats, fast_beats)
    assert with_beats > 0.99
    assert with_beats > likeness(slow, fast) + 0.05


def test_beats_that_are_not_trusted_are_no_clock() -> None:
    clip = a_couple()
    untrusted = Beats(np.arange(0, 12, 0.37), trusted=False)
    np.testing.assert_array_equal(dancer_embedding(clip, "lead", untrusted), dancer_embedding(clip, "lead", None))


def test_the_same_clip_gives_the_same_bits() -> None:
    for a, b in zip(three(a_couple()), three(a_couple()), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_dancer_never_seen_has_no_vector_and_the_other_has_one() -> None:
    clip = a_couple()
    valid = clip.valid.copy()
    valid[:, 1] = False
    alone = replace(clip, valid=valid)
    lead, follow, interaction = answers(alone)
    assert isinstance(lead, np.ndarray)
    assert isinstance(follow, Absent)
    assert "follow" in follow.reason
    assert isinstance(interaction, Absent)


def test_dancers_never_seen_at_once_have_no_interaction() -> None:
    clip = a_couple()
    valid = clip.valid.copy()
    valid[::2, 0] = False
    valid[1::2, 1] = False
    lead, follow, interaction = answers(replace(clip, valid=valid))
    assert isinstance(lead, np.ndarray)
    assert isinstance(follow, np.ndarray)
    assert isinstance(interaction, Absent)


@pytest.mark.parametrize("frames", [0, 1, 5])
def test_a_clip_of_a_few_frames_has_no_vectors(frames: int) -> None:
    clip = a_couple()
    short = replace(
        clip,
        times=clip.times[:frames],
        keypoints=clip.keypoints[:frames],
        valid=clip.valid[:frames],
    )
    assert all(isinstance(vector, Absent) for vector in answers(short))


def test_a_second_of_dance_is_enough() -> None:
    assert all(np.isfinite(vector).all() for vector in three(a_couple(seconds=1.1)))


def test_a_number_that_is_not_finite_rejects_the_vector_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = constants.load_constants("dancer")
    whitening = shipped.whitening.copy()
    whitening[37] = np.nan
    monkeypatch.setattr(vectors, "load_constants", lambda *_: replace(shipped, whitening=whitening))
    with pytest.raises(NonFiniteVectorError, match=feature_names("lead")[37]):
        dancer_embedding(a_couple(), "lead", None)


def test_a_measurement_that_is_infinite_rejects_the_vector_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = measure_couple(a_couple(), None)
    measured[200] = np.inf
    monkeypatch.setattr(vectors, "measure_couple", lambda couple, beats: measured)
    name = re.escape(feature_names("interaction")[200])
    with pytest.raises(NonFiniteVectorError, match=f"1 of 256 dimensions are not finite: {name} = inf"):
        interaction_embedding(a_couple(), None)
