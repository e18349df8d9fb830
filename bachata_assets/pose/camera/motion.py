"""The camera's motion over a clip, estimated from the room around the people.

Optical flow follows corners from a few known views to each frame (pyramidal Lucas and Kanade 1981), and RANSAC fits a
similarity to their motion. A quick look at a few frames first tells whether the camera moves. If it stands still,
nothing else happens.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.camera.views import View, motion_since, shift_of, then, view_of
from bachata_assets.pose.camera_parameters import CameraParameters
from bachata_assets.pose.geometry import IDENTITY, inverse_similarity, stabilised
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.parameters import DEFAULTS


@dataclass(frozen=True)
class CameraMotion:
    """The camera's motion over a clip, in the frames that the models see.

    Attributes
    ----------
    to_first : np.ndarray
        float (T, 4), each frame's similarity a, b, x, y, which maps a point to the first frame:
        (a px - b py + x, b px + a py + y).
    lost : np.ndarray
        bool (T,), the motion since the previous frame is unknown: a cut, or too little of the room is visible.
    """

    def in_video(self, scale: float, origin: tuple[float, float]) -> np.ndarray:
        """Return `to_first` for px of the video, float (T, 4).

        Parameters
        ----------
        scale : float
            Pixels of the video per pixel of the frames.
        origin : tuple of float
            Position of the frames' top left corner in the video, px.
        """
        a, b, x, y = self.to_first.T
        left, top = origin
        return np.stack([a, b, x * scale + left - (a * left - b * top), y * scale + top - (b * left + a * top)], axis=1)

    to_first: np.ndarray
    lost: np.ndarray


class CameraLooks:
    """A few small grey frames spread over a clip, which tell whether its camera moves.

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
        """Add the picture, uint8 (H, W, 3) BGR, of a step on which the detector ran."""
        if self._count % self._every == 0:
            grey, self._scale = _small(picture, self._parameters)
            self._kept.append((step, grey))
            if len(self._kept) > self._parameters.most_looks:
                self._kept = self._kept[::2]
                self._every *= 2
        self._count += 1

    def camera_moves(self, candidates: Sequence[Candidates]) -> bool:
        """Tell whether the camera moves from one look to the next, or since the first.

        Parameters
        ----------
        candidates : sequence of Candidates
            Candidates of each step, to leave people out.
        """
        limits = self._parameters
        moved = 0
        rooms = [_room(grey.shape, candidates[step].boxes * self._scale) for step, grey in self._kept]
        views = [view_of(grey, room, IDENTITY, limits) for (_, grey), room in zip(self._kept, rooms, strict=True)]
        for before, now, room in zip(views, views[1:], rooms[1:], strict=False):
            for view in (before, views[0]):
                motion, _ = motion_since(view, now.grey, room, limits)
                if motion is not None and shift_of(motion, room.shape) > limits.still:
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
        Candidates of each step, to leave people out.
    parameters : CameraParameters
        Thresholds.
    watch : callable or None
        Called for each frame with its index, its picture and its similarity to the first.
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


