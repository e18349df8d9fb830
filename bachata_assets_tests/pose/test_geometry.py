"""Overlap of boxes and likeness of poses."""

import numpy as np
import pytest

from bachata_assets.pose.geometry import box_iou, non_maximum_suppression, object_keypoint_similarity
from bachata_assets.pose.skeleton import SIGMAS, Joint


def test_iou_of_half_covered_boxes_is_a_third() -> None:
    assert box_iou(np.array([0, 0, 2, 1]), np.array([1, 0, 3, 1])) == pytest.approx(1 / 3)
    assert box_iou(np.array([0, 0, 1, 1]), np.array([2, 2, 3, 3])) == 0


def test_nms_keeps_embracing_dancers_and_drops_the_second_box_of_one() -> None:
    boxes = np.array([[0, 0, 100, 300], [20, 0, 120, 300], [2, 0, 102, 300]], float)  # IoU 0.67 and 0.96
    scores = np.array([0.6, 0.5, 0.55])
    assert non_maximum_suppression(boxes, scores, 0.85).tolist() == [0, 1]
    assert non_maximum_suppression(boxes, scores, 0.6).tolist() == [0]
    assert non_maximum_suppression(np.zeros((0, 4)), np.zeros(0), 0.85).size == 0


def test_oks_is_one_for_the_same_pose_and_follows_cocos_formula() -> None:
    pose = np.ones((17, 3), np.float32)
    moved = pose + np.array([3.0, 4.0, 0.0], np.float32)  # 5 px
    assert object_keypoint_similarity(pose, pose, np.array(100.0)) == pytest.approx(1)
    expected = np.exp(-25 / (2 * 400.0 * (2 * SIGMAS) ** 2)).mean()
    assert object_keypoint_similarity(pose, moved, np.array(400.0)) == pytest.approx(expected, rel=1e-4)


def test_a_guessed_joint_hardly_counts_in_oks() -> None:
    pose = np.ones((17, 3), np.float32)
    other = pose.copy()
    other[Joint.LEFT_WRIST] = [500, 500, 0.0]
    assert object_keypoint_similarity(pose, other, np.array(100.0)) > 0.98
