"""Thresholds for the camera's motion and the cuts of a clip, with units and reasons.

They are part of `TrackingParameters` (`tracking/parameters.py`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CameraParameters:
    """How `camera/motion.py` finds the camera's motion; px are those of the reduced frames."""

    look_side: int = 320
    """Longer side of the reduced frames, px."""
    look_every: int = 2
    """Detector steps from one look to the next (0.27 s), in clips shorter than 17 s."""
    most_looks: int = 64
    """Maximum number of frames that decide whether the camera moves."""
    most_corners: int = 80
    fewest_corners: int = 10
    """Minimum number of corners to follow, and minimum number that must agree."""
    agreement: float = 1.0
    """Maximum distance between a corner that agrees and its place by the similarity, px."""
    least_agreeing: float = 0.3
    """Minimum share of the corners that must agree."""
    least_of_view: float = 0.5
    """Share of a view's corners found, below which a frame becomes a view itself."""
    farthest_view: float = 0.12
    """Motion of the frame's corners since a view, above which a frame becomes a view, frame widths."""
    most_views: int = 24
    """Maximum number of known views besides the first."""
    most_tried: int = 5
    """Maximum number of known views to try for a frame that the nearest view cannot place."""
    still: float = 0.004
    """Motion of the frame's corners below which the camera stands still, frame widths."""
    least_moving: float = 0.15
    """Minimum share of the looks that must show motion; a single one may follow a passing shadow."""


@dataclass(frozen=True)
class ShotParameters:
    """How `camera/shots.py` finds cuts and `detection.py` chooses a shot; px are those of the reduced frames."""

    shot_side: int = 160
    """Longer side of the reduced frames, px."""
    least_change: float = 0.03
    """Minimum change at a cut: one minus the correlation of two frames."""
    sudden: float = 4.0
    """Minimum change at a cut, as a multiple of the usual change in the second before."""
    changed_grey: int = 12
    """Minimum difference of the grey level at a place that changes, 0..255."""
    least_changed: float = 0.02
    """Minimum share of the frame that must change."""
    shot_corners: int = 60
    fewest_shot_corners: int = 8
    """Minimum number of corners to follow; fewer prove nothing."""
    returned: float = 1.0
    """Maximum distance from its start of a corner that was followed there and back, px."""
    unlike_corner: float = 18.0
    """Mean difference of the grey levels around a corner from which it is another corner, 0..255."""
    found_again: float = 0.2
    """Share of the corners found again, below which the shot has ended: 0 to 0.12 at cuts, else 0.3 or more."""
    longest_flash: int = 4
    """Maximum steps (0.5 s) until the earlier view returns after a flash of light or a person close to the camera."""
