"""Frames to candidate persons: detected boxes with keypoints and colours. Which of them are the couple: `tracks.py`."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.appearance import FEATURES, body_colours
from bachata_assets.pose.geometry import box_area, object_keypoint_similarity
from bachata_assets.pose.models import Detections, PoseModels

SCORE_THRESHOLD = 0.2
MOST_PERSONS = 8
SAME_POSE_OKS = 0.9
"""Two candidates this similar are one pose found by way of two boxes."""


@dataclass(frozen=True)
class Candidates:
    """The persons of one frame: boxes (N, 4), scores (N,), keypoints (N, 17, 3), colours (N, FEATURES)."""

    boxes: np.ndarray
    scores: np.ndarray
    keypoints: np.ndarray
    colours: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)


def find_candidates(models: PoseModels, frames: Iterable[np.ndarray]) -> Iterator[Candidates]:
    """Yield the candidate persons of each frame (H, W, 3) uint8 BGR."""
    waiting: deque[np.ndarray] = deque()
    detected: deque[tuple[np.ndarray, Detections]] = deque()

    def remembered() -> Iterator[np.ndarray]:
        for frame in frames:
            waiting.append(frame)
            yield frame

    def jobs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for found in models.detect(remembered(), SCORE_THRESHOLD, limit=MOST_PERSONS):
            frame = waiting.popleft()
            detected.append((frame, found))
            for box in found.boxes:
                yield frame, box

    poses = models.keypoints(jobs())
    collected: list[np.ndarray] = []
    for pose in poses:
        collected.append(pose)
        while detected and len(collected) >= len(detected[0][1].boxes):
            frame, found = detected.popleft()
            count = len(found.boxes)
            yield _candidates(frame, found, collected[:count])
            collected = collected[count:]
    for frame, found in detected:
        yield _candidates(frame, found, collected)


def _candidates(frame: np.ndarray, found: Detections, poses: list[np.ndarray]) -> Candidates:
    if not poses:
        empty = np.zeros
        return Candidates(found.boxes, found.scores, empty((0, 17, 3), np.float32), empty((0, FEATURES), np.float32))
    keypoints = np.stack(poses)
    kept = _distinct(found, keypoints)
    return Candidates(found.boxes[kept], found.scores[kept], keypoints[kept], body_colours(frame, keypoints[kept]))


def _distinct(found: Detections, keypoints: np.ndarray) -> list[int]:
    """Return the indices of poses that differ, the most certain of each kind."""
    certainty = found.scores * keypoints[..., 2].mean(1)
    area = box_area(found.boxes)
    kept: list[int] = []
    for index in np.argsort(-certainty, kind="stable"):
        similar = object_keypoint_similarity(keypoints[index], keypoints[kept], area[index] * 0.53)
        if not (similar > SAME_POSE_OKS).any():
            kept.append(int(index))
    return kept
