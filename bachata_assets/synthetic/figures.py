"""The figures of the dance: where both dancers stand at each beat, and how they hold one another.

A figure is a function of the beat (count 1 is beat 0, one cycle is 8 beats) in the couple's own coordinates, in which
the lead faces along x towards the follow. `footwork.py` and `holds.py` compute steps and hands from it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from bachata_assets.synthetic.body import Stance
from bachata_assets.synthetic.footwork import smooth

SIDE_STEP = (0.2, 0.4, 0.6, 0.6, 0.4, 0.2, 0.0, 0.0)
"""Position at each of the 8 counts of the basic, m to the lead's left."""


@dataclass(frozen=True)
class Moment:
    """Both stances and the weight of each hold (see `holds.py`), which sum to 1."""

    lead: Stance
    follow: Stance
    holds: dict[str, float] = field(default_factory=lambda: {"closed": 1.0})


Figure = Callable[[float], Moment]


def along(values: tuple[float, ...], beat: float) -> float:
    """Return the position on a smooth cyclic path through `values`, one per beat."""
    k = int(np.floor(beat))
    start, end = values[k % len(values)], values[(k + 1) % len(values)]
    return start + (end - start) * smooth(beat - k)


def facing(distance: float, x: float = 0.0, z: float = 0.0, **both: float) -> tuple[Stance, Stance]:
    """Return two stances face to face, `distance` m apart, around (x, z)."""
    return (
        Stance(x - distance / 2, z, 0.0, **both),
        Stance(x + distance / 2, z, np.pi, **both),
    )


def basic_step(beat: float) -> Moment:
    """Side basic in closed hold."""
    return Moment(*facing(0.44, z=along(SIDE_STEP, beat) - 0.3))


def open_basic(beat: float) -> Moment:
    """Side basic with both hands held, further apart."""
    return Moment(*facing(0.78, z=along(SIDE_STEP, beat) - 0.3), {"open": 1.0})


def forward_backward(beat: float) -> Moment:
    """Forward and backward basic in closed hold."""
    return Moment(*facing(0.45, x=along(SIDE_STEP, beat) - 0.3))


def lady_right_turn(beat: float) -> Moment:
    """Dance the basic on 1-4; on 5-7 the follow turns to her right under the lead's raised left arm."""
    return _turn(beat, -1.0)


def lady_left_turn(beat: float) -> Moment:
    """Dance the basic on 1-4; on 5-7 the follow turns to her left under the lead's raised left arm."""
    return _turn(beat, 1.0)


def _turn(beat: float, direction: float) -> Moment:
    count = beat % 8
    turned = direction * 2 * np.pi * smooth((count - 3.3) / 3.6)
    raised = smooth((count - 2.6) / 1.0) * (1 - smooth((count - 6.7) / 1.2))
    lead, follow = facing(0.68, z=0.7 * (along(SIDE_STEP, beat) - 0.3))
    follow = Stance(follow.x, follow.z, follow.heading + turned)
    return Moment(lead, follow, {"raised": raised, "open": 1 - raised})


def body_roll(beat: float) -> Moment:
    """Close embrace with a wave through both trunks every 4 counts, the follow a little later."""
    lead, follow = (_rolling(0.17 * sign, heading, beat - lag) for sign, heading, lag in ((-1, 0, 0), (1, np.pi, 0.3)))
    return Moment(lead, follow)


def _rolling(x: float, heading: float, beat: float) -> Stance:
    phase = 2 * np.pi * beat / 4
    wave = {"pelvis_pitch": 0.22 * np.sin(phase) - 0.06, "chest_pitch": 0.2 * np.sin(phase - 1.4) + 0.04}
    return Stance(x * (1 + 0.1 * np.sin(phase)), 0.0, heading, crouch=0.07 + 0.05 * np.sin(phase + 0.8), **wave)


def cross_body_lead(beat: float) -> Moment:
    """Change places once every 8 counts: the lead opens, the follow walks past him to the other side."""
    cycle, count = divmod(beat, 8)
    angle = np.pi * (cycle + smooth((count - 1.5) / 5.5))
    passing = np.sin(np.pi * smooth((count - 1.5) / 5.5))
    reach = 0.38 + 0.06 * passing
    x, z = reach * np.cos(angle), reach * np.sin(angle)
    lead = Stance(-0.9 * x, -0.9 * z, angle - 0.2 * passing)
    return Moment(lead, Stance(x, z, angle + np.pi + 0.5 * passing), {"open": 1.0})


def shadow_position(beat: float) -> Moment:
    """Side basic one behind the other, both facing along x, the follow in front."""
    z = along(SIDE_STEP, beat) - 0.3
    return Moment(Stance(-0.2, z + 0.06, 0.0), Stance(0.2, z - 0.06, 0.0), {"shadow": 1.0})


def full_occlusion(beat: float) -> Moment:
    """Face to face; for 4 of 16 beats, the lead hides the follow completely from the camera."""
    count = beat % 16
    angle = np.pi / 2 * (smooth((count - 3) / 3) - smooth((count - 10) / 3))
    hidden = smooth((count - 3.5) / 2) - smooth((count - 10) / 2)
    x, z = 0.36 * np.cos(angle), 0.36 * np.sin(angle)
    lead, follow = Stance(-x, -z, angle), Stance(x, z, angle + np.pi, crouch=0.1 * hidden)
    return Moment(lead, follow, {"tucked": hidden, "open": 1 - hidden})


FIGURES: dict[str, Figure] = {
    figure.__name__: figure
    for figure in (
        basic_step, open_basic, forward_backward, lady_right_turn, lady_left_turn, body_roll, cross_body_lead,
        shadow_position, full_occlusion,
    )
}  # fmt: skip
"""Every figure by its move label."""
