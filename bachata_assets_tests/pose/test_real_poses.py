"""Everything after the pose models, on the real motion of four clips: roles, quality, vectors, their likeness."""

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.detection_timeline import detection_timeline
from bachata_assets.pose.embeddings import VERSION, clock_of, explain, feature_names
from bachata_assets.pose.tracking.gaps import bridge_gaps
from bachata_assets.pose.tracking.roles import judge_roles
from bachata_assets_tests.support.real_poses import (
    CLIPS,
    FOLDER,
    computed_vectors,
    expected_vectors,
    real_beats,
    real_couple,
    vectors_of,
)
from bachata_assets_tests.support.synthetic_couple import mirrored, moved, noisy, without_joints

FAMILIES = ("lead", "follow", "interaction")
HIDDEN = "body_roll_3"
"""The clip in which one dancer hides the other: nothing tells who leads."""
every_clip = pytest.mark.parametrize("clip", CLIPS)


@every_clip
def test_the_leader_is_who_leads_by_eye(clip: str) -> None:
    couple = real_couple(clip)
    frame = int(np.abs(couple.times - 0.5).argmin())
    lead, follow = couple.boxes[frame][:, [0, 2]].mean(axis=1)
    assert ("left" if lead < follow else "right") == CLIPS[clip]


@pytest.mark.parametrize("clip", [clip for clip in CLIPS if clip != HIDDEN])
def test_roles_are_judged_as_seen_by_eye_whichever_dancer_comes_first(clip: str) -> None:
    couple = real_couple(clip)
    for lead, seen in enumerate((couple, couple.swapped())):
        roles = judge_roles(seen.boxes, seen.keypoints, seen.valid)
        assert roles.lead == lead
        assert roles.confidence > 0.7


def test_where_one_dancer_hides_the_other_the_confidence_says_so() -> None:
    couple = real_couple(HIDDEN)
    assert judge_roles(couple.boxes, couple.keypoints, couple.valid).confidence < 0.7


def test_the_leader_may_look_smaller_in_the_picture() -> None:
    couple = real_couple("shadow_position_1")
    lead, follow = np.nanmedian(couple.boxes[..., 3] - couple.boxes[..., 1], axis=0)
    assert lead < follow
    assert judge_roles(couple.boxes, couple.keypoints, couple.valid).evidence["taller_body"] > 0


@pytest.mark.parametrize(
    ("clip", "detection_rate", "quality"),
    [
        ("lady_left_turn_2", 1.0, 0.8870),
        ("hammerlock_2", 168 / 193, 0.6843),
        ("shadow_position_1", 1.0, 0.7693),
        ("body_roll_3", 1.0, 0.7402),
    ],
)
def test_quality_is_three_fifths_detection_and_two_fifths_confidence(
    clip: str, detection_rate: float, quality: float
) -> None:
    rows = pq.read_table(FOLDER / f"{clip}.keypoints.parquet", columns=["frame", "keypoints", "valid"]).to_pylist()
    found = [row for row in rows if row["valid"]]
    both = {frame for frame in (row["frame"] for row in rows) if sum(row["frame"] == frame for row in found) == 2}
    scores = np.mean([row["keypoints"][2::3] for row in found])
    couple = real_couple(clip)
    assert couple.detection_rate == pytest.approx(len(both) / (len(rows) / 2)) == pytest.approx(detection_rate)
    assert couple.quality_score == pytest.approx(0.6 * couple.detection_rate + 0.4 * scores, abs=1e-6)
    assert couple.quality_score == pytest.approx(quality, abs=5e-5)


def test_the_timeline_shows_where_one_dancer_hides_the_other() -> None:
    couple = real_couple("hammerlock_2")
    assert detection_timeline(couple.valid) == "9999999100005999999999999999999999999999"
    alone = couple.times[~couple.valid.all(axis=1)]
    assert 2.2 < alone.min() < alone.max() < 4.0
    assert set(detection_timeline(real_couple("body_roll_3").valid)) == {"9"}


@every_clip
def test_a_real_couple_survives_its_table(clip: str) -> None:
    couple = real_couple(clip)
    again = CoupleKeypoints.from_table(couple.to_table())
    assert again.summary() == couple.summary()
    for name in ("times", "boxes", "keypoints", "valid"):
        np.testing.assert_array_equal(getattr(again, name), getattr(couple, name))


@every_clip
def test_the_vectors_are_those_that_were_kept(clip: str) -> None:
    message = f"outputs changed: raise pose.embeddings.constants.VERSION ({VERSION}), then scripts/take_real_poses.py: "
    for family, vector in computed_vectors(clip).items():
        np.testing.assert_allclose(vector, expected_vectors(clip)[family], rtol=0, atol=1e-5, err_msg=message + family)


