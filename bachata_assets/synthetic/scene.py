"""A scene: people in a room in front of a camera, with a picture and its exact truth at any time."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from bachata_assets.pose.skeleton import FACE, NAMES
from bachata_assets.synthetic import drawing
from bachata_assets.synthetic.appearance import Appearance, Part, parts
from bachata_assets.synthetic.background import Room, noise_tile, paint_room
from bachata_assets.synthetic.body import Body, Joints, coco_points
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.figures import FIGURES
from bachata_assets.synthetic.people import Couple, Dancer, Walker

HIDDEN, SEEN = 1, 2
"""COCO's visibility flags; 0 is outside the picture."""
CARRIED = 0.03
"""Maximum distance (m) between a joint and the own body's visible part at its pixel; a part farther off covers it."""


@dataclass(frozen=True)
class Mirror:
    """A mirror on the wall; the people in it are not in the truth.

    Attributes
    ----------
    x0, x1 : left and right edge, m
    top : upper edge, m above the floor
    dim : brightness of the image in it, 0..1
    """

    x0: float = -2.5
    x1: float = 2.5
    top: float = 2.1
    dim: float = 0.85


@dataclass(frozen=True)
class Truth:
    """The truth of one instant, which a perfect pose estimator would find; P people, lead and follow first.

    Attributes
    ----------
    keypoints : float32 (P, 17, 2), px, COCO order, including hidden joints
    visibility : uint8 (P, 17), 0 outside the picture, 1 hidden, 2 visible
    boxes : float32 (P, 4), px x1 y1 x2 y2 around the whole person, clipped to the picture
    visible_fraction : float32 (P,), share of the person's own outline that nobody else covers
    roles : lead, follow, other
    """

    keypoints: np.ndarray
    visibility: np.ndarray
    boxes: np.ndarray
    visible_fraction: np.ndarray
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """People in a room in front of a camera; everything is a pure function of time.

    Examples
    --------
    >>> from bachata_assets.synthetic.camera import Camera
    >>> scene = random_scene(seed=7, figure="lady_right_turn", camera=Camera(width=320, height=240), tempo=120)
    >>> picture, truth = scene.render(2.0)
    >>> picture.shape, truth.roles
    ((240, 320, 3), ('lead', 'follow'))
    >>> truth.keypoints.shape, truth.visibility.dtype
    ((2, 17, 2), dtype('uint8'))
    """

    couple: Couple = field(default_factory=Couple)
    others: tuple[Couple | Walker, ...] = ()
    camera: Camera = field(default_factory=Camera)
    room: Room = field(default_factory=Room)
    mirror: Mirror | None = None

    @property
    def roles(self) -> tuple[str, ...]:
        """Role of each person."""
        return tuple(role for group in self._groups for role in group.roles)

    def draw(self, time: float) -> np.ndarray:
        """Return the picture at `time` (s), uint8 (H, W, 3), BGR."""
        return self.render(time)[0]

    def truth(self, time: float) -> Truth:
        """Return the exact keypoints, boxes and visibility at `time` (s)."""
        return self.render(time)[1]

    def render(self, time: float) -> tuple[np.ndarray, Truth]:
        """Return picture and truth at `time` (s)."""
        import cv2

        people = self.people(time)
        canvas = drawing.Canvas(self._empty_room.copy())
        shapes = [parts(dancer.body, dancer.look, joints) for dancer, joints in people]
        if self.mirror:
            self._reflect(canvas, self.mirror, shapes)
        ankles = [joints[f"{side}_ankle"] for _, joints in people for side in ("left", "right")]
        drawing.shadow(canvas, self.camera, np.array(ankles))
        drawing.paint(canvas, self.camera, shapes, self._cloth)
        picture = cv2.GaussianBlur(canvas.image, (0, 0), 0.0012 * self.camera.height + 0.15)
        return picture, self._truth(people, shapes, canvas)

    def people(self, time: float) -> list[tuple[Dancer, Joints]]:
        """Return every person and the joints (m) at `time` (s), lead and follow first."""
        return [pair for group in self._groups for pair in zip(group.dancers, group.joints(time), strict=True)]

    @property
    def _groups(self) -> tuple[Couple | Walker, ...]:
        return (self.couple, *self.others)

    @cached_property
    def _empty_room(self) -> np.ndarray:
        return paint_room(self.room, self.camera)

    @cached_property
    def _cloth(self) -> np.ndarray:
        height = self.camera.height
        return noise_tile(np.random.default_rng(self.room.seed + 1), height, height, 0.012 * height, 0.05)

    def _reflect(self, canvas: drawing.Canvas, mirror: Mirror, shapes: list[list[Part]]) -> None:
        """Paint the people's images in the mirror, behind everything else."""
        plane = self.room.wall_z
        corners = np.array([[mirror.x0, mirror.top, plane], [mirror.x1, 0.05, plane]])
        (x0, y0), (x1, y1) = self.camera.project(corners)[:, :2].round().astype(int)
        window = np.s_[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)]
        behind = [
            [Part(_mirrored(p.centres, plane), p.radii, p.colour, 2 * plane - p.depth) for p in person]
            for person in shapes
        ]
        glass = drawing.Canvas(canvas.image.copy())
        drawing.paint(glass, self.camera, behind, self._cloth)
        canvas.image[window] = (glass.image[window] * mirror.dim).astype(np.uint8)

    def _truth(self, people: list[tuple[Dancer, Joints]], shapes: list[list[Part]], canvas: drawing.Canvas) -> Truth:
        size = np.array([self.camera.width, self.camera.height])
        points = np.array([coco_points(joints) for _, joints in people])
        projected = self.camera.project(points)[..., :2]
        inside = ((projected >= 0) & (projected < size)).all(axis=-1)
        pixels = np.clip(projected, 0, size - 1).astype(int)
        seen = self._turned_to_camera(people)
        for person, joint in zip(*np.nonzero(seen & inside), strict=True):
            x, y = pixels[person, joint]
            top = canvas.top[y, x]
            part, owner = canvas.painted[top]
            carried = part.gap(points[person, joint]) < CARRIED
            seen[person, joint] = top >= 0 and owner == person and carried
        visibility = np.where(inside, np.where(seen, SEEN, HIDDEN), 0)
        outlines = [np.concatenate([drawing.outline(self.camera, part) for part in person]) for person in shapes]
        boxes = np.array([[*np.clip(o.min(0), 0, size), *np.clip(o.max(0), 0, size)] for o in outlines])
        return Truth(
            projected.astype(np.float32),
            visibility.astype(np.uint8),
            boxes.astype(np.float32),
            np.array([self._visible_fraction(canvas.owner, i, person) for i, person in enumerate(shapes)], np.float32),
            self.roles,
        )

    def _turned_to_camera(self, people: list[tuple[Dancer, Joints]]) -> np.ndarray:
        """Return bool (P, 17), False for the features of a face that is turned away."""
        towards = np.ones((len(people), len(NAMES)), bool)
        for index, (_, joints) in enumerate(people):
            view = joints["head"] + np.array([0, -self.camera.level, self.camera.distance])
            for feature in FACE:
                ahead = (joints[NAMES[feature]] - joints["head"]) @ view
                towards[index, feature] = ahead < 0.02 * np.linalg.norm(view)
        return towards

    def _visible_fraction(self, owner: np.ndarray, index: int, person: list[Part]) -> float:
        own = drawing.silhouette(self.camera, person)
        return float((owner[own] == index).mean()) if own.any() else 0.0


