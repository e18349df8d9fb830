"""Thresholds of finding the camera's motion, with their units and reasons.

They are part of `TrackingParameters` (`tracking/parameters.py`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CameraParameters:
    """How the camera's motion is found (`camera/motion.py`); px are those of the small pictures."""

    look_side: int = 320
    """Longer side of the pictures that are looked at, px."""
    look_every: int = 2
    """Steps of the detector from one look to the next (0.27 s), in a clip of less than 17 s."""
    most_looks: int = 64
    """Largest number of pictures that tell whether the camera moves."""
    most_corners: int = 80
    fewest_corners: int = 10
    """Corners that are followed, and fewest that must agree."""
    agreement: float = 1.0
    """Distance from where the similarity takes it within which a corner agrees, px."""
    least_agreeing: float = 0.3
    """Share of the corners that must agree."""
    still: float = 0.004
    """Motion of the picture's corners below which the camera stands still, picture widths."""
    least_moving: float = 0.15
    """Share of the looks that must show motion: one may follow a passing shadow."""