@every_clip
def test_the_clock_is_the_beats_where_they_are_trusted(clip: str) -> None:
    beats = real_beats(clip)
    clock = clock_of(beats)
    assert beats.trusted is (clip != "lady_left_turn_2")
    assert clock.kind == ("beats" if beats.trusted else "seconds")
    if beats.trusted:
        assert 60 / np.median(np.diff(beats.times)) == pytest.approx(beats.tempo, rel=0.03)
        alone = vectors_of(real_couple(clip), None)
        assert min(float(alone[family] @ expected_vectors(clip)[family]) for family in FAMILIES) < 0.99


def likeness(vectors: dict[str, np.ndarray], clip: str) -> float:
    """Return the mean cosine over the three families."""
    kept = expected_vectors(clip)
    return float(np.mean([vectors[family] @ kept[family] for family in FAMILIES]))


def cut(couple: CoupleKeypoints, frames: slice) -> CoupleKeypoints:
    parts = ("times", "boxes", "keypoints", "valid", "interpolated")
    return replace(couple, **{name: getattr(couple, name)[frames] for name in parts})


CHANGED = {
    "zoomed and moved": lambda couple: moved(couple, 1.4, (200.0, -90.0)),
    "a tenth of the joints missing": lambda couple: without_joints(couple, 0.1),
    "5 px of noise": lambda couple: noisy(couple, 5.0),
    "cut at both ends": lambda couple: cut(couple, np.s_[3:-3]),
}


@pytest.mark.parametrize("change", CHANGED)
@every_clip
def test_a_changed_clip_is_most_like_its_original(clip: str, change: str) -> None:
    vectors = vectors_of(CHANGED[change](real_couple(clip)), real_beats(clip))
    ordered = sorted(CLIPS, key=lambda other: -likeness(vectors, other))
    assert ordered[0] == clip
    assert likeness(vectors, clip) > likeness(vectors, ordered[1]) + 0.3


@every_clip
def test_place_and_zoom_change_no_vector_and_a_mirror_does(clip: str) -> None:
    couple, beats = real_couple(clip), real_beats(clip)
    assert likeness(vectors_of(moved(couple, 0.6, (300.0, 40.0)), beats), clip) > 0.9999
    assert likeness(vectors_of(mirrored(couple), beats), clip) < 0.9


@every_clip
def test_exchanged_roles_exchange_the_vectors(clip: str) -> None:
    vectors = vectors_of(real_couple(clip).swapped(), real_beats(clip))
    np.testing.assert_allclose(vectors["lead"], expected_vectors(clip)["follow"], atol=1e-5)
    np.testing.assert_allclose(vectors["follow"], expected_vectors(clip)["lead"], atol=1e-5)
    assert vectors["interaction"] @ expected_vectors(clip)["interaction"] < 0.9


def test_different_clips_are_far_apart_and_every_dimension_lives() -> None:
    for family in FAMILIES:
        vectors = np.array([expected_vectors(clip)[family] for clip in CLIPS])
        cosines = (vectors @ vectors.T)[~np.eye(len(CLIPS), dtype=bool)]
        assert cosines.max() < 0.4
        assert abs(cosines.mean()) < 0.3
        assert vectors.std(axis=0).min() > 1e-3


def test_the_clips_are_in_the_order_of_their_likeness() -> None:
    others = [clip for clip in CLIPS if clip != "hammerlock_2"]
    ordered = sorted(others, key=lambda clip: -likeness(expected_vectors("hammerlock_2"), clip))
    assert ordered == ["shadow_position_1", "lady_left_turn_2", "body_roll_3"]


@pytest.mark.parametrize("family", FAMILIES)
def test_why_two_real_clips_are_alike_adds_up(family: str) -> None:
    one, other = (expected_vectors(clip)[family] for clip in ("hammerlock_2", "shadow_position_1"))
    explanation = explain(one, other, family)
    assert explanation.similarity == pytest.approx(float(one @ other), abs=1e-6)
    for shares in (explanation.blocks, explanation.parts):
        assert sum(shares.values()) == pytest.approx(explanation.similarity, abs=1e-6)
        assert len(shares) > 3
    strongest, share = next(iter(explanation.dimensions.items()))
    assert share == pytest.approx(float((one * other).max()), abs=1e-6)
    assert feature_names(family).index(strongest) == int((one * other).argmax())


def test_a_gap_of_real_motion_is_bridged_near_what_was_seen() -> None:
    couple = real_couple("lady_left_turn_2")
    boxes = couple.boxes[:, 0].astype(float)
    seen = np.ones(len(boxes), bool)
    seen[20:23] = False
    filled, bridged = bridge_gaps(couple.times, boxes, seen)
    assert np.flatnonzero(bridged).tolist() == [20, 21, 22]
    height = np.median(boxes[:, 3] - boxes[:, 1])
    assert np.abs(filled[20:23] - boxes[20:23]).max() < 0.05 * height
