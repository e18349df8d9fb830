"""The first pass over a clip: everyone in it, how the camera moves, and then who the couple is.

What is then made of the couple is in `estimator.py`; a picture of everyone, in `drawing/people_picture.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bachata_assets.annotation import SaidCouple
from bachata_assets.pose.camera.motion import CameraLooks, CameraMotion, follow_camera
from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.no_couple import NoCoupleError, degrees_to_upright
from bachata_assets.pose.tracking.activity import ActivityMap
from bachata_assets.pose.tracking.background import RoomSamples
from bachata_assets.pose.tracking.candidates import Candidates, find_candidates
from bachata_assets.pose.tracking.choosing.choice import Choice, choose_couple
from bachata_assets.pose.tracking.choosing.told import NotThereError, Told
from bachata_assets.pose.tracking.parameters import DEFAULTS, TrackingParameters


@dataclass(frozen=True)
class FirstPass:
    """A clip after one pass over its frames.

    Attributes
    ----------
    frames : ClipFrames
        The clip.
    times : np.ndarray
        float64 (T,), s, of all frames.
    steps : np.ndarray
        int (S,), indices of those on which the detector ran.
    candidates : list of Candidates
        Of each step.
    steady : list of Candidates
        The same where a camera that stands still would show them.
    active : list of np.ndarray
        Of each step float (N,), as of `ActivityMap.of`.
    samples : RoomSamples
        A few frames.
    camera : CameraMotion or None
        How the camera moves; None where it stands still.
    """

    frames: ClipFrames
    times: np.ndarray
    steps: np.ndarray
    candidates: list[Candidates]
    steady: list[Candidates]
    active: list[np.ndarray]
    samples: RoomSamples
    camera: CameraMotion | None

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

    def choose(self, said: SaidCouple | None = None, parameters: TrackingParameters = DEFAULTS) -> Choice:
        """Return who the couple is.

        Parameters
        ----------
        said : "left", "middle", "right", PlaceOfCouple, tuple of int or None
            Which couple is meant, when that is known.
        parameters : TrackingParameters
            Thresholds.

        Raises
        ------
        NoCoupleError
            The couple that is meant is not there.
        """
        times = self.times[self.steps]
        told = Told.of(said, self.candidates, times, self.scale, self.origin, parameters.choice)
        try:
            return choose_couple(self.steady, times, self.active, self._size, parameters, told)
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
    times, steps, candidates, activity, samples, looks = _detected(models, frames, parameters)
    active = activity.of([found.keypoints for found in candidates])
    camera, steady = None, candidates
    if looks.camera_moves(candidates):
        pictures = (picture for _, picture in frames)
        camera = follow_camera(pictures, steps, candidates, parameters.camera)
        steady = [found.stabilised(camera.to_first[step]) for found, step in zip(candidates, steps, strict=True)]
    return FirstPass(frames, times, steps, candidates, steady, active, samples, camera)


def _detected(
    models: PoseModels, frames: ClipFrames, parameters: TrackingParameters
) -> tuple[np.ndarray, np.ndarray, list[Candidates], ActivityMap, RoomSamples, CameraLooks]:
    """Return what one pass over the frames gives.

    Returns
    -------
    times : np.ndarray
        float64 (T,), s, of all frames.
    steps : np.ndarray
        int (S,), indices of those on which the detector ran.
    candidates : list of Candidates
        Of each step.
    activity : ActivityMap
        Where the picture changes.
    samples : RoomSamples
        A few frames.
    looks : CameraLooks
        A few frames, to tell whether the camera moves.
    """
    times: list[float] = []
    steps: list[int] = []
    activity, samples = ActivityMap(parameters.activity), RoomSamples(parameters.occlusions)
    looks = CameraLooks(parameters.camera)

    def detected_on() -> Iterator[np.ndarray]:
        for index, (time_s, picture) in enumerate(frames):
            times.append(time_s)
            if index % parameters.detection.detect_every == 0:
                steps.append(index)
                activity.add(picture)
                samples.add(index, picture)
                looks.add(len(steps) - 1, picture)
                yield picture

    candidates = list(find_candidates(models, detected_on(), parameters))
    return np.array(times), np.array(steps), candidates, activity, samples, looks
