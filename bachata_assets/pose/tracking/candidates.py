"""Frames to candidate persons: detected boxes with keypoints and colours. Which of them are the couple: `tracks.py`."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.geometry import (
    AREA_OF_BOX,
    box_area,
    box_iou,
    non_maximum_suppression,
    object_keypoint_similarity,
)
from bachata_assets.pose.models.pose_models import Detections, PoseModels
from bachata_assets.pose.tracking.appearance import body_colours
from bachata_assets.schemas import KEYPOINTS

SCORE_THRESHOLD = 0.2
MOST_PERSONS = 8
SAME_POSE_OKS = 0.9
"""Two candidates this similar are one pose found by way of two boxes."""
FIRST_NMS = 0.6
"""IoU above which a box waits for the pose of the better one."""
CERTAIN_SCORE = 0.5
APART_IOU = 0.35
"""Two poses of this mean score whose boxes overlap by less are the couple, and boxes that wait are theirs too."""


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
    """Yield the candidate persons of each frame (H, W, 3) uint8 BGR.

    Boxes that overlap much are usually one person's, but in an embrace each may be another's: the best of them are
    posed first, the others only where those do not already show two certain dancers apart.
    """
    waiting: deque[np.ndarray] = deque()
    looks: deque[_Look] = deque()
    asked: deque[tuple[_Look, int]] = deque()
    doubtful: deque[tuple[_Look, int]] = deque()

    def remembered() -> Iterator[np.ndarray]:
        for frame in frames:
            waiting.append(frame)
            yield frame

    detections = models.detect(remembered(), SCORE_THRESHOLD, limit=MOST_PERSONS)

    def jobs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for found in detections:
            look = _Look(waiting.popleft(), found)
            looks.append(look)
            yield from [asked_for(look, index) for index in look.wanted]
            while doubtful:
                yield asked_for(*doubtful.popleft())
        while doubtful:
            yield asked_for(*doubtful.popleft())

    def asked_for(look: _Look, index: int) -> tuple[np.ndarray, np.ndarray]:
        asked.append((look, index))
        return look.frame, look.found.boxes[index]

    while True:
        for pose in models.keypoints(jobs()):
            look, index = asked.popleft()
            doubtful.extend((look, other) for other in look.take_in(index, pose))
            while looks and looks[0].complete:
                yield looks.popleft().candidates()
        # The last looks' first poses came when there was nothing else left to ask.
        if not doubtful:
            break
    for look in looks:
        yield look.candidates()


class _Look:
    """One frame while the poses of its boxes come in; `wanted` are the boxes to pose."""

    def __init__(self, frame: np.ndarray, found: Detections) -> None:
        self.frame = frame
        self.found = found
        self.wanted: list[int] = non_maximum_suppression(found.boxes, found.scores, FIRST_NMS).tolist()
        self._poses: dict[int, np.ndarray] = {}
        self._decided = len(self.wanted) == len(found.boxes)

    @property
    def complete(self) -> bool:
        """Whether no pose is missing any more."""
        return self._decided and len(self._poses) == len(self.wanted)

    def take_in(self, index: int, pose: np.ndarray) -> list[int]:
        """Keep the pose of a box; return the boxes that are now wanted too."""
        self._poses[index] = pose
        if self._decided or len(self._poses) < len(self.wanted):
            return []
        self._decided = True
        others = [] if self._two_apart() else [i for i in range(len(self.found.boxes)) if i not in self._poses]
        self.wanted += others
        return others

    def candidates(self) -> Candidates:
        """Return what was found."""
        kept = self._distinct()
        keypoints = self._keypoints(kept)
        return Candidates(
            self.found.boxes[kept], self.found.scores[kept], keypoints, body_colours(self.frame, keypoints)
        )

    def _two_apart(self) -> bool:
        certain = [index for index in self._distinct() if self._poses[index][:, 2].mean() >= CERTAIN_SCORE]
        return len(certain) > 1 and bool(box_iou(*self.found.boxes[certain[:2]]) < APART_IOU)

    def _distinct(self) -> list[int]:
        """Return the boxes whose poses differ, the most certain of each kind."""
        posed = sorted(self._poses)
        keypoints = self._keypoints(posed)
        certainty = self.found.scores[posed] * keypoints[..., 2].mean(1)
        area = box_area(self.found.boxes[posed]) * AREA_OF_BOX
        kept: list[int] = []
        for index in np.argsort(-certainty, kind="stable"):
            similar = object_keypoint_similarity(keypoints[index], keypoints[kept], area[index])
            if not (similar > SAME_POSE_OKS).any():
                kept.append(int(index))
        return [posed[index] for index in kept]

    def _keypoints(self, boxes: list[int]) -> np.ndarray:
        return np.array([self._poses[index] for index in boxes], np.float32).reshape(-1, KEYPOINTS, 3)
