"""The positions of the feet: bachata's 1-2-3-tap or a walk, computed from the path of the body.

Beats count from 0 (count 1 of the music). A figure (`figures.py`) gives the path of the body.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bachata_assets.synthetic.body import SIDES, Body, Stance, right_of

LIFT_BEATS = 0.55
"""Time for which a foot is in the air before it lands on the beat, beats."""
LIFT_HEIGHT = 0.05
"""Height of a step, m."""


@dataclass(frozen=True)
class Footwork:
    """Which foot lands on which beat of a cycle, and which landings are taps (no weight).

    Attributes
    ----------
    feet : the landing foot of each beat of the cycle
    taps : beats of the cycle on which the foot only taps and the hip is accented
    """

    feet: tuple[str, ...]
    taps: tuple[int, ...] = ()

    def landing(self, side: str, beat: float, step: int) -> int:
        """Return the beat of the last (`step` -1) or next (+1) landing of a foot around `beat`."""
        k = int(np.floor(beat)) if step < 0 else int(np.floor(beat)) + 1
        while self.feet[k % len(self.feet)] != side:
            k += step
        return k

    def support(self, beat: int) -> float:
        """Return the side that carries the weight at an integer beat: -1 left, +1 right."""
        cycle = beat % len(self.feet)
        sign = SIDES[self.feet[cycle]]
        return -sign if cycle in self.taps else sign

    def accent(self, beat: float) -> float:
        """Return the hip accent, -1..1 (right is positive): the tapping side's hip is up on 4 and 8."""
        nearest = round(beat)
        cycle = nearest % len(self.feet)
        if cycle not in self.taps:
            return 0.0
        return SIDES[self.feet[cycle]] * float(np.cos(np.pi * (beat - nearest)) ** 2)


LEAD = Footwork(("left", "right", "left", "right", "right", "left", "right", "left"), taps=(3, 7))
FOLLOW = Footwork(("right", "left", "right", "left", "left", "right", "left", "right"), taps=(3, 7))
WALK = Footwork(("left", "right"))


def smooth(x: float) -> float:
    """Return the smoothstep of x clipped to 0..1."""
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def sway(footwork: Footwork, beat: float) -> float:
    """Return the position of the weight, -1 (left foot) .. 1 (right foot)."""
    k = int(np.floor(beat))
    before, after = footwork.support(k), footwork.support(k + 1)
    return before + (after - before) * smooth((beat - k) * 1.4 - 0.4)


def ankles(body: Body, footwork: Footwork, stance_at: Callable[[float], Stance], beat: float) -> dict[str, np.ndarray]:
    """Return side -> ankle (3,) in metres: planted between landings, in an arc while it steps."""
    places = {}
    for side in SIDES:
        last, upcoming = footwork.landing(side, beat, -1), footwork.landing(side, beat, +1)
        start, end = (_placed(body, footwork, side, stance_at(k), k) for k in (last, upcoming))
        going = smooth((beat - (upcoming - LIFT_BEATS)) / LIFT_BEATS)
        place = start + (end - start) * going
        tapping = last % len(footwork.feet) in footwork.taps
        place[1] += LIFT_HEIGHT * np.sin(np.pi * going) + 0.03 * tapping * (1 - going)
        places[side] = place
    return places


def _placed(body: Body, footwork: Footwork, side: str, stance: Stance, beat: int) -> np.ndarray:
    """Return the ankle of a foot that has just landed; a tap lands closer to the other foot."""
    closeness = 0.75 if beat % len(footwork.feet) in footwork.taps else 1.0
    aside = SIDES[side] * closeness * (body.hips * body.height + 0.02) * right_of(stance.heading)
    return np.array([stance.x, body.ankle * body.height, stance.z]) + aside
