"""Rooms that no camera saw: plain, graded, cloudy, full of shapes, or a blurred scene; and what may stand in them."""

import cv2
import numpy as np


def painted(rng: np.random.Generator, width: int, height: int, scene: np.ndarray) -> np.ndarray:
    """Return a background, uint8 (height, width, 3).

    Parameters
    ----------
    scene : a frame of the data; shown only so blurred that nobody in it can be recognised
    """
    kind = rng.choice(["plain", "graded", "clouds", "shapes", "scene", "texture"])
    if kind == "graded":
        corners = rng.integers(0, 256, (2, 2, 3)).astype(np.uint8)
        if rng.random() < 0.5:
            corners[:, 1] = corners[:, 0]
        picture = cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR)
    elif kind == "clouds":
        picture = _clouds(rng, width, height)
    elif kind == "scene":
        cells = int(rng.integers(5, 12))
        small = cv2.resize(scene, (cells * 2, cells), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        picture = picture[..., rng.permutation(3)] if rng.random() < 0.5 else picture
    elif kind == "texture":
        picture = _texture(rng, width, height)
    else:
        picture = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    picture = np.ascontiguousarray(picture)
    if rng.random() < 0.6:
        _lay_floor(picture, rng)
    if kind == "shapes" or rng.random() < 0.4:
        _put_shapes(picture, rng, int(rng.integers(2, 40 if kind == "shapes" else 8)))
    return picture


def _clouds(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Return coloured noise whose power falls with the frequency."""
    total = np.zeros((height, width, 3), np.float32)
    fall = rng.uniform(0.4, 0.95)
    for octave in range(1, 7):
        cells = 2**octave
        noise = rng.standard_normal((cells, cells, 3)).astype(np.float32)
        if rng.random() < 0.5:
            noise = noise[..., :1].repeat(3, axis=-1)
        total += fall**octave * cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    total = rng.uniform(60, 200, 3).astype(np.float32) + total * rng.uniform(15, 70) / float(total.std())
    return np.clip(total, 0, 255).astype(np.uint8)


def _texture(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Return a tiled pattern: boards, bricks, curtains, wallpaper."""
    shades = rng.integers(0, 256, (int(rng.integers(1, 8)), int(rng.integers(1, 8)), 3))
    middle = rng.integers(40, 215, 3)
    cells = (middle + (shades - 128) * rng.uniform(0.1, 0.8)).clip(0, 255).astype(np.uint8)
    size = (int(rng.integers(6, 60)), int(rng.integers(6, 60)))
    smooth = cv2.INTER_NEAREST if rng.random() < 0.5 else cv2.INTER_CUBIC
    tile = cv2.resize(cells, size, interpolation=smooth)
    return np.tile(tile, (height // size[1] + 1, width // size[0] + 1, 1))[:height, :width]


def _lay_floor(picture: np.ndarray, rng: np.random.Generator) -> None:
    edge = int(picture.shape[0] * rng.uniform(0.5, 0.95))
    floor = picture[edge:].astype(np.float32) * rng.uniform(0.2, 1.3) + rng.uniform(-50, 80, 3)
    picture[edge:] = np.clip(floor, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        picture[max(edge - int(rng.integers(2, 6)), 0) : edge] = rng.integers(0, 256, 3)


def _put_shapes(picture: np.ndarray, rng: np.random.Generator, count: int) -> None:
    """Draw boxes, lamps, plants, lines: whatever is not a person."""
    height, width = picture.shape[:2]
    for _ in range(count):
        colour = rng.integers(0, 256, 3).tolist()
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        size = rng.integers(4, max(height // 3, 5), 2)
        shape = rng.integers(5)
        if shape == 0:
            cv2.rectangle(
                picture, (x, y), (x + int(size[0]), y + int(size[1])), colour, -1 if rng.random() < 0.6 else 2
            )
        elif shape == 1:
            cv2.ellipse(picture, (x, y), size.tolist(), float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        elif shape == 2:
            corners = (np.array([x, y]) + rng.uniform(-1, 1, (int(rng.integers(3, 7)), 2)) * size).astype(np.int32)
            cv2.fillPoly(picture, [corners], colour, cv2.LINE_AA)
        elif shape == 3:
            end = (int(rng.integers(0, width)), int(rng.integers(0, height)))
            cv2.line(picture, (x, y), end, colour, int(rng.integers(1, 5)), cv2.LINE_AA)
        else:
            for angle in rng.uniform(0, 2 * np.pi, 7):
                tip = (int(x + size[0] * np.cos(angle)), int(y + size[1] * np.sin(angle)))
                cv2.line(picture, (x, y), tip, colour, int(rng.integers(2, 6)), cv2.LINE_AA)
