"""A drawn dancer's skeleton: proportions, two-bone limbs, the joints in metres.

World coordinates: x right in the picture, y up, z away from the camera. A heading of 0 is along x, of pi/2 along z.
`footwork.py` and `holds.py` place feet and hands; `appearance.py` defines the look.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.skeleton import NAMES

Joints = dict[str, np.ndarray]
"""Joint name -> (3,) position in metres; `forward`, `right`, `up` are unit vectors of the chest."""

UP = np.array([0.0, 1.0, 0.0])
SIDES = {"left": -1.0, "right": 1.0}


@dataclass(frozen=True)
class Body:
    """Proportions of one dancer; segments are fractions of the height (after Drillis & Contini 1966).

    Attributes
    ----------
    height : m, crown to sole
    shoulders, hips : half-widths between the joints, fractions of the height
    build : thickness of limbs and trunk, 1 is average
    """

    height: float = 1.76
    shoulders: float = 0.108
    hips: float = 0.055
    build: float = 1.0

    thigh, shin, ankle, foot = 0.245, 0.246, 0.045, 0.105
    abdomen, chest = 0.13, 0.16
    upper_arm, forearm, hand = 0.172, 0.152, 0.06


@dataclass(frozen=True)
class Stance:
    """Position of a dancer and posture of the trunk at one instant.

    Attributes
    ----------
    x, z : m on the floor
    heading : rad
    crouch : m by which the pelvis is lowered
    pelvis_pitch, chest_pitch : rad, forward lean of the two trunk segments
    hip_roll : m by which the right hip is above the left (half of it each)
    sway : m by which the pelvis is shifted to the dancer's right
    twist : rad by which the chest is turned against the pelvis
    """

    x: float
    z: float
    heading: float
    crouch: float = 0.0
    pelvis_pitch: float = 0.0
    chest_pitch: float = 0.0
    hip_roll: float = 0.0
    sway: float = 0.0
    twist: float = 0.0


def forward_of(heading: float) -> np.ndarray:
    """Return the unit vector (3,) of a heading in rad."""
    return np.array([np.cos(heading), 0.0, np.sin(heading)])


def right_of(heading: float) -> np.ndarray:
    """Return the unit vector (3,) to the right of a heading in rad."""
    return np.array([np.sin(heading), 0.0, -np.cos(heading)])


def trunk(body: Body, stance: Stance, ankles: dict[str, np.ndarray]) -> Joints:
    """Return pelvis, trunk, head and leg joints for a stance with its ankles at `ankles` (m)."""
    h = body.height
    forward, right = forward_of(stance.heading), right_of(stance.heading)
    floor = np.array([stance.x, 0.0, stance.z]) + stance.sway * right
    pelvis = floor + _pelvis_height(body, stance, floor, ankles) * UP
    waist = pelvis + body.abdomen * h * _tilted(forward, stance.pelvis_pitch)
    up = _tilted(forward, stance.chest_pitch)
    facing = stance.heading + stance.twist
    chest_forward, chest_right = forward_of(facing), right_of(facing)
    neck = waist + body.chest * h * up
    joints = {
        "pelvis": pelvis,
        "waist": waist,
        "neck": neck,
        "up": up,
        "forward": chest_forward,
        "right": chest_right,
    }
    for side, sign in SIDES.items():
        hip = pelvis + sign * (body.hips * h * right + 0.5 * stance.hip_roll * UP)
        joints[f"{side}_hip"] = hip
        joints[f"{side}_shoulder"] = neck + sign * body.shoulders * h * chest_right
        pole = forward + 0.15 * sign * right
        knee, ankle = two_bones(hip, ankles[side], body.thigh * h, body.shin * h, pole)
        joints[f"{side}_knee"], joints[f"{side}_ankle"] = knee, ankle
    return joints | _head(h, neck + 0.02 * h * UP, chest_forward, chest_right)


def with_arms(body: Body, joints: Joints, wrists: dict[str, np.ndarray]) -> Joints:
    """Return `joints` with elbows and wrists added, the wrists as near to `wrists` (m) as the arms reach."""
    arms: Joints = {}
    for side, sign in SIDES.items():
        pole = -joints["up"] + 0.6 * sign * joints["right"] - 0.3 * joints["forward"]
        upper, fore = body.upper_arm * body.height, body.forearm * body.height
        elbow, wrist = two_bones(joints[f"{side}_shoulder"], wrists[side], upper, fore, pole)
        arms[f"{side}_elbow"], arms[f"{side}_wrist"] = elbow, wrist
    return joints | arms


def two_bones(
    root: np.ndarray, target: np.ndarray, upper: float, lower: float, pole: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle joint and the end of a two-bone limb that reaches for `target`, bent towards `pole`.

    The law of cosines gives the bend. The limb points straight at a target out of reach.

    Parameters
    ----------
    root, target : float64 (3,), m
    upper, lower : lengths of the two bones, m
    pole : float64 (3,), direction in which the middle joint lies, of any length

    Returns
    -------
    middle, end : np.ndarray
        float64 (3,), m.
    """
    offset = target - root
    wanted = float(np.linalg.norm(offset))
    direction = offset / max(wanted, 1e-9)
    distance = float(np.clip(wanted, abs(upper - lower) + 0.05 * upper, 0.998 * (upper + lower)))
    along = (upper**2 - lower**2 + distance**2) / (2 * distance)
    sideways = pole - (pole @ direction) * direction
    sideways /= max(float(np.linalg.norm(sideways)), 1e-9)
    middle = root + along * direction + np.sqrt(max(upper**2 - along**2, 0.0)) * sideways
    return middle, root + distance * direction


def coco_points(joints: Joints) -> np.ndarray:
    """Return the COCO keypoints (17, 3) in metres."""
    return np.array([joints[name] for name in NAMES])


def _tilted(forward: np.ndarray, pitch: float) -> np.ndarray:
    tilted: np.ndarray = np.cos(pitch) * UP + np.sin(pitch) * forward
    return tilted


def _pelvis_height(body: Body, stance: Stance, floor: np.ndarray, ankles: dict[str, np.ndarray]) -> float:
    """Return the maximum height (m) of the pelvis at which both legs reach their ankles, minus the crouch."""
    reach = 0.985 * (body.thigh + body.shin) * body.height
    limits = []
    for side, sign in SIDES.items():
        hip = floor + sign * body.hips * body.height * right_of(stance.heading)
        across = np.hypot(*(ankles[side] - hip)[[0, 2]])
        limits.append(ankles[side][1] + np.sqrt(max(reach**2 - across**2, 0.3 * reach**2)))
    return float(min(limits)) - 0.5 * abs(stance.hip_roll) - stance.crouch


def _head(h: float, base: np.ndarray, forward: np.ndarray, right: np.ndarray) -> Joints:
    centre = base + 0.085 * h * UP + 0.012 * h * forward
    head = {"head": centre, "nose": centre + 0.051 * h * forward - 0.012 * h * UP}
    for side, sign in SIDES.items():
        head[f"{side}_eye"] = centre + 0.042 * h * forward + sign * 0.018 * h * right + 0.008 * h * UP
        head[f"{side}_ear"] = centre + sign * 0.043 * h * right
    return head
