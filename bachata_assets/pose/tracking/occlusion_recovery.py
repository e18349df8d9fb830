"""Occlusion recovery: finding a dancer whom the partner hides.

`background.py` paints out the partner, and the pose model looks again. `dense.py` finds all other poses.
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
from bachata_assets.pose.tracking.parameters import DEFAULTS, OcclusionParameters, TrackingParameters
from bachata_assets.pose.tracking.reidentification import ColourModel, KnownClothes
from bachata_assets.schemas import KEYPOINTS


@dataclass(frozen=True)
class HiddenPoses:
    """The recovered poses.

    Attributes
    ----------
    places : np.ndarray
        int (M, 2), index of frame and dancer.
    boxes : np.ndarray
        float (M, 4), x1 y1 x2 y2, px.
    keypoints : np.ndarray
        float (M, 17, 3), x y px and score.
    """

    places: np.ndarray
    boxes: np.ndarray
    keypoints: np.ndarray


def recover_hidden(
    models: PoseModels,
    frames: ClipFrames,
    samples: RoomSamples,
    boxes: np.ndarray,
    keypoints: np.ndarray,
    valid: np.ndarray,
    worn: tuple[ColourModel, KnownClothes],
    parameters: TrackingParameters = DEFAULTS,
    to_first: np.ndarray | None = None,
) -> HiddenPoses:
    """Return plausible poses of dancers whom only the partner hides.

    It searches the frames in which one dancer is valid and the other is not.

    Parameters
    ----------
    models : PoseModels
        Pose model.
    frames : ClipFrames
        The clip's frames.
    samples : RoomSamples
        Frames for the empty room.
    boxes : np.ndarray
        float (T, 2, 4), x1 y1 x2 y2 in px of `frames`.
    keypoints : np.ndarray
        float (T, 2, 17, 3), x y in px of `frames`, and score.
    valid : np.ndarray
        bool (T, 2), whether the dancer was found.
    worn : tuple
        Model of the dancers' clothes, and the clothes of everyone.
    parameters : TrackingParameters
        Thresholds.
    to_first : np.ndarray or None
        float (T, 4), as in `CameraMotion`; None if the camera stands still.
    """
    limits = parameters.occlusions
    ratio = _height_ratio(boxes, valid)
    wanted = ~valid & valid[:, ::-1]
    if ratio is None or not wanted.any():
        return HiddenPoses(np.zeros((0, 2), int), np.zeros((0, 4)), np.zeros((0, KEYPOINTS, 3)))
    room = samples.room(np.where(valid[..., None], boxes, np.nan), to_first)
    attempts: deque[_Attempt] = deque()

    def jobs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for index, (_, picture) in enumerate(frames):
            for who in np.flatnonzero(wanted[index]):
                partner = boxes[index, 1 - who]
                height = float(partner[3] - partner[1])
                painted = paint_out(picture, keypoints[index, 1 - who], height, room(index), limits)
                box = _where_remains(painted.remains, partner, height * (ratio if who == 0 else 1 / ratio), limits)
                if box is not None:
                    attempts.append(_Attempt(index, int(who), painted, box, parameters))
                    yield painted.picture, box

    kept = []
    for pose in models.keypoints(jobs()):
        attempt = attempts.popleft()
        if attempt.believes(pose, keypoints[attempt.frame, 1 - attempt.who], *worn):
            kept.append((attempt.frame, attempt.who, attempt.box, pose))
    return HiddenPoses(
        np.array([(frame, who) for frame, who, _, _ in kept], int).reshape(-1, 2),
        np.array([box for _, _, box, _ in kept]).reshape(-1, 4),
        np.array([pose for _, _, _, pose in kept]).reshape(-1, KEYPOINTS, 3),
    )


@dataclass(frozen=True)
class _Attempt:
    """The search for one hidden dancer in one frame, in `box` (4,), px."""

    frame: int
    who: int
    painted: Painted
    box: np.ndarray
    parameters: TrackingParameters

    def believes(self, pose: np.ndarray, partner: np.ndarray, colours: ColourModel, clothes: KnownClothes) -> bool:
        """Tell whether a pose is the hidden dancer's.

        It must be certain, not the partner's, and fit in size, place and clothes.

        Parameters
        ----------
        pose, partner : np.ndarray
            float (17, 3), x y px and score.
        colours : ColourModel
            Model of the dancers' clothes.
        clothes : KnownClothes
            The clothes of everyone.
        """
        limits = self.parameters.occlusions
        height = self.box[3] - self.box[1]
        trunk = pose[TRUNK, 0].mean()
        fits = abs(trunk - box_center(self.box)[0]) < limits.farthest * height
        fits &= limits.extents[0] * height < np.ptp(pose[:, 1]) < limits.extents[1] * height
        if not fits or pose[:, 2].mean() < limits.recovered_score:
            return False
        seen = body_colours(self.painted.picture, pose[None], self.painted.remains, self.parameters.clothes)
        enough = seen.sum() > limits.fewest_parts - 0.5
        if enough and clothes.of_others(seen, limits.hidden_others_clothes)[0]:
            return False
        evidence = float(colours.evidence(seen)[0]) * (1 if self.who == 0 else -1) if enough else 0.0
        oks = object_keypoint_similarity(pose, partner, box_area(self.box) * AREA_OF_BOX)
        limit = limits.surely_partners_oks if evidence > limits.own_clothes else limits.partners_oks
        return bool(evidence > limits.foreign_clothes and oks < limit)


def _height_ratio(boxes: np.ndarray, valid: np.ndarray) -> float | None:
    """Return dancer 0's height over dancer 1's; None if the two are never seen together."""
    both = valid.all(axis=1)
    if not both.any():
        return None
    height = boxes[both, :, 3] - boxes[both, :, 1]
    return float(np.median(height[:, 0] / height[:, 1]))


def _where_remains(
    remains: np.ndarray, partner: np.ndarray, height: float, parameters: OcclusionParameters
) -> np.ndarray | None:
    """Return a box for the hidden dancer, or None if too little remains.

    Parameters
    ----------
    remains : np.ndarray
        bool (H, W), the pixel shows neither room nor partner.
    partner : np.ndarray
        float (4,), the partner's box, px.
    height : float
        Height of the hidden dancer, px.

    Returns
    -------
    np.ndarray or None
        float32 (4,), x1 y1 x2 y2, px.
    """
    width, aside = parameters.box_width, parameters.search_aside
    center_x, center_y = box_center(partner)
    top, bottom = int(max(0, center_y - height / 2)), int(center_y + height / 2)
    start = int(max(0, center_x - (aside + width / 2) * height))
    end = int(center_x + (aside + width / 2) * height)
    columns = remains[top:bottom, start:end].sum(axis=0)
    if columns.sum() < parameters.least_remains * width * height**2:
        return None
    middle = start + float(np.searchsorted(columns.cumsum(), columns.sum() / 2))
    middle = float(np.clip(middle, center_x - aside * height, center_x + aside * height))
    half = width * height / 2
    return np.array([middle - half, center_y - height / 2, middle + half, center_y + height / 2], np.float32)
