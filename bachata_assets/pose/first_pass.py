"""The first pass over a clip: everyone in it, the camera's motion, and the choice of the couple.

`estimator.py` continues with the couple; `drawing/people_picture.py` draws everyone.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.annotation import SaidCouple
from bachata_assets.pose.camera.motion import CameraMotion, follow_camera
from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.detection import Detected, detect
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.no_couple import NoCoupleError, degrees_to_upright
from bachata_assets.pose.tracking.activity import ActivityMap
from bachata_assets.pose.tracking.background import RoomSamples
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.choosing.choice import Choice, choose_couple
from bachata_assets.pose.tracking.choosing.told import NotThereError, Told
from bachata_assets.pose.tracking.parameters import DEFAULTS, TrackingParameters


@dataclass(frozen=True)
class FirstPass:
    """A clip after one pass over its frames.

    Attributes
    ----------
    frames : ClipFrames
        The clip's frames, or those of the shot that counts.
    found : Detected
        Everyone in it.
    steady : list of Candidates
        Candidates of each step with the camera's motion removed.
    active : list of np.ndarray
        For each step, float (N,), the result of `ActivityMap.of`.
    camera : CameraMotion or None
        The camera's motion; None if it stands still.
    """

    frames: ClipFrames
    found: Detected
    steady: list[Candidates]
    active: list[np.ndarray]
    camera: CameraMotion | None

    @property
    def times(self) -> np.ndarray:
        """Times of all frames of the shot, float64 (T,), s."""
        return self.found.times

    @property
    def steps(self) -> np.ndarray:
        """Indices of the frames on which the detector ran, int (S,)."""
        return self.found.steps

    @property
    def candidates(self) -> list[Candidates]:
        """Candidates of each step."""
        return self.found.candidates

    @property
    def samples(self) -> RoomSamples:
        """A few frames of the room."""
        return self.found.looks.samples

    @property
    def scale(self) -> float:
        """Pixels of the video per pixel of the frames."""
        return max(self.frames.region.size) / max(self._size)

    @property
    def origin(self) -> tuple[float, float]:
        """Position of the frames' top left corner in the video, px."""
        return self.frames.region.left, self.frames.region.top

    @property
    def _size(self) -> tuple[int, int]:
        height, width = self.samples.pictures[0][1].shape[:2]
        return width, height

    def choose(
        self, said: SaidCouple | None = None, parameters: TrackingParameters = DEFAULTS, number: int = 1
    ) -> Choice:
        """Choose the couple.

        Parameters
        ----------
        said : "left", "middle", "right", PlaceOfCouple, tuple of int or None
            Which couple is meant, if you know it.
        parameters : TrackingParameters
            Thresholds.
        number : int
            Number of the couple, from 1, as for `choose_couple`.

        Raises
        ------
        NoCoupleError
            The couple that is meant is not in the clip.
        """
        times = self.times[self.steps]
        told = Told.of(said, self.candidates, times, self.scale, self.origin, parameters.choice)
        try:
            return choose_couple(self.steady, times, self.active, self._size, parameters, told, number)
        except NotThereError as error:
            raise NoCoupleError.not_there(self.frames.path, str(error)) from error

    def require_upright(self, models: PoseModels, parameters: TrackingParameters = DEFAULTS) -> None:
        """Refuse a video that is on its side or upside down.

        Parameters
        ----------
        models : PoseModels
            Detector and pose model.
        parameters : TrackingParameters
            Thresholds.

        Raises
        ------
        NoCoupleError
            The video must be turned for people to stand upright.
        """
        step_of = {int(frame): step for step, frame in enumerate(self.steps)}
        shown = [(picture, self.candidates[step_of[frame]]) for frame, picture in self.samples.pictures]
        few = shown[:: max(1, len(shown) // parameters.choice.turned_looks)]
        degrees = degrees_to_upright(models, few, parameters)
        if degrees:
            raise NoCoupleError.turned(self.frames.path, degrees)


def first_pass(
    models: PoseModels, frames: ClipFrames, parameters: TrackingParameters = DEFAULTS, at_s: float | None = None
) -> FirstPass:
    """Return everyone in a clip.

    Parameters
    ----------
    models : PoseModels
        Detector and pose model.
    frames : ClipFrames
        The clip.
    parameters : TrackingParameters
        Thresholds.
    at_s : float or None
        As for `detect`.

    Raises
    ------
    UnreadableVideoError
        The file cannot be decoded.
    """
    found = detect(models, frames, parameters, at_s)
    camera, steady, active = _steadied(frames, found, parameters)
    return FirstPass(frames, found, steady, active, camera)


def _steadied(
    frames: ClipFrames, found: Detected, parameters: TrackingParameters
) -> tuple[CameraMotion | None, list[Candidates], list[np.ndarray]]:
    """Return the camera's motion (None if it stands still), the candidates without that motion, and their activity.

    The activity is float (N,) for each step: how much the places under each candidate change.
    """
    activity, candidates, numbers = found.looks.activity, found.candidates, set(found.steps.tolist())
    if not found.looks.camera.camera_moves(candidates):
        return None, candidates, activity.of([persons.keypoints for persons in candidates])
    of_room = ActivityMap(parameters.activity)

    def watch(index: int, picture: np.ndarray, to_first: np.ndarray) -> None:
        if index in numbers:
            of_room.add(picture, to_first)

    pictures = (picture for _, picture in frames)
    camera = follow_camera(pictures, found.steps, candidates, parameters.camera, watch)
    at_steps = camera.to_first[found.steps]
    steady = [persons.stabilised(to) for persons, to in zip(candidates, at_steps, strict=True)]
    return camera, steady, of_room.of([persons.keypoints for persons in steady])
