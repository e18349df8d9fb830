"""The empty room, painted once per scene: a floor with boards, and a wall with pictures."""

from dataclasses import dataclass

import numpy as np

from bachata_assets.synthetic.camera import Camera


@dataclass(frozen=True)
class Room:
    """The look of the empty room.

    Attributes
    ----------
    wall, floor : BGR colours, 0..255
    seed : seed of the furnishing and the texture
    wall_z : distance of the wall behind the plane z = 0, m
    furnished : whether pictures hang on the wall
    """

    wall: tuple[int, int, int] = (190, 200, 205)
    floor: tuple[int, int, int] = (95, 130, 165)
    seed: int = 0
    wall_z: float = 2.2
    furnished: bool = True

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Room":
        """Return a random room in muted colours."""
        grey, tint = rng.uniform(90, 225), rng.uniform(-25, 25, 3)
        wall = np.clip(grey + tint, 20, 240).astype(int).tolist()
        brown = np.array([0.6, 0.8, 1.0]) * rng.uniform(90, 200) + rng.uniform(-15, 15, 3)
        floor = np.clip(brown, 20, 235).astype(int).tolist()
        return cls(
            (wall[0], wall[1], wall[2]),
            (floor[0], floor[1], floor[2]),
            seed=int(rng.integers(2**31)),
            wall_z=float(rng.uniform(1.4, 3.0)),
            furnished=bool(rng.random() < 0.8),
        )


def noise_tile(rng: np.random.Generator, height: int, width: int, blur: float, strength: float) -> np.ndarray:
    """Return smooth noise around 1: float32 (height, width).

    Parameters
    ----------
    rng : source of the noise
    height, width : size, px
    blur : standard deviation of the smoothing, px
    strength : standard deviation of the noise
    """
    import cv2

    noise = cv2.GaussianBlur(rng.standard_normal((height, width)).astype(np.float32), (0, 0), blur)
    return (1 + strength * noise / max(float(noise.std()), 1e-6)).astype(np.float32)


def paint_room(room: Room, camera: Camera) -> np.ndarray:
    """Return the empty room, uint8 (H, W, 3) BGR."""
    rng = np.random.default_rng(room.seed)
    height, width = camera.height, camera.width
    edge = int(np.clip(camera.project(np.array([0.0, 0.0, room.wall_z]))[1], 1, height - 1))
    picture = np.empty((height, width, 3), np.float32)
    picture[:edge] = np.array(room.wall) * np.linspace(1.08, 0.92, edge)[:, None, None]
    picture[edge:] = np.array(room.floor) * np.linspace(0.78, 1.1, height - edge)[:, None, None]
    picture *= noise_tile(rng, height, width, 0.004 * height, 0.02)[..., None]
    if room.furnished:
        _furnish(picture, room, camera, rng)
    _boards(picture, camera, room)
    picture[max(edge - height // 50, 0) : edge] *= 0.82
    light = 1 - 0.25 * ((np.linspace(-1, 1, width)[None] + rng.uniform(-0.5, 0.5)) ** 2)
    picture *= np.broadcast_to(light, (height, width))[..., None]
    return np.clip(picture, 0, 255).astype(np.uint8)


def _furnish(picture: np.ndarray, room: Room, camera: Camera, rng: np.random.Generator) -> None:
    """Hang framed pictures and windows on the wall."""
    import cv2

    for _ in range(int(rng.integers(1, 5))):
        left, bottom = rng.uniform(-3.5, 3.0), rng.uniform(0.6, 1.6)
        size = rng.uniform(0.4, 1.1, 2)
        corners = np.array([[left, bottom + size[1], room.wall_z], [left + size[0], bottom, room.wall_z]])
        (x0, y0), (x1, y1) = camera.project(corners)[:, :2].round().astype(int)
        inner = np.clip(np.array(room.wall) * rng.uniform(0.4, 1.2) + rng.uniform(-40, 40, 3), 0, 255)
        frame = max((x1 - x0) // 14, 1)
        cv2.rectangle(picture, (x0, y0), (x1, y1), inner.tolist(), -1)
        cv2.rectangle(picture, (x0, y0), (x1, y1), (np.array(room.wall) * 0.45).tolist(), int(frame))


def _boards(picture: np.ndarray, camera: Camera, room: Room) -> None:
    """Draw the joints between floor boards, which run away from the camera."""
    import cv2

    near = 0.4 - camera.distance
    dark = (np.array(room.floor) * 0.72).tolist()
    for x in np.arange(-6, 6, 0.35):
        ends = camera.project(np.array([[x, 0, near], [x, 0, room.wall_z]]))[:, :2]
        start, end = (tuple(int(v) for v in point.round()) for point in ends)
        cv2.line(picture, start, end, dark, 1, cv2.LINE_AA)
