"""How the camera moves over a clip, estimated from what lies outside the people.

Corners are followed from a few known views to each frame (Lucas and Kanade 1981, in pyramids); a similarity is fitted
to their motion by RANSAC. A quick look at a few frames tells first whether the camera moves at all; where it stands
still, nothing else is done and nothing changes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.camera_parameters import CameraParameters
from bachata_assets.pose.geometry import inverse_similarity, stabilised
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
        rooms = [_room(grey.shape, candidates[step].boxes * self._scale) for step, grey in self._kept]
        views = [_view(grey, room, IDENTITY, limits) for (_, grey), room in zip(self._kept, rooms, strict=True)]
        for before, now, room in zip(views, views[1:], rooms[1:], strict=False):
            for view in (before, views[0]):
                motion, _ = _motion(view, now.grey, room, limits)
                if motion is not None and _shift(motion, room.shape) > limits.still:
                    moved += 1
                    break
        return moved > limits.least_moving * max(1, len(self._kept) - 1)


def follow_camera(
    frames: Iterable[np.ndarray],
    steps: np.ndarray,
    candidates: Sequence[Candidates],
    parameters: CameraParameters = DEFAULTS.camera,
    watch: Callable[[int, np.ndarray, np.ndarray], None] | None = None,
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
    watch : callable or None
        Told of each frame its index, the picture and its similarity to the first.
    """
    follower = _Follower(parameters)
    scale = 1.0
    nearest = np.abs(steps[:, None] - np.arange(steps[-1] + 2)).argmin(axis=0)
    for index, picture in enumerate(frames):
        grey, scale = _small(picture, parameters)
        step = nearest[min(index, len(nearest) - 1)]
        follower.add(grey, _room(grey.shape, candidates[step].boxes * scale))
        if watch:
            watch(index, picture, follower.to_first[-1] / [1, 1, scale, scale])
    return CameraMotion(np.array(follower.to_first) / [1, 1, scale, scale], np.array(follower.lost))


@dataclass(frozen=True)
class _View:
    """A picture that others are compared with.

    Attributes
    ----------
    grey : np.ndarray
        uint8 (H, W).
    corners : np.ndarray
        float32 (N, 1, 2), px, outside the people.
    to_first : np.ndarray
        float (4,), as of `CameraMotion`.
    """

    grey: np.ndarray
    corners: np.ndarray
    to_first: np.ndarray


class _Follower:
    """Tells where each picture is, by the nearest of a few earlier ones.

    Motion from picture to picture adds up its errors; a camera that sways comes back to views that are known.
    """

    def __init__(self, parameters: CameraParameters) -> None:
        self._parameters = parameters
        self._views: list[_View] = []
        self._before: tuple[np.ndarray, np.ndarray] | None = None
        self.to_first: list[np.ndarray] = []
        self.lost: list[bool] = []

    def add(self, grey: np.ndarray, room: np.ndarray) -> None:
        """Take in the next picture, uint8 (H, W), with a mask of what is not people."""
        if self._before is None:
            self._place(IDENTITY, lost=False)
            self._views.append(_view(grey, room, IDENTITY, self._parameters))
        elif not (self._by_known_view(grey, room) or self._by_picture_before(*self._before, grey, room)):
            motion = (
                _then(self.to_first[-1], inverse_similarity(self.to_first[-2])) if len(self.to_first) > 1 else IDENTITY
            )
            self._place(_then(motion, self.to_first[-1]), lost=True)  # as before, where it cannot be seen
            self._views.append(_view(grey, room, self.to_first[-1], self._parameters))
        self._before = grey, room

    def _place(self, to_first: np.ndarray, lost: bool) -> None:
        self.to_first.append(to_first)
        self.lost.append(lost)

    def _by_known_view(self, grey: np.ndarray, room: np.ndarray) -> bool:
        """Place a picture by the known view that is nearest to where the picture before was."""
        limits = self._parameters
        height, width = grey.shape
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
        places = stabilised(np.repeat(corners[None], len(self._views), 0), np.array([v.to_first for v in self._views]))
        now = stabilised(corners[None], self.to_first[-1][None])
        view = self._views[int(np.linalg.norm(places - now, axis=-1).mean(axis=1).argmin())]
        expected = _then(view.to_first, inverse_similarity(self.to_first[-1]))
        motion, share = _motion(view, grey, room, limits, expected, levels=1)
        if motion is None:
            return False
        self._place(_then(inverse_similarity(motion), view.to_first), lost=False)
        if share < limits.least_of_view or _shift(motion, grey.shape) > limits.farthest_view:
            self._views.append(_view(grey, room, self.to_first[-1], limits))
            self._views = self._views[:1] + self._views[1:][-limits.most_views :]
        return True

    def _by_picture_before(
        self, grey_before: np.ndarray, room_before: np.ndarray, grey: np.ndarray, room: np.ndarray
    ) -> bool:
        """Place a picture by the one before it, which becomes a known view."""
        before = _view(grey_before, room_before, self.to_first[-1], self._parameters)
        motion, _ = _motion(before, grey, room, self._parameters)
        if motion is None:
            return False
        self._place(_then(inverse_similarity(motion), before.to_first), lost=False)
        self._views.append(before)
        return True


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