def random_scene(seed: int, figure: str = "basic_step", camera: Camera | None = None, **couple: float) -> Scene:
    """Return a scene with random bodies, clothes, room, camera distance and sides.

    Parameters
    ----------
    seed : int
        The same seed gives the same scene.
    figure : str
        Key of `figures.FIGURES`.
    camera : Camera or None
        The camera; None: a random one.
    **couple : float
        Values for fields of `Couple`, such as `tempo`, `first_beat` and `angle`.

    Raises
    ------
    KeyError
        The figure does not exist.
    """
    rng = np.random.default_rng(seed)
    lead_height = rng.uniform(1.70, 1.88)
    lead = Body(float(lead_height), float(rng.uniform(0.106, 0.114)), build=float(rng.uniform(0.92, 1.15)))
    follow = Body(
        float(lead_height - rng.uniform(0.08, 0.18)),
        float(rng.uniform(0.096, 0.103)),
        build=float(rng.uniform(0.85, 1.0)),
    )
    drawn = {
        "tempo": float(rng.uniform(108, 145)),
        "angle": float(rng.choice([0, np.pi]) + rng.uniform(-0.6, 0.6)),
        "turn_per_beat": float(rng.choice([0, 0, 0.03, -0.03])),
        "x": float(rng.uniform(-0.3, 0.3)),
    }
    lens = Camera(distance=float(rng.uniform(3.6, 6.5)), fill=float(rng.uniform(0.55, 0.8)))
    looks = [Appearance.random(rng, role) for role in ("lead", "follow")]
    return Scene(
        Couple(Dancer(lead, looks[0]), Dancer(follow, looks[1]), FIGURES[figure], **(drawn | couple)),
        camera=camera or lens,
        room=Room.random(rng),
    )


def _mirrored(points: np.ndarray, plane: float) -> np.ndarray:
    mirrored: np.ndarray = points * np.array([1, 1, -1]) + np.array([0, 0, 2 * plane])
    return mirrored
