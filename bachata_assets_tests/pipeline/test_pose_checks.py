"""The checks of the keypoints, on couples made of numbers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bachata_assets.annotation import Annotation
from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.checks import Outcome, clip_checks
from bachata_assets.pipeline.stage import Made
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets_tests.support.synthetic_couple import a_couple

CLIP = Clip("spin", Path("spin.mp4"), "spin.mp4", Annotation(), {})


def outcomes(couple: CoupleKeypoints, quality_threshold: float = 0.5) -> dict[str, Outcome]:
    made = Made(couple.to_table(), couple.summary())
    asked = [check for check in clip_checks(quality_threshold) if check.asset == "keypoints"]
    return {check.name: check.evaluate(CLIP, made) for check in asked}


def with_scores(couple: CoupleKeypoints, score: float) -> CoupleKeypoints:
    keypoints = couple.keypoints.copy()
    keypoints[:, 1, :, 2] = score
    return replace(couple, keypoints=keypoints)


def half_missing(couple: CoupleKeypoints) -> CoupleKeypoints:
    valid, keypoints, boxes = couple.valid.copy(), couple.keypoints.copy(), couple.boxes.copy()
    gone = np.s_[: couple.frame_count // 2 + 1, 1]
    valid[gone], keypoints[gone], boxes[gone] = False, np.nan, np.nan
    return replace(couple, valid=valid, keypoints=keypoints, boxes=boxes)


def test_a_couple_well_seen_passes_all_checks() -> None:
    assert all(outcome.passed for outcome in outcomes(a_couple()).values())


@pytest.mark.parametrize(
    ("check", "worse", "figures"),
    [
        ("both_dancers_found", half_missing, {"detection_rate": 89 / 180, "at_least": 0.5}),
        ("poses_are_certain", lambda couple: with_scores(couple, 0.29), {"certain_rate": 0.0, "at_least": 0.5}),
        (
            "lead_follow_certain",
            lambda couple: replace(couple, role_confidence=0.69, role_evidence={"taller_body": 0.8}),
            {"role_confidence": 0.69, "at_least": 0.7, "evidence": {"taller_body": 0.8}, "leader_at": "left"},
        ),
        (
            "identities_stable",
            lambda couple: replace(couple, identity_switches=(3.5, 7.0)),
            {"identity_switches": 2, "at_most": 0, "at_s": [3.5, 7.0]},
        ),
        (
            "one_couple",
            lambda couple: replace(couple, couple_confidence=0.57, people_seen=4, couples_seen=2),
            {"couple_confidence": 0.57, "at_least": 0.7, "people_seen": 4, "couples_seen": 2, "mirror_images": 0},
        ),
        (
            "one_couple",
            lambda couple: replace(couple, partner_changes=(3.87,), people_seen=3),
            {
                "couple_confidence": 1.0,
                "at_least": 0.7,
                "people_seen": 3,
                "couples_seen": 1,
                "mirror_images": 0,
                "at_s": [3.87],
            },
        ),
        (
            "one_couple",
            lambda couple: replace(couple, mirror_images=2),
            {"couple_confidence": 1.0, "at_least": 0.7, "people_seen": 2, "couples_seen": 1, "mirror_images": 2},
        ),
        (
            "camera_is_steady",
            lambda couple: replace(couple, camera_lost=(2.0, 4.5)),
            {"frames_lost": 2, "at_most": 0, "at_s": [2.0, 4.5]},
        ),
        ("one_shot", lambda couple: replace(couple, cuts=(3.2,)), {"cuts": 1, "at_most": 0, "at_s": [3.2]}),
        (
            "file_is_intact",
            lambda couple: couple.without_damaged([1 / 15, 2 / 15, 5.0]),
            {"damaged_frames": 3, "damaged_rate": 3 / 180, "at_most": 0, "at_s": [1 / 15, 2 / 15, 5.0]},
        ),
    ],
)
def test_a_check_that_fails_says_its_figure_its_limit_and_what_to_do(
    check: str, worse: Callable[[CoupleKeypoints], CoupleKeypoints], figures: dict[str, object]
) -> None:
    outcome = outcomes(worse(a_couple()))[check]
    assert not outcome.passed
    assert not outcome.rejects
    assert outcome.metadata == {**figures, "remedy": outcome.check.remedy}


def test_a_mirror_asks_for_no_eye_where_a_person_said_which_couple_is_meant() -> None:
    couple = replace(a_couple(), mirror_images=2)
    made = Made(couple.to_table(), couple.summary())
    (check,) = (check for check in clip_checks(0.5) if check.name == "one_couple")
    said = replace(CLIP, annotation=Annotation(couple="left"))
    assert [check.evaluate(clip, made).passed for clip in (CLIP, said)] == [False, True]


def test_quality_is_asked_against_the_limit_of_the_settings() -> None:
    poor = half_missing(with_scores(a_couple(), 0.0))
    passed, failed = (outcomes(poor, limit)["quality_at_least_half"] for limit in (0.5, 0.6))
    score = 0.6 * 89 / 180 + 0.4 * 180 / (180 + 89)
    assert passed.metadata["quality_score"] == pytest.approx(score)
    assert passed.metadata["at_least"] == 0.5
    assert (passed.passed, failed.passed) == (True, False)
    assert failed.metadata["at_least"] == 0.6


def test_a_number_that_is_none_rejects_the_table() -> None:
    couple = a_couple()
    keypoints = couple.keypoints.copy()
    keypoints[3, 0, 5, 0] = np.nan
    assert outcomes(replace(couple, keypoints=keypoints))["keypoints_finite"].rejects


@pytest.mark.parametrize(("seconds", "passes"), [(1 / 15, False), (14 / 15, False), (1.0, True), (3.0, True)])
def test_a_clip_too_short_to_show_movement_says_so_however_good_its_pictures(seconds: float, passes: bool) -> None:
    short = outcomes(a_couple(seconds))
    assert short["quality_at_least_half"].passed
    assert short["movement_is_seen"].passed == passes
    assert short["movement_is_seen"].metadata["lead"] == pytest.approx(seconds)


def test_damaged_frames_are_missing_and_counted() -> None:
    whole = a_couple(4.0)
    couple = whole.without_damaged([-0.2, 1.0, 2.0])  # one of them before the first intact picture
    assert np.flatnonzero(~couple.valid.all(axis=1)).tolist() == [15, 30]
    assert np.isnan(couple.keypoints[[15, 30]]).all()
    assert np.isnan(couple.boxes[[15, 30]]).all()
    assert couple.detection_rate == 58 / 60
    assert couple.damaged_rate == pytest.approx(3 / 61)
    assert CoupleKeypoints.from_table(couple.to_table()).damaged == (-0.2, 1.0, 2.0)
    assert whole.without_damaged([]) is whole
