"""The room without the dancers, and dancers painted out by it.

Used by the second look (`second_look.py`) at the one who is hidden. A moving camera makes a blurred room, which does.
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

MOST_SAMPLES = 24
MARGIN = 0.06
"""Share of a dancer's box added around it before its pixels count as room."""
UNLIKE_ROOM = 40
"""Difference in any colour channel from which a pixel is not the room."""
_LIMBS = (
    (*UPPER_ARMS, *FOREARMS, 0.07),
    (*SHINS, SHOULDER_LINE, *FLANKS, HIP_LINE, 0.09),
    (*THIGHS, 0.11),
)
"""Pairs of joints and the thickness of what joins them, in heights of the body."""


class RoomSamples:
    """A few frames spread evenly over a clip of unknown length: (frame index, picture)."""

    def __init__(self) -> None:
        self._every = 1
        self._kept: list[tuple[int, np.ndarray]] = []
        self._count = 0

    def add(self, index: int, picture: np.ndarray) -> None:
        """Take in a frame; when there are too many, every second one is let go."""
        if self._count % self._every == 0:
            self._kept.append((index, picture))
            if len(self._kept) > MOST_SAMPLES:
                self._kept = self._kept[::2]
                self._every *= 2
        self._count += 1

    @property
    def pictures(self) -> list[tuple[int, np.ndarray]]:
        """The frames kept, in order of time."""
        return list(self._kept)

    def room(self, boxes: np.ndarray) -> np.ndarray:
        """Return the room uint8 (H, W, 3): the mean of what lies outside `boxes` (T, 2, 4), gaps painted over."""
        import cv2

        shape = self._kept[0][1].shape
        total, count = np.zeros(shape, np.float32), np.zeros(shape[:2], np.float32)
        for index, picture in self._kept:
            outside = np.ones(shape[:2], np.float32)
            for x1, y1, x2, y2 in boxes[index][~np.isnan(boxes[index, :, 0])]:
                dx, dy = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
                outside[max(0, int(y1 - dy)) : int(y2 + dy), max(0, int(x1 - dx)) : int(x2 + dx)] = 0
            total += picture * outside[..., None]
            count += outside
        mean = (total / np.maximum(count, 1)[..., None]).astype(np.uint8)
        never = (count == 0).astype(np.uint8)
        painted: np.ndarray = cv2.inpaint(mean, never, 3, cv2.INPAINT_TELEA) if never.any() else mean
        return painted


@dataclass(frozen=True)
class Painted:
    """A picture with one dancer painted out, and where something other than the room is left, bool (H, W)."""

    picture: np.ndarray
    left: np.ndarray


def paint_out(picture: np.ndarray, keypoints: np.ndarray, height: float, room: np.ndarray) -> Painted:
    """Return `picture` (H, W, 3) with the dancer of `keypoints` (17, 3) and `height` (px) replaced by the room."""
    import cv2

    body = _body_mask(picture.shape[:2], keypoints, height)
    like_room = cv2.inRange(cv2.absdiff(picture, room), (0, 0, 0), (UNLIKE_ROOM,) * 3)
    # The painted dancer's outline is thin: what an opening takes away.
    left = cv2.morphologyEx(cv2.bitwise_not(like_room | body), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)) > 0
    return Painted(cv2.copyTo(room, body, picture.copy()), left)


def _body_mask(shape: tuple[int, ...], keypoints: np.ndarray, height: float) -> np.ndarray:
    """Return a mask uint8 (H, W) of a body drawn around its joints."""
    import cv2

    mask = np.zeros(shape, np.uint8)
    points = keypoints[:, :2].round().astype(np.int32)
    for *pairs, share in _LIMBS:
        for start, end in pairs:
            cv2.line(mask, points[start].tolist(), points[end].tolist(), 255, max(2, round(share * height)))
    cv2.fillConvexPoly(mask, cv2.convexHull(points[TRUNK]), 255)
    head, neck = points[FACE].mean(0).round().astype(int), points[SHOULDERS].mean(0).round().astype(int)
    cv2.line(mask, head.tolist(), neck.tolist(), 255, max(2, round(0.07 * height)))
    cv2.circle(mask, head.tolist(), max(2, round(0.075 * height)), 255, -1)
    for ankle in points[ANKLES]:
        cv2.circle(mask, (int(ankle[0]), int(ankle[1] + 0.02 * height)), max(2, round(0.05 * height)), 255, -1)
    return mask