class _Follower:
    """Places each frame relative to the nearest of a few earlier views.

    Motion from frame to frame accumulates errors, but a swaying camera returns to known views. If a frame cannot be
    placed, it and the frames after it are guessed until a known view appears again. The error of the guess then
    corrects all of them.
    """

    def __init__(self, parameters: CameraParameters) -> None:
        self._parameters = parameters
        self._views: list[View] = []
        self._before: tuple[np.ndarray, np.ndarray] | None = None
        self._guessed_since: int | None = None
        self.to_first: list[np.ndarray] = []
        self.lost: list[bool] = []

    def add(self, grey: np.ndarray, room: np.ndarray) -> None:
        """Add the next frame, uint8 (H, W), with a mask of the room outside people."""
        if self._before is None:
            self._place(IDENTITY, lost=False)
            self._views.append(view_of(grey, room, IDENTITY, self._parameters))
        elif not (self._by_known_view(grey, room) or self._by_picture_before(*self._before, grey, room)):
            # The camera may have moved farther than optical flow can follow.
            if not self._by_sure_views(grey, room):
                self._guess(grey, room)
        elif not self._is_sure:
            self._put_right(grey, room)
        self._before = grey, room

    @property
    def _is_sure(self) -> bool:
        return self._guessed_since is None

    def _guess(self, grey: np.ndarray, room: np.ndarray) -> None:
        """Place a frame as if the camera had moved on as before."""
        motion = IDENTITY
        if len(self.to_first) > 1:
            motion = then(self.to_first[-1], inverse_similarity(self.to_first[-2]))
        if self._is_sure:
            self._guessed_since = len(self.to_first)
        self._place(then(motion, self.to_first[-1]), lost=True)
        self._views.append(view_of(grey, room, self.to_first[-1], self._parameters, sure=False))

    def _put_right(self, grey: np.ndarray, room: np.ndarray) -> None:
        """Once a known view appears again, correct all frames since the guess by its error."""
        guessed, was_lost = self.to_first.pop(), self.lost.pop()
        since = self._guessed_since
        if not self._by_sure_views(grey, room):
            self._place(guessed, was_lost)
            return
        for index in range(since or 0, len(self.to_first) - 1):
            self.to_first[index] = then(then(self.to_first[index], inverse_similarity(guessed)), self.to_first[-1])

    def _by_sure_views(self, grey: np.ndarray, room: np.ndarray) -> bool:
        """Place a frame by the nearest views with a known place, and forget the guessed views."""
        limits = self._parameters
        sure = [view for view in self._views if view.sure]
        sure.sort(key=lambda view: np.abs(view.to_first - self.to_first[-1])[2:].sum())
        for view in sure[: limits.most_tried]:
            motion, _ = motion_since(view, grey, room, limits)
            if motion is not None:
                self._place(then(inverse_similarity(motion), view.to_first), lost=False)
                self._views = [view for view in self._views if view.sure]
                self._guessed_since = None
                return True
        return False

    def _place(self, to_first: np.ndarray, lost: bool) -> None:
        self.to_first.append(to_first)
        self.lost.append(lost)

    def _by_known_view(self, grey: np.ndarray, room: np.ndarray) -> bool:
        """Place a frame by the known view that is nearest to the previous frame."""
        limits = self._parameters
        height, width = grey.shape
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], float)
        # Guessed places are compared only with one another, so that they share one error.
        views = [view for view in self._views if view.sure == self._is_sure]
        places = stabilised(np.repeat(corners[None], len(views), 0), np.array([view.to_first for view in views]))
        now = stabilised(corners[None], self.to_first[-1][None])
        view = views[int(np.linalg.norm(places - now, axis=-1).mean(axis=1).argmin())]
        expected = then(view.to_first, inverse_similarity(self.to_first[-1]))
        motion, share = motion_since(view, grey, room, limits, expected, levels=1)
        if motion is None:
            return False
        self._place(then(inverse_similarity(motion), view.to_first), lost=False)
        if share < limits.least_of_view or shift_of(motion, grey.shape) > limits.farthest_view:
            self._views.append(view_of(grey, room, self.to_first[-1], limits, sure=self._is_sure))
            self._views = self._views[:1] + self._views[1:][-limits.most_views :]
        return True

    def _by_picture_before(
        self, grey_before: np.ndarray, room_before: np.ndarray, grey: np.ndarray, room: np.ndarray
    ) -> bool:
        """Place a frame by the previous one, which becomes a known view."""
        before = view_of(grey_before, room_before, self.to_first[-1], self._parameters, sure=self._is_sure)
        motion, _ = motion_since(before, grey, room, self._parameters)
        if motion is None:
            return False
        self._place(then(inverse_similarity(motion), before.to_first), lost=False)
        self._views.append(before)
        return True


def _small(picture: np.ndarray, parameters: CameraParameters) -> tuple[np.ndarray, float]:
    """Return a picture reduced and grey, and its scale."""
    import cv2

    scale = min(1.0, parameters.look_side / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), scale


def _room(shape: tuple[int, ...], boxes: np.ndarray) -> np.ndarray:
    """Return a mask, uint8 (H, W): 255 outside people's boxes and a margin around them."""
    mask = np.full(shape, 255, np.uint8)
    for x1, y1, x2, y2 in boxes:
        margin = 0.1 * (x2 - x1)
        mask[max(0, int(y1 - margin)) : int(y2 + margin) + 1, max(0, int(x1 - margin)) : int(x2 + margin) + 1] = 0
    return mask
