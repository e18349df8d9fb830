"""The target positions of the hands in each hold, for which the arms reach (`body.with_arms`)."""

from collections.abc import Callable

import numpy as np

from bachata_assets.synthetic.body import SIDES, UP, Joints

Wrists = dict[str, np.ndarray]
"""Side -> target of the wrist, (3,), m."""


def relaxed(me: Joints, swing: float = 0.0) -> Wrists:
    """Hands hang slightly forward and bent; `swing`, -1..1, moves them in opposite directions."""
    return {
        side: me[f"{side}_shoulder"] - 0.46 * me["up"] + (0.12 + 0.15 * sign * swing) * me["forward"]
        + 0.07 * sign * me["right"]
        for side, sign in SIDES.items()
    }  # fmt: skip


def closed(lead: Joints, follow: Joints) -> tuple[Wrists, Wrists]:
    """Lead's right hand on her back, her left on his upper arm, his left holding her right."""
    held = (lead["left_shoulder"] + follow["right_shoulder"]) / 2 - 0.3 * lead["right"] - 0.06 * UP
    back = (follow["waist"] + follow["neck"]) / 2 - 0.1 * follow["forward"] - 0.1 * follow["right"] + 0.05 * UP
    shoulder = lead["right_shoulder"] - 0.06 * UP + 0.06 * lead["right"] + 0.05 * lead["forward"]
    return {"left": held, "right": back}, {"left": shoulder, "right": held}


def open_hold(lead: Joints, follow: Joints) -> tuple[Wrists, Wrists]:
    """Both hands held at the height of the waist."""
    middle = (lead["waist"] + follow["waist"] + lead["neck"] + follow["neck"]) / 4 - 0.1 * UP
    across = 0.5 * (lead["right"] - follow["right"])
    across = across / max(float(np.linalg.norm(across)), 0.3)
    left, right = middle - 0.19 * across, middle + 0.19 * across
    return {"left": left, "right": right}, {"left": right, "right": left}


def raised(lead: Joints, follow: Joints) -> tuple[Wrists, Wrists]:
    """Lead's left hand over her head with her right in it; the other hands are free."""
    over = follow["head"] + 0.2 * UP + 0.25 * (lead["left_shoulder"] - follow["head"]) * np.array([1, 0, 1])
    waist = follow["waist"] - 0.24 * follow["right"] + 0.08 * follow["forward"]
    return {"left": over, "right": relaxed(lead)["right"]}, {"left": waist, "right": over}


def shadow(_lead: Joints, follow: Joints) -> tuple[Wrists, Wrists]:
    """Lead behind: his right hand at her waist, the left hands joined at the side."""
    waist = follow["waist"] + 0.17 * follow["right"] + 0.04 * follow["forward"]
    side = follow["left_shoulder"] - 0.3 * follow["right"] + 0.14 * follow["forward"] - 0.12 * UP
    belly = follow["waist"] + 0.1 * follow["right"] + 0.15 * follow["forward"]
    return {"left": side, "right": waist}, {"left": side, "right": belly}


def tucked(lead: Joints, follow: Joints) -> tuple[Wrists, Wrists]:
    """Each dancer's hands in front of the own chest, so that nothing shows beside a dancer in front."""
    return _before_chest(lead), _before_chest(follow)


def _before_chest(me: Joints) -> Wrists:
    chest = (me["waist"] + me["neck"]) / 2 + 0.16 * me["forward"]
    return {side: chest + 0.05 * sign * me["right"] for side, sign in SIDES.items()}


HOLDS: dict[str, Callable[[Joints, Joints], tuple[Wrists, Wrists]]] = {
    "closed": closed,
    "open": open_hold,
    "raised": raised,
    "shadow": shadow,
    "tucked": tucked,
}


def hands(weights: dict[str, float], lead: Joints, follow: Joints) -> tuple[Wrists, Wrists]:
    """Return the targets of both dancers' wrists, with the holds mixed by weight."""
    wanted = [(weight, HOLDS[name](lead, follow)) for name, weight in weights.items()]

    def mixed(index: int) -> Wrists:
        return {side: np.sum([weight * both[index][side] for weight, both in wanted], axis=0) for side in SIDES}

    return mixed(0), mixed(1)
