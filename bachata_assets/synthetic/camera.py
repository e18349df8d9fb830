"""The pinhole camera: from metres in the room to pixels of the picture."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A camera that looks horizontally along z.

    Attributes
    ----------
    width, height : size of the picture, px
    distance : m from the lens to the plane z = 0
    fill : fraction of the picture's height that 1.8 m at z = 0 covers
    level : m, height of the lens above the floor
    centre : fraction of the picture's height at which a point 0.9 m above the floor (z = 0) appears
    """

    width: int = 640
    height: int = 360
    distance: float = 4.5
    fill: float = 0.72
    level: float = 1.25
    centre: float = 0.53

    @property
    def focal(self) -> float:
        """Focal length in px."""
        return self.fill * self.height * self.distance / 1.8

    @property
    def horizon(self) -> float:
        """Row of the horizon, px."""
        return self.centre * self.height + self.focal * (0.9 - self.level) / self.distance

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project points to the picture: float64 (..., 3), x and y in px and the scale in px per m.

        Parameters
        ----------
        points : float64 (..., 3), m
        """
        scale = self.focal / np.maximum(points[..., 2] + self.distance, 0.2)
        x = self.width / 2 + scale * points[..., 0]
        y = self.horizon - scale * (points[..., 1] - self.level)
        return np.stack([x, y, scale], axis=-1)
