"""Who leads, and how sure that is."""

from typing import Literal

import numpy as np
import pytest

from bachata_assets.pose.skeleton import EARS, MIRRORED, WRISTS, Joint
from bachata_assets.pose.tracking.roles import judge_roles
from bachata_assets_tests.support.figures import box_of, person

FRAMES = 30


def couple(left_height: float, right_height: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two who stand still on one floor."""
    pair = np.stack([person(x, 300 - h, h) for x, h in ((200, left_height), (330, right_height))])
    keypoints = np.repeat(pair[None], FRAMES, axis=0)
    return box_of(keypoints), keypoints, np.ones((FRAMES, 2), bool)


def test_the_taller_leads() -> None:
    roles = judge_roles(*couple(250, 225))
    assert (roles.lead, roles.confidence > 0.75) == (0, True)
    assert roles.evidence["taller_body"] > 2
    assert judge_roles(*couple(225, 250)).lead == 1


@pytest.mark.parametrize("camera", [0.9, 1.1, 1.3], ids="{} m above the floor".format)
def test_the_taller_leads_from_farther_away_where_he_looks_smaller(camera: float) -> None:
    horizon_px, near_px, far_px = 100, 100, 85  # px, px a metre, px a metre
    near, far = (person(x, horizon_px + (camera - h) * scale, h * scale)
                 for x, h, scale in ((200, 1.65, near_px), (330, 1.8, far_px)))  # fmt: skip
    keypoints = np.repeat(np.stack([near, far])[None], FRAMES, axis=0)
    boxes = box_of(keypoints)
    assert np.ptp(boxes[0, 0, [1, 3]]) > np.ptp(boxes[0, 1, [1, 3]])
    assert judge_roles(boxes, keypoints, np.ones((FRAMES, 2), bool)).lead == 1


def test_two_alike_are_left_open() -> None:
    assert judge_roles(*couple(240, 240)).confidence == pytest.approx(0.5, abs=0.02)


def test_the_one_who_turns_follows() -> None:
    boxes, keypoints, valid = couple(240, 240)
    middle = keypoints[:, 1, :, 0].mean(axis=1, keepdims=True)
    keypoints[::3, 1, :, 0] = 2 * middle[::3] - keypoints[::3, 1, :, 0]
    roles = judge_roles(boxes, keypoints, valid)
    assert roles.lead == 0
    assert roles.evidence["fewer_turns"] > 0.5


def test_exchanging_the_dancers_exchanges_the_roles_only() -> None:
    boxes, keypoints, valid = couple(250, 235)
    one = judge_roles(boxes, keypoints, valid)
    other = judge_roles(boxes[:, ::-1], keypoints[:, ::-1], valid[:, ::-1])
    assert one.lead == 1 - other.lead
    assert one.confidence == pytest.approx(other.confidence)
    assert one.evidence == pytest.approx(other.evidence)


@pytest.mark.parametrize(("side", "lead"), [("left", 0), ("right", 1)])
def test_the_annotated_side_in_the_first_frame_with_both_decides(side: Literal["left", "right"], lead: int) -> None:
    boxes, keypoints, valid = couple(225, 250)
    valid[:5, 0] = False
    boxes[10:] = boxes[10:, ::-1]  # they change sides later
    roles = judge_roles(boxes, keypoints, valid, side)
    assert (roles.lead, roles.confidence) == (lead, 1.0)


def test_one_dancer_alone_leaves_the_roles_open() -> None:
    boxes, keypoints, valid = couple(250, 225)
    valid[:, 1] = False
    assert judge_roles(boxes, keypoints, valid).confidence == 0.5


@pytest.mark.parametrize("away", [False, True], ids=["towards the camera", "away from it"])
def test_in_shadow_position_the_one_behind_leads(away: bool) -> None:
    _, keypoints, valid = couple(240, 240)
    keypoints[:, 1, :, 0] += 20 - 130  # the two in line
    feet = keypoints[:, 1, Joint.LEFT_ANKLE, 1][0]
    keypoints[:, 1, :, 1] = feet + 4 + 1.035 * (keypoints[:, 1, :, 1] - feet)  # as tall, but nearer to the camera
    keypoints[:, :, WRISTS, 2] = 0.1  # hands out of sight
    if away:
        keypoints[:] = keypoints[:, :, MIRRORED]
    roles = judge_roles(box_of(keypoints), keypoints, valid)
    assert roles.evidence["behind_in_shadow"] > 0.5
    assert roles.lead == (1 if away else 0)


def test_face_to_face_nobody_stands_behind() -> None:
    boxes, keypoints, valid = couple(240, 240)
    keypoints[:, :, 5:, 0] = keypoints[:, :, [0], 0]  # seen from the side
    keypoints[:, 0, EARS, 0] -= 25  # noses towards each other
    keypoints[:, 1, EARS, 0] += 25
    assert judge_roles(boxes, keypoints, valid).evidence["behind_in_shadow"] == 0
