"""The COCO skeleton: names, order, sides, limbs and sigmas of the joints.

Only this module lists the 17 keypoints; everything else uses these names. Source: cocodataset.org, keypoints.
"""

from enum import IntEnum

import numpy as np


class Joint(IntEnum):
    """A keypoint by name; the value is its index in keypoint arrays.

    Left and right are the dancer's own, not the frame's.
    """

    NOSE = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LEFT_EAR = 3
    RIGHT_EAR = 4
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_ELBOW = 7
    RIGHT_ELBOW = 8
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_KNEE = 13
    RIGHT_KNEE = 14
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16


NAMES = tuple(joint.name.lower() for joint in Joint)
"""COCO's names in COCO's order: `nose`, `left_eye`, …, `right_ankle`."""

EYES = [Joint.LEFT_EYE, Joint.RIGHT_EYE]
EARS = [Joint.LEFT_EAR, Joint.RIGHT_EAR]
FACE = [Joint.NOSE, *EYES, *EARS]
SHOULDERS = [Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER]
ELBOWS = [Joint.LEFT_ELBOW, Joint.RIGHT_ELBOW]
WRISTS = [Joint.LEFT_WRIST, Joint.RIGHT_WRIST]
HIPS = [Joint.LEFT_HIP, Joint.RIGHT_HIP]
KNEES = [Joint.LEFT_KNEE, Joint.RIGHT_KNEE]
ANKLES = [Joint.LEFT_ANKLE, Joint.RIGHT_ANKLE]
TRUNK = [*SHOULDERS, *HIPS]

PAIRS = [EYES, EARS, SHOULDERS, ELBOWS, WRISTS, HIPS, KNEES, ANKLES]
"""Left and right joint of each paired part of the body."""

_OTHER_SIDE = {joint: other for left, right in PAIRS for joint, other in ((left, right), (right, left))}
MIRRORED = [_OTHER_SIDE.get(joint, joint) for joint in Joint]
"""Index of the joint on the other side of the body: `keypoints[..., MIRRORED, :]` are those of a mirrored frame."""


def limbs(start: list[Joint], end: list[Joint]) -> tuple[tuple[Joint, Joint], tuple[Joint, Joint]]:
    """Return the left and the right limb between two parts of the body.

    Parameters
    ----------
    start, end : list of Joint
        Left and right joint of each part.

    Returns
    -------
    tuple
        Two pairs of joints.

    Examples
    --------
    >>> limbs(HIPS, KNEES)[0]
    (<Joint.LEFT_HIP: 11>, <Joint.LEFT_KNEE: 13>)
    """
    return (start[0], end[0]), (start[1], end[1])


UPPER_ARMS, FOREARMS = limbs(SHOULDERS, ELBOWS), limbs(ELBOWS, WRISTS)
THIGHS, SHINS = limbs(HIPS, KNEES), limbs(KNEES, ANKLES)
FLANKS = limbs(SHOULDERS, HIPS)
SHOULDER_LINE, HIP_LINE = (SHOULDERS[0], SHOULDERS[1]), (HIPS[0], HIPS[1])

LIMBS = (
    *((Joint.NOSE, shoulder) for shoulder in SHOULDERS),
    *(SHOULDER_LINE, UPPER_ARMS[0], FOREARMS[0], UPPER_ARMS[1], FOREARMS[1]),
    *(*FLANKS, HIP_LINE, THIGHS[0], SHINS[0], THIGHS[1], SHINS[1]),
)
"""Pairs of joints that a drawn skeleton connects: nose, shoulders, arms, hips, legs."""

SIGMAS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89], np.float32) / 1000
"""Spread of each joint's labels relative to the person's scale, float32 (17,): the sigmas of OKS."""