def _view(grey: np.ndarray, room: np.ndarray, to_first: np.ndarray, parameters: CameraParameters) -> _View:
    """Return a picture with its corners outside the people."""
    import cv2

    corners = cv2.goodFeaturesToTrack(grey, parameters.most_corners, 0.01, 7, mask=room)
    return _View(grey, np.zeros((0, 1, 2), np.float32) if corners is None else corners, to_first)


def _motion(
    view: _View,
    now: np.ndarray,
    room: np.ndarray,
    parameters: CameraParameters,
    expected: np.ndarray = IDENTITY,
    levels: int = 3,
) -> tuple[np.ndarray | None, float]:
    """Return how a picture has moved since a view.

    Parameters
    ----------
    now, room : np.ndarray
        uint8 (H, W), the picture and a mask of what is not people.
    expected : np.ndarray
        float (4,), a similarity that is near.
    levels : int
        Times that the pictures are halved; fewer are faster where `expected` is near.

    Returns
    -------
    motion : np.ndarray or None
        float (4,), the similarity from the view to the picture; None where too little of the room is seen.
    share : float
        Share of the view's corners that agree with it.
    """
    import cv2

    corners = view.corners
    if len(corners) < parameters.fewest_corners:
        return None, 0.0
    guess = stabilised(corners[None], expected[None])[0].astype(np.float32)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        view.grey, now, corners, guess, winSize=(15, 15), maxLevel=levels, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    at = found[:, 0].round().astype(int)
    inside = (at >= 0).all(axis=1) & (at[:, 0] < now.shape[1]) & (at[:, 1] < now.shape[0])
    seen = (status[:, 0] > 0) & inside
    seen[inside] &= room[at[inside, 1], at[inside, 0]] > 0
    if seen.sum() < parameters.fewest_corners:
        return None, 0.0
    cv2.setRNGSeed(0)
    matrix, agree = cv2.estimateAffinePartial2D(
        corners[seen], found[seen], method=cv2.RANSAC, ransacReprojThreshold=parameters.agreement
    )
    if matrix is None or agree.sum() < max(parameters.fewest_corners, parameters.least_agreeing * seen.sum()):
        return None, 0.0
    return np.array([matrix[0, 0], matrix[1, 0], matrix[0, 2], matrix[1, 2]]), float(agree.sum() / len(corners))


def _shift(motion: np.ndarray, shape: tuple[int, ...]) -> float:
    """Return how far a similarity moves the corners of a picture, in picture widths."""
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
    moved = stabilised(corners[None], motion[None])[0] - corners
    return float(np.median(np.linalg.norm(moved, axis=1))) / width


def _then(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return one similarity after the other, float (4,)."""
    a, b, x, y = first
    c, d, _, _ = second
    place = stabilised(np.array([[[x, y]]]), second[None])[0, 0]
    return np.array([c * a - d * b, d * a + c * b, *place])
