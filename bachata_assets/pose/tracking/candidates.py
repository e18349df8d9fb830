"""From frames to candidates: detected boxes with keypoints and colours.

`choosing/` decides which of them may be the couple, `tracks.py` which are the dancers.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.detection_parameters import DetectionParameters
from bachata_assets.pose.geometry import (
    AREA_OF_BOX,
    box_area,
    box_iou,
    non_maximum_suppression,
    object_keypoint_similarity,
    stabilised,
)
from bachata_assets.pose.models.pose_models import Detections, PoseModels
from bachata_assets.pose.tracking.appearance import body_colours
from bachata_assets.pose.tracking.parameters import DEFAULTS, TrackingParameters
from bachata_assets.schemas import KEYPOINTS

MISSING = -1
"""Index that stands for no candidate or no person."""


@dataclass(frozen=True)
class Candidates:
    """The persons of one frame.

    Attributes
    ----------
    boxes : np.ndarray
        float32 (N, 4), x1 y1 x2 y2, px of the frame.
    scores : np.ndarray
        float32 (N,), detector scores, 0..1.
    keypoints : np.ndarray
        float32 (N, 17, 3), x y px and score 0..1.
    colours : np.ndarray
        float32 (N, FEATURES), histograms from `body_colours`.
    """

    boxes: np.ndarray
    scores: np.ndarray
    keypoints: np.ndarray
    colours: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)

    def only(self, which: np.ndarray) -> "Candidates":
        """Return the candidates that `which`, bool (N,), selects."""
        if which.all():
            return self
        return Candidates(self.boxes[which], self.scores[which], self.keypoints[which], self.colours[which])

    def stabilised(self, to_first: np.ndarray) -> "Candidates":
        """Return the candidates mapped to the first frame by `to_first`, float (4,), as in `CameraMotion`."""
        corners = stabilised(self.boxes.reshape(1, -1, 2), to_first[None]).reshape(-1, 4)
        keypoints = stabilised(self.keypoints[None], to_first[None])[0]
        return Candidates(corners, self.scores, keypoints, self.colours)


def find_candidates(
    models: PoseModels, frames: Iterable[np.ndarray], parameters: TrackingParameters = DEFAULTS
) -> Iterator[Candidates]:
    """Yield the candidate persons of each frame.

    Boxes that overlap much usually belong to one person, but in an embrace they may belong to two. The best boxes get a
    pose first, the others only if those do not already show two certain dancers apart.

    Parameters
    ----------
    models : PoseModels
        Detector and pose model.
    frames : iterable of np.ndarray
        uint8 (H, W, 3), BGR, all of one size.
    parameters : TrackingParameters
        Thresholds.

    Yields
    ------
    Candidates
        One for each frame, in order.
    """
    limits = parameters.detection
    waiting: deque[np.ndarray] = deque()
    begun: deque[_Frame] = deque()
    asked: deque[tuple[_Frame, int]] = deque()
    doubtful: deque[tuple[_Frame, int]] = deque()

    def remembered() -> Iterator[np.ndarray]:
        for picture in frames:
            waiting.append(picture)
            yield picture

    detections = models.detect(
        remembered(), limits.detector_score, nms_threshold=limits.box_nms, limit=limits.most_boxes
    )

    def jobs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for found in detections:
            frame = _Frame(waiting.popleft(), _of_people(found, limits), parameters)
            begun.append(frame)
            yield from [asked_for(frame, index) for index in frame.wanted]
            while doubtful:
                yield asked_for(*doubtful.popleft())
        while doubtful:
            yield asked_for(*doubtful.popleft())

    def asked_for(frame: _Frame, index: int) -> tuple[np.ndarray, np.ndarray]:
        asked.append((frame, index))
        return frame.picture, frame.found.boxes[index]

    while True:
        for pose in models.keypoints(jobs()):
            frame, index = asked.popleft()
            doubtful.extend((frame, other) for other in frame.take_in(index, pose))
            while begun and begun[0].complete:
                yield begun.popleft().candidates()
        # By now, the first poses of the last frames are complete.
        if not doubtful:
            break
    for frame in begun:
        yield frame.candidates()


def _of_people(found: Detections, limits: DetectionParameters) -> Detections:
    """Return the best boxes, and those others that stand beside them all: further people in a crowd."""
    kept = list(range(min(limits.most_persons, len(found.boxes))))
    for index in range(limits.most_persons, len(found.boxes)):
        box = found.boxes[index]
        low, high = np.maximum(box[:2], found.boxes[kept, :2]), np.minimum(box[2:], found.boxes[kept, 2:])
        covered = np.prod(np.maximum(high - low, 0), axis=1) / max(float(box_area(box)), 1.0)
        if (covered <= limits.beside_covered).all() and len(kept) < limits.most_in_crowd:
            kept.append(index)
    return Detections(found.boxes[kept], found.scores[kept])


class _Frame:
    """One frame while its poses arrive; `wanted` are the boxes that need a pose."""

    def __init__(self, picture: np.ndarray, found: Detections, parameters: TrackingParameters) -> None:
        self.picture = picture
        self.found = found
        self._limits, self._clothes = parameters.detection, parameters.clothes
        self.wanted: list[int] = non_maximum_suppression(
            found.boxes, found.scores, self._limits.posed_first_iou
        ).tolist()
        self._poses: dict[int, np.ndarray] = {}
        self._decided = len(self.wanted) == len(found.boxes)

    @property
    def complete(self) -> bool:
        """Whether all poses have arrived."""
        return self._decided and len(self._poses) == len(self.wanted)

    def take_in(self, index: int, pose: np.ndarray) -> list[int]:
        """Store the pose of a box, and return the boxes that now need a pose too."""
        self._poses[index] = pose
        if self._decided or len(self._poses) < len(self.wanted):
            return []
        self._decided = True
        others = [] if self._two_apart() else [i for i in range(len(self.found.boxes)) if i not in self._poses]
        self.wanted += others
        return others

    def candidates(self) -> Candidates:
        """Return the frame's candidates."""
        kept = self._distinct()
        keypoints = self._keypoints(kept)
        colours = body_colours(self.picture, keypoints, parameters=self._clothes)
        return Candidates(self.found.boxes[kept], self.found.scores[kept], keypoints, colours)

    def _two_apart(self) -> bool:
        """Tell whether two certain poses are apart, with no third one apart from both.

        With more people, two of another couple could be taken for a couple that hides one another.
        """
        limits = self._limits
        certain = [i for i in self._distinct() if self._poses[i][:, 2].mean() >= limits.certain_pose_score]
        boxes = self.found.boxes[certain]
        apart = box_iou(boxes[:, None], boxes[None, :2]) < limits.apart_iou
        return len(certain) > 1 and bool(apart[0, 1]) and not apart[2:].all(axis=1).any()

    def _distinct(self) -> list[int]:
        """Return the boxes with distinct poses; of similar poses, only the most certain."""
        posed = sorted(self._poses)
        keypoints = self._keypoints(posed)
        certainty = self.found.scores[posed] * keypoints[..., 2].mean(1)
        area = box_area(self.found.boxes[posed]) * AREA_OF_BOX
        kept: list[int] = []
        for index in np.argsort(-certainty, kind="stable"):
            similar = object_keypoint_similarity(keypoints[index], keypoints[kept], area[index])
            if not (similar > self._limits.same_pose_oks).any():
                kept.append(int(index))
        return [posed[index] for index in kept]

    def _keypoints(self, boxes: list[int]) -> np.ndarray:
        return np.array([self._poses[index] for index in boxes], np.float32).reshape(-1, KEYPOINTS, 3)
