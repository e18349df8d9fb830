"""Thresholds for finding persons in a frame, with units and measured reasons.

They are part of `TrackingParameters` (`tracking/parameters.py`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DetectionParameters:
    """Which persons are candidates (`candidates.py`)."""

    detect_every: int = 2
    """Frames from one detector run to the next (0.13 s at 15 fps); boxes between are interpolated."""
    detector_score: float = 0.2
    """Minimum detector score of a box, 0..1."""
    most_boxes: int = 60
    """Maximum number of boxes to consider per frame."""
    most_persons: int = 8
    """Number of boxes per frame to keep whatever they overlap."""
    most_in_crowd: int = 20
    """Maximum number of boxes to keep, including people of a crowd, who stand beside all others."""
    beside_covered: float = 0.3
    """Maximum share of a box that any other box covers if it stands beside them."""
    box_nms: float = 0.85
    """IoU above which the weaker of two boxes is dropped; at 0.6, one of two embracing dancers is lost."""
    posed_first_iou: float = 0.6
    """IoU with a better box above which a box waits for the pose of the better one."""
    same_pose_oks: float = 0.9
    """OKS above which two candidates are the same pose, found through two boxes."""
    certain_pose_score: float = 0.5
    """Mean keypoint score from which two poses apart are the couple; waiting boxes then get no pose."""
    apart_iou: float = 0.35
    """IoU of their boxes below which two poses stand apart."""


@dataclass(frozen=True)
class CloserParameters:
    """When people are so small that only the part of the frame in which they move is searched (`closer.py`)."""

    surely_somebody: float = 0.4
    """Mean of detector score and keypoint score from which a person is certain."""
    seen_share: float = 0.5
    """Minimum number of certain persons per detector run."""
    small_person: float = 0.58
    """Median height of people up to which they are small, frame heights; 0.61 or more in 48 real clips."""
    small_extent: float = 0.62
    """Height of what moves up to which people are small, frame heights; 0.68 or more in seven real clips."""
    largest_region: float = 0.75
    """Height of what moves from which a closer look gains nothing, frame heights."""
    region_margin: float = 0.15
    """Margin above and below what moves, in its height; twice as much at the sides."""
    region_aspect: float = 1.78
    """Minimum aspect ratio of the region, width over height."""
