"""A second look for a dancer whom the partner hides: the partner is painted out, and the pose model looks again.

What counts as found at first is `dense.py`'s concern.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.geometry import AREA_OF_BOX, box_area, box_center, object_keypoint_similarity
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.skeleton import TRUNK
from bachata_assets.pose.tracking.appearance import body_colours
from bachata_assets.pose.tracking.background import Painted, RoomSamples, paint_out
from bachata_assets.pose.tracking.reidentification import ColourModel
from bachata_assets.schemas import KEYPOINTS

LEAST_SCORE = 0.2
"""Mean keypoint score from which a pose found behind the painting counts."""
LEAST_LEFT = 0.015
"""Share of the expected box in which something is left: with less there is nothing to see."""
PARTNERS_OKS = 0.55
"""A pose this like the partner's may be a trace of the painting; the clothes can say that it is not, up to the next."""
SURELY_PARTNERS_OKS = 0.8
FEWEST_PARTS = 3
"""Parts of the body whose colours must be in sight to say anything."""
OWN_CLOTHES = 1.0
FOREIGN_CLOTHES = -2.0
"""Log-odds of the colours at the pose, where the painting left something to see."""
FARTHEST = 0.25
"""Of the found trunk from the expected place, in body heights."""
ASIDE = 0.3
"""Farthest that a hidden dancer is looked for to either side of the partner, in body heights."""
WIDTH = 0.42
"""Of the box, in its height."""
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
    colours: ColourModel,
) -> HiddenPoses:
    """Return believable poses of dancers who are not `valid` on frames where the partner is.

    Parameters
    ----------
    boxes : (T, 2, 4); keypoints : (T, 2, 17, 3); valid : bool (T, 2)
    colours : tells the dancers' clothes apart
    """
    ratio = _height_ratio(boxes, valid)
    wanted = ~valid & valid[:, ::-1]
    if ratio is None or not wanted.any():
        return HiddenPoses(np.zeros((0, 2), int), np.zeros((0, 4)), np.zeros((0, KEYPOINTS, 3)))
    room = samples.room(np.where(valid[..., None], boxes, np.nan))
    looks: deque[_Look] = deque()

    def jobs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for index, (_, picture) in enumerate(frames):
            for who in np.flatnonzero(wanted[index]):
                partner = boxes[index, 1 - who]
                height = float(partner[3] - partner[1])
                painted = paint_out(picture, keypoints[index, 1 - who], height, room)
                box = _where_left(painted.left, partner, height * (ratio if who == 0 else 1 / ratio))
                if box is not None:
                    looks.append(_Look(index, int(who), painted, box))
                    yield painted.picture, box

    kept = []
    for pose in models.keypoints(jobs()):
        look = looks.popleft()
        if look.believes(pose, keypoints[look.frame, 1 - look.who], colours):
            kept.append((look.frame, look.who, look.box, pose))
    return HiddenPoses(
        np.array([(frame, who) for frame, who, _, _ in kept], int).reshape(-1, 2),
        np.array([box for _, _, box, _ in kept]).reshape(-1, 4),
        np.array([pose for _, _, _, pose in kept]).reshape(-1, KEYPOINTS, 3),
    )


@dataclass(frozen=True)
class _Look:
    """One look at one hidden dancer."""

    frame: int
    who: int
    painted: Painted
    box: np.ndarray

    def believes(self, pose: np.ndarray, partner: np.ndarray, colours: ColourModel) -> bool:
        """Tell whether `pose` (17, 3) is certain, not the partner's, of a size, place and clothes that fit."""
        height = self.box[3] - self.box[1]
        trunk = pose[TRUNK, 0].mean()
        fits = abs(trunk - box_center(self.box)[0]) < FARTHEST * height
        fits &= SIZES[0] * height < np.ptp(pose[:, 1]) < SIZES[1] * height
        if not fits or pose[:, 2].mean() < LEAST_SCORE:
            return False
        seen = body_colours(self.painted.picture, pose[None], self.painted.left)
        enough = seen.sum() > FEWEST_PARTS - 0.5
        evidence = float(colours.evidence(seen)[0]) * (1 if self.who == 0 else -1) if enough else 0.0
        oks = object_keypoint_similarity(pose, partner, box_area(self.box) * AREA_OF_BOX)
        limit = SURELY_PARTNERS_OKS if evidence > OWN_CLOTHES else PARTNERS_OKS
        return bool(evidence > FOREIGN_CLOTHES and oks < limit)


def _height_ratio(boxes: np.ndarray, valid: np.ndarray) -> float | None:
    """Return dancer 0's height over dancer 1's, None where the two are never seen together."""
    both = valid.all(axis=1)
    if not both.any():
        return None
    height = boxes[both, :, 3] - boxes[both, :, 1]
    return float(np.median(height[:, 0] / height[:, 1]))


def _where_left(left: np.ndarray, partner: np.ndarray, height: float) -> np.ndarray | None:
    """Return the box (4,) of someone `height` tall around what is left near the partner's box, None if too little."""
    center_x, center_y = box_center(partner)
    top, bottom = int(max(0, center_y - height / 2)), int(center_y + height / 2)
    start, end = int(max(0, center_x - (ASIDE + WIDTH / 2) * height)), int(center_x + (ASIDE + WIDTH / 2) * height)
    columns = left[top:bottom, start:end].sum(axis=0)
    if columns.sum() < LEAST_LEFT * WIDTH * height**2:
        return None
    middle = start + float(np.searchsorted(columns.cumsum(), columns.sum() / 2))
    middle = float(np.clip(middle, center_x - ASIDE * height, center_x + ASIDE * height))
    half = WIDTH * height / 2
    return np.array([middle - half, center_y - height / 2, middle + half, center_y + height / 2], np.float32)
