"""The look of a drawn dancer: skin, hair, clothes, and the parts of the body as hulls of spheres.

`body.py` computes the joints; `drawing.py` paints the parts on a picture.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bachata_assets.synthetic.body import SIDES, UP, Body, Joints

Colour = tuple[int, int, int]
"""Blue, green, red, 0..255."""

# Colours for random looks.
SKINS: tuple[Colour, ...] = ((140, 175, 225), (120, 155, 205), (95, 130, 185), (70, 100, 150), (50, 72, 110))
HAIRS: tuple[Colour, ...] = ((25, 25, 28), (30, 42, 62), (45, 70, 105), (80, 140, 185), (40, 50, 110))
TOPS: tuple[Colour, ...] = (
    (235, 235, 235), (35, 35, 38), (130, 60, 40), (50, 50, 170), (90, 120, 60), (60, 160, 215),
    (150, 110, 190), (180, 160, 120), (70, 30, 95), (190, 190, 60),
)  # fmt: skip
BOTTOMS: tuple[Colour, ...] = (
    (40, 38, 36),
    (110, 75, 50),
    (70, 70, 75),
    (60, 85, 110),
    (140, 120, 100),
    (25, 25, 25),
)
SHOES: tuple[Colour, ...] = ((25, 25, 25), (235, 235, 235), (45, 60, 90), (90, 110, 200))


@dataclass(frozen=True)
class Appearance:
    """Colours and cut of one dancer."""

    skin: Colour = SKINS[1]
    hair: Colour = HAIRS[0]
    top: Colour = TOPS[0]
    bottom: Colour = BOTTOMS[0]
    shoes: Colour = SHOES[0]
    sleeves: Literal["none", "short", "long"] = "short"
    legs: Literal["trousers", "dress", "shorts"] = "trousers"
    hairstyle: Literal["short", "long", "tail"] = "short"

    @classmethod
    def random(cls, rng: np.random.Generator, role: str) -> "Appearance":
        """Return a random look that is common for the role on a dance floor."""

        def pick(options: tuple[Colour, ...]) -> Colour:
            return options[rng.integers(len(options))]

        follows = role == "follow"
        return cls(
            skin=pick(SKINS),
            hair=pick(HAIRS),
            top=pick(TOPS),
            bottom=pick(BOTTOMS),
            shoes=pick(SHOES),
            sleeves=rng.choice(["none", "short", "long"], p=[0.5, 0.3, 0.2] if follows else [0.05, 0.6, 0.35]),
            legs=rng.choice(["trousers", "dress", "shorts"], p=[0.5, 0.35, 0.15] if follows else [0.95, 0, 0.05]),
            hairstyle=rng.choice(["short", "long", "tail"], p=[0.1, 0.5, 0.4] if follows else [0.95, 0, 0.05]),
        )


@dataclass(frozen=True)
class Part:
    """The convex hull of some spheres in one colour.

    Attributes
    ----------
    centres : np.ndarray
        float64 (n, 3), centres of the spheres, m.
    radii : np.ndarray
        float64 (n,), m.
    colour : tuple of int
        Colour before shading, BGR.
    depth : float
        Position along z that orders the part among the others, m; clothes on a limb have the limb's depth.
    """

    centres: np.ndarray
    radii: np.ndarray
    colour: Colour
    depth: float

    def gap(self, point: np.ndarray) -> float:
        """Return the distance (m) from a point (3,) to the nearest capsule between two spheres, 0 inside."""
        gaps = [
            _distance_to_segment(point, a, b) - max(r, s)
            for a, r in zip(self.centres, self.radii, strict=True)
            for b, s in zip(self.centres, self.radii, strict=True)
        ]
        return max(float(min(gaps)), 0.0)


def parts(body: Body, look: Appearance, joints: Joints) -> list[Part]:
    """Return all parts of a dancer, in no particular order."""
    return [
        *_trunk(body, look, joints),
        *_head(body, look, joints),
        *(part for side in SIDES for part in (*_leg(body, look, joints, side), *_arm(body, look, joints, side))),
    ]


def _distance_to_segment(point: np.ndarray, start: np.ndarray, end: np.ndarray) -> float:
    along = end - start
    share = np.clip((point - start) @ along / max(float(along @ along), 1e-12), 0, 1)
    return float(np.linalg.norm(point - start - share * along))


Sphere = tuple[np.ndarray, float]


def _part(colour: Colour, *spheres: Sphere, at: np.ndarray | None = None, nearer: float = 0.0) -> Part:
    """Return a part with the depth of `at` (default: its centre), `nearer` m nearer to the camera."""
    centres, radii = (np.array(column) for column in zip(*spheres, strict=True))
    depth = centres[:, 2].mean() if at is None else at[2]
    return Part(centres, radii, colour, float(depth) - nearer)


def _trunk(body: Body, look: Appearance, j: Joints) -> list[Part]:
    h, thick = body.height, 0.058 * body.height * body.build
    hips = [(j[f"{side}_hip"] + 0.02 * h * UP, 0.95 * thick) for side in SIDES]
    waist = [(j["waist"] + sign * 0.026 * h * j["right"], 0.88 * thick) for sign in SIDES.values()]
    chest = [(j["neck"] - 0.065 * h * j["up"] + sign * 0.05 * h * j["right"], thick) for sign in SIDES.values()]
    shoulders = [
        (0.88 * j[f"{side}_shoulder"] + 0.12 * j["neck"] - 0.012 * h * j["up"], 0.026 * h * body.build)
        for side in SIDES
    ]
    middle, hem_of_top = (j["waist"] + j["neck"]) / 2, [(c + 0.012 * h * UP, 1.08 * r) for c, r in hips]
    throat = (j["neck"] - 0.012 * h * UP, 0.03 * h)
    trunk = [
        _part(look.top if look.legs == "dress" else look.bottom, *hips, *waist, at=middle),
        _part(look.top, *waist, *hem_of_top, at=middle, nearer=0.08),
        _part(look.top, *waist, *chest, at=middle, nearer=0.02),
        _part(look.top, *chest, *shoulders, at=middle, nearer=0.03),
        _part(look.skin, (j["neck"] + 0.035 * h * UP, 0.027 * h), throat, at=middle, nearer=0.04),
    ]
    if look.legs == "dress":
        hem = [
            (
                0.8 * j[f"{side}_knee"] + 0.2 * j[f"{side}_hip"] + 0.3 * (j[f"{side}_hip"] - j["pelvis"]),
                1.05 * thick,
            )
            for side in SIDES
        ]
        trunk.append(_part(look.top, *hips, *hem, nearer=0.14))
    return trunk


def _head(body: Body, look: Appearance, j: Joints) -> list[Part]:
    h, centre, forward, right = body.height, j["head"], j["forward"], j["right"]
    jaw = centre + 0.016 * h * forward - 0.036 * h * UP
    face = _part(look.skin, (centre + 0.016 * h * UP + 0.004 * h * forward, 0.045 * h), (jaw, 0.028 * h), at=centre)
    cap = centre - 0.014 * h * forward + 0.026 * h * UP
    back = centre - 0.024 * h * forward
    fringe = cap + 0.012 * h * (UP + forward)
    hair = [
        _part(look.hair, (cap, 0.047 * h), (back, 0.04 * h), at=centre - 0.1 * h * forward),
        _part(look.hair, (cap + 0.016 * h * UP, 0.038 * h), (fringe, 0.036 * h), at=centre, nearer=0.01),
    ]
    if look.hairstyle == "long":
        ends = [
            (j["neck"] - 0.05 * h * forward - 0.06 * h * j["up"] + sign * 0.022 * h * right, 0.024 * h)
            for sign in SIDES.values()
        ]
        hair.append(_part(look.hair, (back, 0.043 * h), *ends))
    elif look.hairstyle == "tail":
        knot, end = cap - 0.045 * h * forward, j["neck"] - 0.075 * h * forward - 0.04 * h * UP
        hair += [_part(look.hair, (knot, 0.018 * h)), _part(look.hair, (knot, 0.014 * h), (end, 0.009 * h))]
    ears = [_part(look.skin, (j[f"{side}_ear"] - 0.004 * h * UP, 0.011 * h), nearer=0.01) for side in SIDES]
    return [face, *hair, *ears, *_features(h, look, j)]


def _features(h: float, look: Appearance, j: Joints) -> list[Part]:
    """Return eyes, brows, nose and mouth: in front of the face, and hidden by it from behind."""
    forward, right = j["forward"], j["right"]
    front = j["head"] + 0.02 * h * forward
    lips: Colour = (int(look.skin[0] * 0.7), int(look.skin[1] * 0.65), int(look.skin[2] * 0.95))
    shade: Colour = (int(look.skin[0] * 0.85), int(look.skin[1] * 0.88), int(look.skin[2] * 0.93))
    mouth = j["head"] + 0.039 * h * forward - 0.038 * h * UP
    bridge = j["nose"] - 0.008 * h * forward + 0.016 * h * UP
    features = [
        _part(shade, (j["nose"], 0.006 * h), (bridge, 0.0035 * h), at=front),
        _part(lips, *((mouth + sign * 0.01 * h * right, 0.0035 * h) for sign in SIDES.values()), at=front),
    ]
    for side in SIDES:
        eye = j[f"{side}_eye"]
        brow = eye + 0.011 * h * UP
        ends = [(brow + sign * 0.008 * h * right, 0.0022 * h) for sign in SIDES.values()]
        features += [_part((45, 40, 40), (eye, 0.0048 * h), at=front), _part(look.hair, *ends, at=front)]
    return features


def _leg(body: Body, look: Appearance, j: Joints, side: str) -> list[Part]:
    h, b = body.height, body.build
    hip, knee, ankle = (j[f"{side}_{name}"] for name in ("hip", "knee", "ankle"))
    colour, loose = (look.bottom, 1.12) if look.legs == "trousers" else (look.skin, 1.0)
    calf, thigh, shin = 0.7 * knee + 0.3 * ankle, (hip + knee) / 2, (knee + ankle) / 2
    forward = j["forward"] * np.array([1.0, 0.0, 1.0])
    heel, toe = ankle - 0.022 * h * UP - 0.014 * h * forward, ankle - 0.031 * h * UP + 0.095 * h * forward
    widths = (0.031 * h * b * loose, 0.032 * h * b * loose, 0.019 * h * b * loose)
    leg = [
        _part(colour, (hip, 0.05 * h * b), (knee, 0.032 * h * b * loose), at=thigh),
        _part(colour, *zip((knee, calf, ankle), widths, strict=True), at=shin),
        _part(look.shoes, (heel, 0.023 * h), (toe, 0.014 * h), (ankle, 0.018 * h), at=ankle),
    ]
    if look.legs == "shorts":
        leg.append(_part(look.bottom, (hip, 0.052 * h * b), (thigh, 0.047 * h * b), at=thigh, nearer=0.01))
    return leg


def _arm(body: Body, look: Appearance, j: Joints, side: str) -> list[Part]:
    h, b = body.height, body.build
    shoulder, elbow, wrist = (j[f"{side}_{name}"] for name in ("shoulder", "elbow", "wrist"))
    along = (wrist - elbow) / max(float(np.linalg.norm(wrist - elbow)), 1e-9)
    upper, fore = (shoulder + elbow) / 2, (elbow + wrist) / 2
    cloth = look.top if look.sleeves == "long" else look.skin
    palm = wrist + 0.3 * body.hand * h * along
    arm = [
        _part(look.skin, (shoulder, 0.027 * h * b), (elbow, 0.02 * h * b), at=upper, nearer=0.02),
        _part(cloth, (elbow, 0.021 * h * b), (wrist - 0.02 * h * along, 0.0155 * h * b), at=fore, nearer=0.03),
        _part(look.skin, (wrist - 0.014 * h * along, 0.014 * h), (wrist, 0.0145 * h), at=fore, nearer=0.035),
        _part(look.skin, (palm, 0.019 * h), (wrist + body.hand * h * along, 0.012 * h), at=wrist, nearer=0.03),
    ]
    if look.sleeves != "none":
        end = elbow if look.sleeves == "long" else 0.45 * shoulder + 0.55 * elbow
        arm.append(_part(look.top, (shoulder, 0.03 * h * b), (end, 0.025 * h * b), at=upper, nearer=0.025))
    return arm
