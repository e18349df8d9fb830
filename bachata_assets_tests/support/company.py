"""Drawn clips of a couple in company, with exact truth: other couples, passers-by, mirrors, a new partner."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np

from bachata_assets.synthetic.body import Joints
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.clip_writer import frame_times
from bachata_assets.synthetic.people import Couple, Dancer, Walker
from bachata_assets.synthetic.scene import Mirror, Scene, random_scene
from bachata_assets.synthetic.truth import ClipTruth, gather
from bachata_assets.video.writer import VideoWriter

CAMERA = Camera(640, 360, distance=4.6, fill=0.74)
CHANGE_S = 4.0
"""When the follow of `NewPartner` leaves, s."""
AWAY = 1.7
"""How far from the couple the other follow stands, m."""


@dataclass(frozen=True)
class NewPartner(Couple):
    """A couple whose follow leaves, while another one comes and dances with the lead.

    Attributes
    ----------
    third : the other follow
    """

    third: Dancer = field(default_factory=Dancer)

    roles: ClassVar[tuple[str, ...]] = ("lead", "follow", "other")

    @property
    def dancers(self) -> tuple[Dancer, ...]:
        """Lead, follow and the other follow."""
        return (self.lead, self.follow, self.third)

    def joints(self, time: float) -> list[Joints]:
        """Return the joints of the three at `time` (s)."""
        of_couple = {one.name: getattr(self, one.name) for one in fields(Couple)}
        lead, follow = Couple(**of_couple).joints(time)
        other_lead, third = Couple(**{**of_couple, "follow": self.third}).joints(time)
        gone = float(np.clip(time - CHANGE_S, 0, 1))
        there = [lead if gone < 0.5 else other_lead]
        for joints, moved in ((follow, AWAY * gone), (third, AWAY * (gone - 1))):
            there.append({name: place + np.array([moved, 0, 0]) for name, place in joints.items()})
        return there


@dataclass(frozen=True)
class CrossingCouple(Couple):
    """A couple that dances across the room.

    Attributes
    ----------
    speed : m/s to the right
    """

    speed: float = 0.0

    def joints(self, time: float) -> list[Joints]:
        """Return the joints of lead and follow at `time` (s)."""
        moved = np.array([self.speed * time, 0, 0])
        return [{name: place + moved for name, place in joints.items()} for joints in super().joints(time)]


@dataclass(frozen=True)
class Company:
    """A scene as it is filmed.

    Attributes
    ----------
    scene : its couple is the one that is meant
    mirror : side on which a mirror shows everything again; empty where there is none
    size : of the image, in that of the room
    """

    scene: Scene
    mirror: str = ""
    size: float = 1.0

    def mirrored(self, picture: np.ndarray) -> tuple[np.ndarray, int]:
        """Return a picture uint8 (H, W, 3) with the mirror beside it, and how far it is moved to the right, px."""
        import cv2

        if not self.mirror:
            return picture, 0
        height = len(picture)
        image = cv2.resize(picture[:, ::-1], None, fx=self.size, fy=self.size, interpolation=cv2.INTER_AREA)
        above = height - image.shape[0]
        image = cv2.copyMakeBorder(image, above // 2, above - above // 2, 0, image.shape[1] % 2, cv2.BORDER_REPLICATE)
        if self.mirror == "right":
            return np.concatenate([picture, image], axis=1), 0
        return np.concatenate([image, picture], axis=1), image.shape[1]

    def write(self, path: Path, seconds: float) -> ClipTruth:
        """Write a clip of 15 frames a second and return its truth."""
        times = frame_times(seconds, Fraction(15))
        first, moved = self.mirrored(self.scene.draw(0.0))
        size = (first.shape[1], first.shape[0])
        moments = []
        with VideoWriter.open(path, size, Fraction(15), {"crf": "23", "preset": "veryfast"}, threads=1) as writer:
            for time in times:
                picture, moment = self.scene.render(float(time))
                moments.append(moment)
                writer.add_picture(self.mirrored(picture)[0], float(time))
        truth = gather(times, moments, np.zeros(0), self.scene.couple.tempo)
        return replace(
            truth,
            keypoints=np.add(truth.keypoints, [moved, 0]).astype(np.float32),
            boxes=np.add(truth.boxes, [moved, 0, moved, 0]).astype(np.float32),
        )


def scene(seed: int, figure: str, **couple: float) -> Scene:
    """Return a scene whose beat has begun before the first frame."""
    return random_scene(seed, figure, CAMERA, first_beat=-1.0, **couple)


def crowded(seed: int) -> tuple[Scene, Scene]:
    """Return a couple alone, and the same couple in front of nine others."""
    camera = Camera(1280, 720, distance=6.0, fill=0.5)
    alone = random_scene(seed, "basic_step", camera, first_beat=-1.0, x=0.0)
    places = [
        (-2.2, 0.3),
        (2.2, 0.3),
        *((x, 1.6) for x in (-2.8, -1.0, 1.0, 2.8)),
        *((x, 3.0) for x in (-2.0, 0.0, 2.0)),
    ]
    others = [
        replace(random_scene(seed + 1 + number, "lady_right_turn", camera, first_beat=-1.0).couple, x=x, z=z)
        for number, (x, z) in enumerate(places)
    ]
    return alone, replace(alone, others=tuple(others))


def companies(seed: int) -> Iterator[tuple[str, Company]]:
    """Yield the situations of one seed by name."""
    alone = scene(seed, "basic_step", x=0.0)
    left = scene(seed, "basic_step", x=-1.15)
    other = scene(seed + 1, "lady_right_turn").couple
    person = other.follow
    yield "alone", Company(alone)
    yield "two couples", Company(replace(left, others=(replace(other, x=1.2, z=0.2),)))
    yield "a couple behind", Company(replace(alone, others=(replace(other, x=1.5, z=1.4),)))
    across = {one.name: getattr(other, one.name) for one in fields(Couple)} | {"x": -2.6, "z": 0.9}
    yield "a couple crosses behind", Company(replace(alone, others=(CrossingCouple(**across, speed=0.75),)))
    yield "an onlooker", Company(replace(alone, others=(Walker(person, x=1.4, z=0.3, speed=0.02),)))
    yield "a passer-by behind", Company(replace(alone, others=(Walker(person, x=-3.0, z=0.8, speed=1.2),)))
    yield "a passer-by in front", Company(replace(alone, others=(Walker(person, x=-2.6, z=-0.7, speed=1.0),)))
    yield "mirror behind", Company(replace(alone, mirror=Mirror()))
    yield "mirror right", Company(alone, "right", 0.85)
    yield "mirror left", Company(alone, "left", 0.85)
    yield "equal mirror right", Company(alone, "right")
    couple = {one.name: getattr(alone.couple, one.name) for one in fields(Couple)}
    yield "new partner", Company(replace(alone, couple=NewPartner(**couple, third=person)))
