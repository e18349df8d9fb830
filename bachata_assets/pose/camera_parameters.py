"""Thresholds of finding the camera's motion and the cuts of a clip, with their units and reasons.

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
    least_of_view: float = 0.5
    """Share of a view's corners that must be found, below which a picture becomes a view itself."""
    farthest_view: float = 0.12
    """Motion of the picture's corners since a view above which a picture becomes one, picture widths."""
    most_views: int = 24
    """Largest number of known views, the first left out."""
    most_tried: int = 5
    """Largest number of known views in which a picture is looked for that cannot be placed by the nearest one."""
    still: float = 0.004
    """Motion of the picture's corners below which the camera stands still, picture widths."""
    least_moving: float = 0.15
    """Share of the looks that must show motion: one may follow a passing shadow."""


@dataclass(frozen=True)
class ShotParameters:
    """How cuts are found (`camera/shots.py`) and which shot counts (`detection.py`); px are of the small pictures."""

    shot_side: int = 160
    """Longer side of the pictures that are compared, px."""
    least_change: float = 0.03
    """One minus the correlation of two pictures, below which nothing is looked at further."""
    sudden: float = 4.0
    """The same in multiples of what is usual in the second before."""
    changed_grey: int = 12
    """Difference of the grey level from which a place changes, 0..255."""
    least_changed: float = 0.02
    """Share of the picture that must change."""
    shot_corners: int = 60
    fewest_shot_corners: int = 8
    """Corners that are followed, and fewest that tell anything."""
    returned: float = 1.0
    """Distance from where it began within which a corner comes back, followed there and back, px."""
    unlike_corner: float = 18.0
    """Mean difference of the grey levels around a corner from which it is another one, 0..255."""
    found_again: float = 0.2
    """Share of the corners found again below which the shot has ended; 0 to 0.12 at cuts, else 0.3 or more."""
    longest_flash: int = 4
    """Steps (0.5 s) within which the picture before may be back: it was a flash of light, or someone close by."""
