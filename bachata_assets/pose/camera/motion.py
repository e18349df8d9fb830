"""How the camera moves over a clip, estimated from what lies outside the people.

Corners are followed from frame to frame (Lucas and Kanade 1981, in pyramids); a similarity is fitted to their motion by
RANSAC. A quick look at a few frames tells first whether the camera moves at all; where it stands still, nothing else is
done and nothing changes.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.camera_parameters import CameraParameters
from bachata_assets.pose.geometry import stabilised
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.parameters import DEFAULTS

IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])
"""The similarity that moves nothing."""


@dataclass(frozen=True)
class CameraMotion:
    """The camera's motion over a clip, in the pictures that the models see.

    Attributes
    ----------
    to_first : np.ndarray
        float (T, 4), of each frame the similarity a, b, x, y that takes a point of it to the first frame's place:
        (a px - b py + x, b px + a py + y).
    lost : np.ndarray
        bool (T,), the motion from the frame before is not known: a cut, or too little to be seen of the room.
    """

    def in_video(self, scale: float, origin: tuple[float, float]) -> np.ndarray:
        """Return `to_first` for places in the video's own pixels, float (T, 4).

        Parameters
        ----------
        scale : float
            Pixels of the video per pixel of the pictures.
        origin : tuple of float
            Where the pictures' corner is in the video, px.
        """
        a, b, x, y = self.to_first.T
        left, top = origin
        return np.stack([a, b, x * scale + left - (a * left - b * top), y * scale + top - (b * left + a * top)], axis=1)

    to_first: np.ndarray
    lost: np.ndarray


class CameraLooks:
    """A few small grey frames spread over a clip, to tell whether its camera moves.

    Parameters
    ----------
    parameters : CameraParameters
        Thresholds.
    """

    def __init__(self, parameters: CameraParameters = DEFAULTS.camera) -> None:
        self._parameters = parameters
        self._every = self._parameters.look_every
        self._count = 0
        self._kept: list[tuple[int, np.ndarray]] = []
        self._scale = 1.0

    def add(self, step: int, picture: np.ndarray) -> None:
        """Take in the picture (uint8 (H, W, 3), BGR) of a step on which the detector ran."""
        if self._count % self._every == 0:
            grey, self._scale = _small(picture, self._parameters)
            self._kept.append((step, grey))
            if len(self._kept) > self._parameters.most_looks:
                self._kept = self._kept[::2]
                self._every *= 2
        self._count += 1

    def camera_moves(self, candidates: Sequence[Candidates]) -> bool:
        """Tell whether the camera moves, from one look to the next or since the first.

        Parameters
        ----------
        candidates : sequence of Candidates
            Of each step: people are left out.
        """
        limits = self._parameters
        moved = 0
        looks = [(grey, _room(grey.shape, candidates[step].boxes * self._scale)) for step, grey in self._kept]
        for before, now in itertools.pairwise(looks):
            for reference in (before, looks[0]):
                motion = _motion(reference[0], now[0], reference[1], now[1], limits)
                if motion is not None and _is_motion(motion, now[0].shape, limits):
                    moved += 1
                    break
        return moved > limits.least_moving * max(1, len(self._kept) - 1)


def follow_camera(
    frames: Iterable[np.ndarray],
    steps: np.ndarray,
    candidates: Sequence[Candidates],
    parameters: CameraParameters = DEFAULTS.camera,
) -> CameraMotion:
    """Return the camera's motion over all frames of a clip.

    Parameters
    ----------
    frames : iterable of np.ndarray
        uint8 (H, W, 3), BGR.
    steps : np.ndarray
        int (S,), frames on which the detector ran.
    candidates : sequence of Candidates
        Of each step: people are left out.
    parameters : CameraParameters
        Thresholds.
    """
    motion = IDENTITY
    to_first, lost = [IDENTITY], [False]
    before: tuple[np.ndarray, np.ndarray] | None = None
    for index, picture in enumerate(frames):
        grey, scale = _small(picture, parameters)
        step = int(np.abs(steps - index).argmin())
        mask = _room(grey.shape, candidates[step].boxes * scale)
        if before is not None:
            found = _motion(before[0], grey, before[1], mask, parameters)
            lost.append(found is None)
            motion = motion if found is None else found  # as before, where it cannot be seen
            to_first.append(_then(_inverse(motion), to_first[-1]))
        before = grey, mask
    return CameraMotion(np.array(to_first) / [1, 1, scale, scale], np.array(lost))


def _small(picture: np.ndarray, parameters: CameraParameters) -> tuple[np.ndarray, float]:
    """Return a picture small and grey, and its scale."""
    import cv2

    scale = min(1.0, parameters.look_side / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), scale


def _room(shape: tuple[int, ...], boxes: np.ndarray) -> np.ndarray:
    """Return a mask, uint8 (H, W): 255 outside people's boxes, with a margin."""
    mask = np.full(shape, 255, np.uint8)
    for x1, y1, x2, y2 in boxes:
        margin = 0.1 * (x2 - x1)
        mask[max(0, int(y1 - margin)) : int(y2 + margin) + 1, max(0, int(x1 - margin)) : int(x2 + margin) + 1] = 0
    return mask


def _motion(
    before: np.ndarray, now: np.ndarray, mask: np.ndarray, mask_now: np.ndarray, parameters: CameraParameters
) -> np.ndarray | None:
    """Return the similarity from one picture to another, float (4,); None where too little of the room is seen."""
    import cv2

    corners = cv2.goodFeaturesToTrack(before, parameters.most_corners, 0.01, 7, mask=mask)
    if corners is None or len(corners) < parameters.fewest_corners:
        return None
    found, status, _ = cv2.calcOpticalFlowPyrLK(before, now, corners, corners.copy(), winSize=(15, 15), maxLevel=3)
    at = found[:, 0].round().astype(int)
    inside = (at >= 0).all(axis=1) & (at[:, 0] < now.shape[1]) & (at[:, 1] < now.shape[0])
    seen = (status[:, 0] > 0) & inside
    seen[inside] &= mask_now[at[inside, 1], at[inside, 0]] > 0
    if seen.sum() < parameters.fewest_corners:
        return None
    cv2.setRNGSeed(0)
    matrix, agree = cv2.estimateAffinePartial2D(
        corners[seen], found[seen], method=cv2.RANSAC, ransacReprojThreshold=parameters.agreement
    )
    if matrix is None or agree.sum() < max(parameters.fewest_corners, parameters.least_agreeing * seen.sum()):
        return None
    return np.array([matrix[0, 0], matrix[1, 0], matrix[0, 2], matrix[1, 2]])


def _is_motion(motion: np.ndarray, shape: tuple[int, ...], parameters: CameraParameters) -> bool:
    """Tell whether a similarity moves the corners of the picture."""
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
    moved = stabilised(corners[None], motion[None])[0] - corners
    return bool(np.median(np.linalg.norm(moved, axis=1)) > parameters.still * width)


def _inverse(motion: np.ndarray) -> np.ndarray:
    a, b, x, y = motion
    size = a * a + b * b
    return np.array([a, -b, -(a * x + b * y), b * x - a * y]) / size


def _then(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return one similarity after the other, float (4,)."""
    a, b, x, y = first
    c, d, _, _ = second
    place = stabilised(np.array([[[x, y]]]), second[None])[0, 0]
    return np.array([c * a - d * b, d * a + c * b, *place])
