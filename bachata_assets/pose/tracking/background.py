"""The room without the dancers, and a dancer painted out by it.

`occlusion_recovery.py` looks for the hidden dancer in such pictures. A moving camera makes a blurred room, which does.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.skeleton import (
    ANKLES,
    FACE,
    FLANKS,
    FOREARMS,
    HIP_LINE,
    SHINS,
    SHOULDER_LINE,
    SHOULDERS,
    THIGHS,
    TRUNK,
    UPPER_ARMS,
)
from bachata_assets.pose.tracking.parameters import DEFAULTS, OcclusionParameters

_LIMBS = (
    (*UPPER_ARMS, *FOREARMS, 0.07),
    (*SHINS, SHOULDER_LINE, *FLANKS, HIP_LINE, 0.09),
    (*THIGHS, 0.11),
)
"""Pairs of joints and the thickness of what joins them, body heights."""
_NECK, _HEAD, _FOOT = 0.07, 0.075, 0.05
"""Thickness of the neck, and radius of head and foot, body heights."""
_FOOT_BELOW_ANKLE = 0.02
"""Distance of the foot's middle from the ankle, body heights."""


class RoomSamples:
    """A few frames spread evenly over a clip of unknown length.

    Parameters
    ----------
    parameters : OcclusionParameters
        Thresholds.
    """

    def __init__(self, parameters: OcclusionParameters = DEFAULTS.occlusions) -> None:
        self._parameters = parameters
        self._every = 1
        self._kept: list[tuple[int, np.ndarray]] = []
        self._count = 0

    def add(self, index: int, picture: np.ndarray) -> None:
        """Take in a frame; when there are too many, drop every second one.

        Parameters
        ----------
        index : int
            Index of the frame.
        picture : np.ndarray
            uint8 (H, W, 3), BGR.
        """
        if self._count % self._every == 0:
            self._kept.append((index, picture))
            if len(self._kept) > self._parameters.room_samples:
                self._kept = self._kept[::2]
                self._every *= 2
        self._count += 1

    @property
    def pictures(self) -> list[tuple[int, np.ndarray]]:
        """The frames kept, in order of time: index, uint8 (H, W, 3)."""
        return list(self._kept)

    def room(self, boxes: np.ndarray) -> np.ndarray:
        """Return the room: the mean of what lies outside the dancers' boxes.

        Places that are never seen are painted over from their surroundings (Telea 2004).

        Parameters
        ----------
        boxes : np.ndarray
            float (T, 2, 4), x1 y1 x2 y2 in px of the pictures; NaN where a dancer is not found.

        Returns
        -------
        np.ndarray
            uint8 (H, W, 3), BGR.
        """
        import cv2

        shape, margin = self._kept[0][1].shape, self._parameters.room_margin
        total, count = np.zeros(shape, np.float32), np.zeros(shape[:2], np.float32)
        for index, picture in self._kept:
            outside = np.ones(shape[:2], np.float32)
            for x1, y1, x2, y2 in boxes[index][~np.isnan(boxes[index, :, 0])]:
                dx, dy = margin * (x2 - x1), margin * (y2 - y1)
                outside[max(0, int(y1 - dy)) : int(y2 + dy), max(0, int(x1 - dx)) : int(x2 + dx)] = 0
            total += picture * outside[..., None]
            count += outside
        mean = (total / np.maximum(count, 1)[..., None]).astype(np.uint8)
        never = (count == 0).astype(np.uint8)
        painted: np.ndarray = cv2.inpaint(mean, never, 3, cv2.INPAINT_TELEA) if never.any() else mean
        return painted


@dataclass(frozen=True)
class Painted:
    """A picture with one dancer painted out.

    Attributes
    ----------
    picture : np.ndarray
        uint8 (H, W, 3), BGR.
    remains : np.ndarray
        bool (H, W), something other than the room and the painted dancer is there.
    """

    picture: np.ndarray
    remains: np.ndarray


def paint_out(
    picture: np.ndarray,
    keypoints: np.ndarray,
    height: float,
    room: np.ndarray,
    parameters: OcclusionParameters = DEFAULTS.occlusions,
) -> Painted:
    """Return a picture in which a dancer is replaced by the room.

    Parameters
    ----------
    picture, room : np.ndarray
        uint8 (H, W, 3), BGR.
    keypoints : np.ndarray
        float (17, 3), the dancer's, x y score in px.
    height : float
        Height of the dancer, px.
    parameters : OcclusionParameters
        Thresholds.
    """
    import cv2

    body = _body_mask(picture.shape[:2], keypoints, height)
    like_room = cv2.inRange(cv2.absdiff(picture, room), (0, 0, 0), (parameters.unlike_room,) * 3)
    # The painted dancer's outline is thin: what an opening takes away.
    remains = cv2.morphologyEx(cv2.bitwise_not(like_room | body), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    return Painted(cv2.copyTo(room, body, picture.copy()), remains)


def _body_mask(shape: tuple[int, ...], keypoints: np.ndarray, height: float) -> np.ndarray:
    """Return a mask, uint8 (H, W): 255 around the joints (17, 3) of a body."""
    import cv2

    mask = np.zeros(shape, np.uint8)
    points = keypoints[:, :2].round().astype(np.int32)
    for *pairs, share in _LIMBS:
        for start, end in pairs:
            cv2.line(mask, points[start].tolist(), points[end].tolist(), 255, max(2, round(share * height)))
    cv2.fillConvexPoly(mask, cv2.convexHull(points[TRUNK]), 255)
    head, neck = points[FACE].mean(0).round().astype(int), points[SHOULDERS].mean(0).round().astype(int)
    cv2.line(mask, head.tolist(), neck.tolist(), 255, max(2, round(_NECK * height)))
    cv2.circle(mask, head.tolist(), max(2, round(_HEAD * height)), 255, -1)
    for ankle in points[ANKLES]:
        cv2.circle(
            mask, (int(ankle[0]), int(ankle[1] + _FOOT_BELOW_ANKLE * height)), max(2, round(_FOOT * height)), 255, -1
        )
    return mask
