"""A second look for a dancer whom the partner hides: the partner is painted out, and the pose model looks again.

What counts as found at first is `dense.py`'s concern.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.background import RoomSamples, paint_out
from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.geometry import AREA_OF_BOX, box_area, box_center, object_keypoint_similarity
from bachata_assets.pose.models import PoseModels

LEAST_SCORE = 0.22
"""Mean keypoint score from which a pose found behind the painting counts."""
PARTNERS_OKS = 0.5
FARTHEST = 0.25
"""Of the found trunk from the expected place, in body heights."""
SIZES = (0.55, 1.4)
"""Smallest and largest extent of a pose, in heights of the expected box."""


@dataclass(frozen=True)
class HiddenPoses:
    """What was found: `places` (M, 2) frame and dancer, `boxes` (M, 4), `keypoints` (M, 17, 3)."""

    places: np.ndarray
    boxes: np.ndarray
    keypoints: np.ndarray


def look_behind(
    models: PoseModels,
    frames: ClipFrames,
    samples: RoomSamples,
    boxes: np.ndarray,
    keypoints: np.ndarray,
    valid: np.ndarray,
) -> HiddenPoses:
    """Return believable poses of dancers who are not `valid` on frames where the partner is.

    Parameters
    ----------
    boxes : (T, 2, 4); keypoints : (T, 2, 17, 3); valid : bool (T, 2)
    """
    expected = _beside_partner(boxes, valid)
    wanted = ~valid & valid[:, ::-1] & ~np.isnan(expected[..., 0])
    places: list[tuple[int, int]] = []
    if not wanted.any():
        return HiddenPoses(np.zeros((0, 2), int), np.zeros((0, 4)), np.zeros((0, 17, 3)))
    room = samples.room(np.where(valid[..., None], boxes, np.nan))

    def jobs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for index, (_, picture) in enumerate(frames):
            for who in np.flatnonzero(wanted[index]):
                partner = 1 - int(who)
                height = float(boxes[index, partner, 3] - boxes[index, partner, 1])
                places.append((index, int(who)))
                yield (
                    paint_out(picture, keypoints[index, partner], height, room),
                    expected[index, who],
                )

    poses = np.stack(list(models.keypoints(jobs())))
    at = np.array(places)
    where = expected[at[:, 0], at[:, 1]]
    believed = _believable(poses, where, keypoints[at[:, 0], 1 - at[:, 1]])
    return HiddenPoses(at[believed], where[believed], poses[believed])


def _beside_partner(boxes: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return where each dancer's box (T, 2, 4) is expected from the partner's: offset and size linear over gaps."""
    expected = np.full(boxes.shape, np.nan, np.float32)
    both = np.flatnonzero(valid.all(axis=1))
    if not both.size:
        return expected
    center, size = box_center(boxes), boxes[..., 2:] - boxes[..., :2]
    steps = np.arange(len(boxes))
    height = size[both, :, 1]
    for who in (0, 1):
        partner = 1 - who
        own_height = float(np.median(height[:, who] / height[:, partner]))
        own_width = float(np.median(size[both, who, 0] / height[:, who]))
        offset = (center[both, who] - center[both, partner]) / height[:, [partner]]
        moved = np.stack([np.interp(steps, both, offset[:, axis]) for axis in (0, 1)], axis=1)
        now = size[:, partner, 1] * own_height
        # Someone who is hidden stands nearer behind than when last seen beside.
        middle = center[:, partner] + 0.5 * moved * size[:, [partner], 1].reshape(-1, 1)
        half = np.stack([now * max(own_width, 0.38), now], axis=1) / 2
        expected[:, who] = np.concatenate([middle - half, middle + half], axis=1)
    return expected


def _believable(poses: np.ndarray, expected: np.ndarray, partner: np.ndarray) -> np.ndarray:
    """Return bool (M,): certain enough, not the partner's body, and of a size and at a place that fit."""
    height = expected[:, 3] - expected[:, 1]
    oks = object_keypoint_similarity(poses, partner, box_area(expected) * AREA_OF_BOX)
    trunk = poses[:, [5, 6, 11, 12], :2].mean(axis=1)
    away = np.abs(trunk - box_center(expected))[:, 0] / height
    extent = (poses[..., 1].max(axis=1) - poses[..., 1].min(axis=1)) / height
    return (
        (poses[..., 2].mean(axis=1) >= LEAST_SCORE)
        & (oks < PARTNERS_OKS)
        & (away < FARTHEST)
        & (extent > SIZES[0])
        & (extent < SIZES[1])
    )
