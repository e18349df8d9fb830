"""The empty room behind the dancers, and frames in which it replaces a dancer.

`occlusion_recovery.py` searches such frames for the hidden dancer. If the camera moves, the room is assembled on a
canvas on which it stands still.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.geometry import stabilised
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
"""Pairs of joints, and the thickness of the limbs between them, body heights."""
_NECK, _HEAD, _FOOT = 0.07, 0.075, 0.05
"""Thickness of the neck, and radius of head and foot, body heights."""
_FOOT_BELOW_ANKLE = 0.02
"""Distance from the ankle to the middle of the foot, body heights."""


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
        """Add a frame; if there are too many, drop every second one.

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
        """The sampled frames in order of time: index, uint8 (H, W, 3) BGR."""
        return list(self._kept)

    def room(self, boxes: np.ndarray, to_first: np.ndarray | None = None) -> Callable[[int], np.ndarray]:
        """Return the room behind each frame: the mean of the pixels outside the dancers' boxes.

        Places that are never visible are inpainted from their surroundings (Telea 2004).

        Parameters
        ----------
        boxes : np.ndarray
            float (T, 2, 4), x1 y1 x2 y2 in px of the frames; NaN where a dancer is not found.
        to_first : np.ndarray or None
            float (T, 4), as in `CameraMotion`; None if the camera stands still.

        Returns
        -------
        callable
            Index of a frame -> the room in that frame, uint8 (H, W, 3), BGR.
        """
        import cv2

        shape = self._kept[0][1].shape
        moves, size = (
            (None, shape[1::-1]) if to_first is None else _canvas(to_first, shape, self._parameters.largest_canvas)
        )
        total, count = np.zeros((*size[::-1], 3), np.float32), np.zeros(size[::-1], np.float32)
        shown = np.zeros(size[::-1], bool)
        for index, picture in self._kept:
            outside = self._outside(shape, boxes[index])
            there = picture * outside[..., None]
            if moves is not None:
                there, outside = (cv2.warpAffine(part, moves[index], size) for part in (there, outside))
                shown |= cv2.warpAffine(np.ones(shape[:2], np.uint8), moves[index], size) > 0
            total += there
            count += outside
        mean = (total / np.maximum(count, 1 if moves is None else 1e-3)[..., None]).astype(np.uint8)
        never = ((count == 0) & (shown | (moves is None))).astype(np.uint8)
        painted: np.ndarray = cv2.inpaint(mean, never, 3, cv2.INPAINT_TELEA) if never.any() else mean
        if moves is None:
            return lambda _: painted
        back = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return lambda index: np.asarray(cv2.warpAffine(painted, moves[index], shape[1::-1], flags=back))

    def _outside(self, shape: tuple[int, ...], boxes: np.ndarray) -> np.ndarray:
        """Return 1 outside the dancers' boxes (2, 4) and 0 inside, float32 (H, W)."""
        outside, margin = np.ones(shape[:2], np.float32), self._parameters.room_margin
        for x1, y1, x2, y2 in boxes[~np.isnan(boxes[:, 0])]:
            dx, dy = margin * (x2 - x1), margin * (y2 - y1)
            outside[max(0, int(y1 - dy)) : int(y2 + dy), max(0, int(x1 - dx)) : int(x2 + dx)] = 0
        return outside


def _canvas(to_first: np.ndarray, shape: tuple[int, ...], most: float) -> tuple[np.ndarray, tuple[int, int]]:
    """Return matrices (T, 2, 3) that map each frame to a canvas, and the canvas's width and height.

    The canvas covers all frames, but at most `most` frames in width and height if the camera turns far.
    """
    a, b, x, y = to_first.T
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
    places = stabilised(np.broadcast_to(corners, (len(to_first), 4, 2)), to_first).reshape(-1, 2)
    largest = most * np.array([width, height])
    low = np.maximum(np.floor(places.min(axis=0)), -largest / 2)
    high = np.minimum(np.ceil(places.max(axis=0)), largest / 2)
    moves = np.stack([np.stack([a, -b, x - low[0]], axis=1), np.stack([b, a, y - low[1]], axis=1)], axis=1)
    size = np.maximum(high - low, 1).astype(int)
    return moves, (int(size[0]), int(size[1]))


@dataclass(frozen=True)
class Painted:
    """A frame with one dancer painted out.

    Attributes
    ----------
    picture : np.ndarray
        uint8 (H, W, 3), BGR.
    remains : np.ndarray
        bool (H, W), the pixel shows neither the room nor the painted dancer.
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
    """Return a frame in which the room replaces a dancer.

    Parameters
    ----------
    picture, room : np.ndarray
        uint8 (H, W, 3), BGR.
    keypoints : np.ndarray
        float (17, 3), the dancer's keypoints, x y px and score.
    height : float
        Height of the dancer, px.
    parameters : OcclusionParameters
        Thresholds.
    """
    import cv2

    body = _body_mask(picture.shape[:2], keypoints, height)
    like_room = cv2.inRange(cv2.absdiff(picture, room), (0, 0, 0), (parameters.unlike_room,) * 3)
    # Opening removes the painted dancer's outline, which is thin.
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
