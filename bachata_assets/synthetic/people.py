"""The people in the room: a couple on the beat, and others who walk by.

Both are pure functions of time; `scene.py` puts them on a picture.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from bachata_assets.synthetic import footwork
from bachata_assets.synthetic.appearance import TOPS, Appearance
from bachata_assets.synthetic.body import Body, Joints, Stance, trunk, with_arms
from bachata_assets.synthetic.figures import FIGURES, Figure, Moment
from bachata_assets.synthetic.holds import hands, relaxed

STEPS = (footwork.LEAD, footwork.FOLLOW)


@dataclass(frozen=True)
class Dancer:
    """A body and its look."""

    body: Body = field(default_factory=Body)
    look: Appearance = field(default_factory=Appearance)


def _typical_follow() -> Dancer:
    look = Appearance(top=TOPS[3], hairstyle="long", sleeves="none")
    return Dancer(Body(height=1.65, shoulders=0.1), look)


@dataclass(frozen=True)
class Couple:
    """Lead and follow dancing one figure.

    Attributes
    ----------
    figure : see `figures.py`
    tempo : beats per minute
    first_beat : s, time of beat 0 (a count 1)
    x, z : m, the couple's centre
    angle : rad, heading of the lead at the start: 0 puts the lead on the picture's left, pi on the right
    turn_per_beat : rad by which the couple turns each beat
    """

    lead: Dancer = field(default_factory=Dancer)
    follow: Dancer = field(default_factory=_typical_follow)
    figure: Figure = FIGURES["basic_step"]
    tempo: float = 125.0
    first_beat: float = 0.2
    x: float = 0.0
    z: float = 0.0
    angle: float = 0.3
    turn_per_beat: float = 0.0

    roles: ClassVar[tuple[str, ...]] = ("lead", "follow")

    @property
    def dancers(self) -> tuple[Dancer, ...]:
        """Lead and follow."""
        return (self.lead, self.follow)

    def joints(self, time: float) -> list[Joints]:
        """Return the joints of lead and follow at `time` (s)."""
        beat = (time - self.first_beat) * self.tempo / 60
        trunks = [self._trunk(index, beat) for index in (0, 1)]
        wrists = hands(self.figure(beat).holds, *trunks)
        return [with_arms(d.body, t, w) for d, t, w in zip(self.dancers, trunks, wrists, strict=True)]

    def _trunk(self, index: int, beat: float) -> Joints:
        body, steps = self.dancers[index].body, STEPS[index]
        ankles = footwork.ankles(body, steps, lambda b: self._stance(index, b), beat)
        sway, accent = footwork.sway(steps, beat), steps.accent(beat)
        stance = self._stance(index, beat)
        motion = {
            "sway": stance.sway + 0.045 * sway - 0.02 * accent,
            "hip_roll": 0.055 * accent - 0.015 * sway,
            "twist": stance.twist - 0.1 * sway,
            "crouch": stance.crouch + 0.012 * (1 + np.cos(2 * np.pi * beat)),
        }
        return trunk(body, replace(stance, **motion), ankles)

    def _stance(self, index: int, beat: float) -> Stance:
        """Return a dancer's stance in the room: the figure's stance, turned and moved with the couple."""
        moment: Moment = self.figure(beat)
        stance = (moment.lead, moment.follow)[index]
        angle = self.angle + self.turn_per_beat * beat
        x = self.x + np.cos(angle) * stance.x - np.sin(angle) * stance.z
        z = self.z + np.sin(angle) * stance.x + np.cos(angle) * stance.z
        return replace(stance, x=float(x), z=float(z), heading=stance.heading + angle)


@dataclass(frozen=True)
class Walker:
    """A person who walks through the picture on a straight line.

    Attributes
    ----------
    x, z : m, position at time 0
    heading : rad
    speed : m/s
    """

    person: Dancer = field(default_factory=Dancer)
    x: float = -3.0
    z: float = 1.0
    heading: float = 0.0
    speed: float = 1.1

    roles: ClassVar[tuple[str, ...]] = ("other",)

    @property
    def dancers(self) -> tuple[Dancer, ...]:
        """The walker alone."""
        return (self.person,)

    def joints(self, time: float) -> list[Joints]:
        """Return the walker's joints at `time` (s)."""
        steps_per_second = 1.8

        def stance_at(step: float) -> Stance:
            covered = self.speed * step / steps_per_second
            x, z = self.x + covered * np.cos(self.heading), self.z + covered * np.sin(self.heading)
            return Stance(float(x), float(z), self.heading)

        step, body = time * steps_per_second, self.person.body
        places = footwork.ankles(body, footwork.WALK, lambda k: stance_at(k + 0.5 * (k % 1 == 0)), step)
        torso = trunk(body, stance_at(step), places)
        return [with_arms(body, torso, relaxed(torso, footwork.sway(footwork.WALK, step)))]
