"""Hands: where they are looked for, and what becomes of them in the table."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.hands import find_hands, hand_boxes
from bachata_assets.pose.models.model_sets import ModelSetError, load_model_set
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.skeleton import Joint
from bachata_assets_tests.support.figures import person
from bachata_assets_tests.support.official_form import SMALL, save_official
from bachata_assets_tests.support.paths import SAMPLE_CLIP
from bachata_assets_tests.support.vectors import present

LEFT, RIGHT = 0, 1


def test_a_hand_is_looked_for_beyond_the_wrist_along_the_forearm() -> None:
    pose = person(100)
    pose[Joint.LEFT_ELBOW, :2], pose[Joint.LEFT_WRIST, :2] = (
        (150, 100),
        (150, 200),
    )  # the left forearm hangs straight down, 100 px
    left = hand_boxes(pose)[LEFT]
    assert left == pytest.approx([150 - 44.4, 237 - 44.4, 150 + 44.4, 237 + 44.4])
    pose[Joint.LEFT_WRIST, :2] = (250, 100)  # now it points to the right
    assert hand_boxes(pose)[LEFT] == pytest.approx([287 - 44.4, 100 - 44.4, 287 + 44.4, 100 + 44.4])


def test_an_arm_that_points_at_the_camera_keeps_a_whole_hand() -> None:
    pose = person(100, height=250)  # shoulders to hips: 80 px
    pose[Joint.LEFT_ELBOW, :2] = pose[Joint.LEFT_WRIST, :2] = (140, 150)
    left = hand_boxes(pose)[LEFT]
    assert (left[:2] + left[2:]) / 2 == pytest.approx([140, 150])
    assert left[2] - left[0] == pytest.approx(1.2 * 0.74 * 40)


def test_without_a_wrist_or_an_elbow_no_hand_is_looked_for() -> None:
    pose = np.stack([person(100), person(200), person(300)])
    pose[0, Joint.LEFT_WRIST, 2] = 0.1
    pose[1, Joint.RIGHT_ELBOW, 2] = 0.1
    pose[2] = np.nan
    assert np.isnan(hand_boxes(pose)[..., 0]).tolist() == [[True, False], [False, True], [True, True]]


@pytest.fixture(scope="module")
def hand_models(tmp_path_factory: pytest.TempPathFactory, cache_dir: Path) -> PoseModels:
    """The bundled models and a hand model with random weights."""
    bundled, official = load_model_set(), load_model_set("rtmpose-m", hands=True).hand
    assert official is not None
    folder = tmp_path_factory.mktemp("hand")
    hand = replace(official, folder=folder, sha256="", options=SMALL[official.config])
    save_official(hand)
    return PoseModels(replace(bundled, hand=hand), cache_dir, "f32", 0)


@pytest.fixture(scope="module")
def couple(hand_models: PoseModels) -> CoupleKeypoints:
    return CouplePoseEstimator(hand_models)(SAMPLE_CLIP)


def test_the_sample_clip_gets_hands_near_both_dancers_wrists(couple: CoupleKeypoints) -> None:
    assert couple.hands is not None
    assert couple.hands.shape == (couple.frame_count, 2, 2, 21, 3)
    boxes = hand_boxes(np.where(couple.valid[..., None, None], couple.keypoints, np.nan))
    found = ~np.isnan(couple.hands).any(axis=(-1, -2))
    assert (found == ~np.isnan(boxes[..., 0])).all()
    assert found.mean() > 0.8
    # Keypoints lie in the crop, which is a quarter wider than the box.
    middle, half = (boxes[..., :2] + boxes[..., 2:]) / 2, (boxes[..., 2] - boxes[..., 0]) / 2
    away = np.abs(couple.hands[..., :2] - middle[..., None, :]).max(axis=(-1, -2))
    assert (away[found] <= 1.26 * half[found]).all()
    assert ((couple.hands[found][..., 2] >= 0) & (couple.hands[found][..., 2] <= 1)).all()


def test_the_table_has_hands_and_nulls_where_a_wrist_is_missing(couple: CoupleKeypoints) -> None:
    assert couple.hands is not None
    hands = couple.hands.copy()
    hands[0] = np.nan  # both hands of both dancers
    hands[1, 0, LEFT] = np.nan
    table = replace(couple, hands=hands).to_table()
    column = table.column("hands").to_pylist()
    assert column[:2] == [None, None]
    one = np.array(column[2], float).reshape(2, 21, 3)
    assert np.isnan(one[LEFT]).all()
    assert one[RIGHT] == pytest.approx(couple.hands[1, 0, RIGHT])
    again = present(CoupleKeypoints.from_table(table).hands)
    assert np.array_equal(again, hands, equal_nan=True)


def test_hands_are_those_of_the_hand_model_on_its_own(couple: CoupleKeypoints, hand_models: PoseModels) -> None:
    frame, dancer = np.argwhere(couple.valid)[5]
    pictures = list(ClipFrames(SAMPLE_CLIP))
    scale = max(couple.width, couple.height) / max(pictures[0][1].shape)
    pose = couple.keypoints[frame, dancer] / [scale, scale, 1]
    box = hand_boxes(pose)[RIGHT]
    alone = next(iter(hand_models.hand_keypoints([(pictures[frame][1], box)])))
    assert np.abs(alone * [scale, scale, 1] - present(couple.hands)[frame, dancer, RIGHT]).max() < 0.5


def test_without_a_hand_model_there_are_no_hands(models: PoseModels) -> None:
    assert not models.finds_hands
    with pytest.raises(ModelSetError, match="'bundled' was loaded without its hand model"):
        find_hands(models, ClipFrames(SAMPLE_CLIP), person(100)[None, None].repeat(2, 1), np.ones((1, 2), bool))


def test_with_hands_the_fingerprint_is_another(models: PoseModels, hand_models: PoseModels) -> None:
    assert hand_models.fingerprint != models.fingerprint
