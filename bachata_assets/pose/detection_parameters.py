"""Thresholds of finding persons in a frame, with their units and measured reasons.

They are part of `TrackingParameters` (`tracking/parameters.py`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DetectionParameters:
    """Which persons are candidates (`candidates.py`)."""

    detect_every: int = 2
    """Frames from one run of the detector to the next (0.13 s at 15 fps); boxes between are interpolated."""
    detector_score: float = 0.2
    """Lowest detector score of a box, 0..1."""
    most_boxes: int = 60
    """Largest number of boxes that are looked at in one frame."""
    most_persons: int = 8
    """Number of boxes of one frame that are kept whatever they overlap."""
    most_in_crowd: int = 20
    """Largest number kept with those that stand beside them all: people of a crowd."""
    beside_covered: float = 0.3
    """Share of a box that each other box may cover for it to stand beside them."""
    box_nms: float = 0.85
    """IoU above which the weaker of two boxes is dropped; at 0.6 one of two embracing dancers is lost."""
    posed_first_iou: float = 0.6
    """IoU with a better box above which a box waits for the pose of the better one."""
    same_pose_oks: float = 0.9
    """OKS above which two candidates are one pose, found by way of two boxes."""
    certain_pose_score: float = 0.5
    """Mean keypoint score from which two poses that stand apart are the couple, so that waiting boxes are not posed."""
    apart_iou: float = 0.35
    """IoU of their boxes below which two poses stand apart."""


@dataclass(frozen=True)
class CloserParameters:
    """When people are so small that only the part of the picture in which they move is looked at (`closer.py`)."""

    surely_somebody: float = 0.4
    """Mean of the detector's and the keypoints' scores from which somebody is surely there."""
    seen_share: float = 0.5
    """Fewest of them for each look of the detector."""
    small_person: float = 0.58
    """Median height, in that of the picture, up to which people are small; in 48 real clips it is 0.61 or more."""
    small_extent: float = 0.62
    """Height of what moves, in that of the picture, up to which people are small; in seven real clips 0.68 or more."""
    largest_region: float = 0.75
    """Height of what moves, in that of the picture, from which nothing is gained by looking closer."""
    region_margin: float = 0.15
    """What is added above and below what moves, in its height; twice that at the sides."""
    region_aspect: float = 1.78
    """Smallest width of the region over its height."""
