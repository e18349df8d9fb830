"""The first pass over a clip: everyone in it, how the camera moves, and then who the couple is.

What is then made of the couple is in `estimator.py`; a picture of everyone, in `drawing/people_picture.py`.
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
        The clip, or the one shot of it that counts.
    found : Detected
        Everyone in it.
    steady : list of Candidates
        The same where a camera that stands still would show them.
    active : list of np.ndarray
        Of each step float (N,), as of `ActivityMap.of`.
    camera : CameraMotion or None
        How the camera moves; None where it stands still.
    """

    frames: ClipFrames
    found: Detected
    steady: list[Candidates]
    active: list[np.ndarray]
    camera: CameraMotion | None

    @property
    def times(self) -> np.ndarray:
        """Float64 (T,), s, of all frames of the shot."""
        return self.found.times

    @property
    def steps(self) -> np.ndarray:
        """Int (S,), indices of those on which the detector ran."""
        return self.found.steps

    @property
    def candidates(self) -> list[Candidates]:
        """Everyone, of each step."""
        return self.found.candidates

    @property
    def samples(self) -> RoomSamples:
        """A few frames."""
        return self.found.looks.samples

    @property
    def scale(self) -> float:
        """Pixels of the video per pixel of the pictures."""
        return max(self.frames.region.size) / max(self._size)

    @property
    def origin(self) -> tuple[float, float]:
        """Where the pictures' corner is in the video, px."""
        return self.frames.region.left, self.frames.region.top

    @property
    def _size(self) -> tuple[int, int]:
        height, width = self.samples.pictures[0][1].shape[:2]
        return width, height

    def choose(
        self, said: SaidCouple | None = None, parameters: TrackingParameters = DEFAULTS, number: int = 1
    ) -> Choice:
        """Return who the couple is.

        Parameters
        ----------
        said : "left", "middle", "right", PlaceOfCouple, tuple of int or None
            Which couple is meant, when that is known.
        parameters : TrackingParameters
            Thresholds.
        number : int
            Which couple, from 1, as of `choose_couple`.

        Raises
        ------
        NoCoupleError
            The couple that is meant is not there.
        """
        times = self.times[self.steps]
        told = Told.of(said, self.candidates, times, self.scale, self.origin, parameters.choice)
        try:
            return choose_couple(self.steady, times, self.active, self._size, parameters, told, number)
        except NotThereError as error:
            raise NoCoupleError.not_there(self.frames.path, str(error)) from error

    def require_upright(self, models: PoseModels, parameters: TrackingParameters = DEFAULTS) -> None:
        """Refuse a video that is shown on its side or upside down.

        Parameters
        ----------
        models : PoseModels
            Detector and pose model.
        parameters : TrackingParameters
            Thresholds.

        Raises
        ------
        NoCoupleError
            It must be turned for people to stand in it.
        """
        step_of = {int(frame): step for step, frame in enumerate(self.steps)}
        shown = [(picture, self.candidates[step_of[frame]]) for frame, picture in self.samples.pictures]
        few = shown[:: max(1, len(shown) // parameters.choice.turned_looks)]
        degrees = degrees_to_upright(models, few, parameters)
        if degrees:
            raise NoCoupleError.turned(self.frames.path, degrees)


def first_pass(models: PoseModels, frames: ClipFrames, parameters: TrackingParameters = DEFAULTS) -> FirstPass:
    """Return everyone in a clip.

    Parameters
    ----------
    models : PoseModels
        Detector and pose model.
    frames : ClipFrames
        The clip.
    parameters : TrackingParameters
        Thresholds.

    Raises
    ------
    UnreadableVideoError
        The file cannot be decoded.
    """
    found = detect(models, frames, parameters)
    camera, steady, active = _steadied(frames, found, parameters)
    return FirstPass(frames, found, steady, active, camera)


def _steadied(
    frames: ClipFrames, found: Detected, parameters: TrackingParameters
) -> tuple[CameraMotion | None, list[Candidates], list[np.ndarray]]:
    """Return the camera's motion, None where it stands still, and everyone where such a camera would see them.

    The last is of each step float (N,), how much the places under each of them change.
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
