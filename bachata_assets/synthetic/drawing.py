"""Painting of parts on a picture, far to near, shaded, with soft edges; records which person covers which pixel."""

from dataclasses import dataclass, field

import numpy as np

from bachata_assets.synthetic.appearance import Part
from bachata_assets.synthetic.camera import Camera

LIGHT = np.array([-0.45, -0.6, 0.66])
"""Direction to the lamp in the picture: left, up, towards the camera."""
_SHIFT = 4
"""Fractional bits of the coordinates for OpenCV."""
_ANGLES = np.linspace(0, 2 * np.pi, 20, endpoint=False)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=-1)


@dataclass
class Canvas:
    """A picture in progress, and the part that is visible at each pixel.

    Attributes
    ----------
    image : uint8 (H, W, 3), BGR
    top : int16 (H, W), index into `painted` of the visible part, -1 where nobody is
    painted : the parts, each with the index of its person
    """

    image: np.ndarray
    top: np.ndarray = field(init=False)
    painted: list[tuple[Part, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.top = np.full(self.image.shape[:2], -1, np.int16)

    @property
    def owner(self) -> np.ndarray:
        """Return the index of the person visible at each pixel, int8 (H, W), -1 where nobody is."""
        owners = np.array([*(owner for _, owner in self.painted), -1], np.int8)
        return np.asarray(owners[self.top])


def paint(canvas: Canvas, camera: Camera, people: list[list[Part]], cloth: np.ndarray) -> None:
    """Paint all parts of all people, the farthest first.

    Parameters
    ----------
    people : the parts of each person; `canvas.painted` keeps the person's index
    cloth : float32 (h, w), brightness pattern around 1 of clothes and skin
    """
    queue = [(part, owner) for owner, parts in enumerate(people) for part in parts]
    queue.sort(key=lambda item: -item[0].depth)
    for part, owner in queue:
        canvas.painted.append((part, owner))
        _paint_part(canvas, outline(camera, part), cloth)


def outline(camera: Camera, part: Part) -> np.ndarray:
    """Return points (m, 2) in px around a part's spheres, whose convex hull is the part's outline."""
    projected = camera.project(part.centres)
    radii = part.radii * projected[:, 2]
    points: np.ndarray = projected[:, None, :2] + radii[:, None, None] * _CIRCLE
    return points.reshape(-1, 2)


def silhouette(camera: Camera, person: list[Part]) -> np.ndarray:
    """Return the pixels that a person would cover with nobody in front, bool (H, W)."""
    import cv2

    mask = np.zeros((camera.height, camera.width), np.uint8)
    for part in person:
        hull = cv2.convexHull((outline(camera, part) * 2**_SHIFT).round().astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 255, cv2.LINE_8, _SHIFT)
    return mask > 0


def shadow(canvas: Canvas, camera: Camera, feet: np.ndarray) -> None:
    """Darken the floor softly under feet at `feet`, (n, 3), in metres."""
    import cv2

    mask: np.ndarray = np.zeros(canvas.image.shape[:2], np.float32)
    for x, y, scale in camera.project(feet * np.array([1, 0, 1])):
        size = (max(int(0.24 * scale), 1), max(int(0.07 * scale), 1))
        cv2.ellipse(mask, (int(x), int(y)), size, 0, 0, 360, 0.45, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.012 * canvas.image.shape[0] + 1)
    canvas.image[:] = (canvas.image * (1 - mask[..., None])).astype(np.uint8)


def _paint_part(canvas: Canvas, points: np.ndarray, cloth: np.ndarray) -> None:
    import cv2

    height, width = canvas.top.shape
    low = np.maximum(np.floor(points.min(axis=0)).astype(int) - 2, 0)
    high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + 3, (width, height))
    if (high <= low).any():
        return
    (x0, y0), (x1, y1) = low, high
    hull = cv2.convexHull(((points - low) * 2**_SHIFT).round().astype(np.int32))
    mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
    cv2.fillConvexPoly(mask, hull, 255, cv2.LINE_AA, _SHIFT)
    rows, columns = np.arange(y0, y1) % cloth.shape[0], np.arange(x0, x1) % cloth.shape[1]
    shade = _shading(mask) * cloth[np.ix_(rows, columns)]
    alpha = (mask / 255.0)[..., None]
    region = canvas.image[y0:y1, x0:x1]
    painted = np.clip(shade[..., None] * np.array(canvas.painted[-1][0].colour, np.float32), 0, 255)
    region[:] = (region * (1 - alpha) + painted * alpha + 0.5).astype(np.uint8)
    canvas.top[y0:y1, x0:x1][mask > 127] = len(canvas.painted) - 1


def _shading(mask: np.ndarray) -> np.ndarray:
    """Return the brightness (h, w) of a rounded body, by Lambert's law from the distance to its edge."""
    import cv2

    inside = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform((inside > 127).astype(np.uint8), cv2.DIST_L2, 3)
    reach = max(float(distance.max()), 1.0)
    if reach < 2:
        return np.ones(mask.shape, np.float32)
    relative: np.ndarray = distance / reach
    depth = cv2.GaussianBlur(relative, (0, 0), 0.12 * reach + 0.5)
    gradient_x, gradient_y = (
        cv2.Sobel(depth, cv2.CV_32F, *order, ksize=3, scale=reach / 8) for order in ((1, 0), (0, 1))
    )
    tilt = 1 - depth
    towards = np.sqrt(np.clip(1 - tilt**2, 0, 1))
    lit = LIGHT[2] * towards - tilt * (LIGHT[0] * gradient_x + LIGHT[1] * gradient_y)
    shade: np.ndarray = (0.62 + 0.5 * np.clip(lit, 0, 1)).astype(np.float32)
    return shade[1:-1, 1:-1]
