"""Everyone in a clip: the detector's pass, a closer look if people are small, and the choice of a shot.

In a clip with cuts, people, couple and camera are those of one shot: the one that an annotation points at, else the one
that shows two people together for longest. `camera/shots.py` finds the cuts.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bachata_assets.pose.camera.motion import CameraLooks
from bachata_assets.pose.camera.shots import CutFinder
from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.closer import closer_look
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.tracking.activity import ActivityMap
from bachata_assets.pose.tracking.background import RoomSamples
from bachata_assets.pose.tracking.candidates import Candidates, find_candidates
from bachata_assets.pose.tracking.choosing.pairs import weigh_pairs
from bachata_assets.pose.tracking.choosing.people import find_people
from bachata_assets.pose.tracking.parameters import TrackingParameters


@dataclass
class Looks:
    """What later steps need of the frames on which the detector runs.

    Attributes
    ----------
    activity : ActivityMap
        Where the frames change.
    samples : RoomSamples
        A few frames.
    camera : CameraLooks
        A few frames, to tell whether the camera moves.
    """

    activity: ActivityMap
    samples: RoomSamples
    camera: CameraLooks

    @classmethod
    def none(cls, parameters: TrackingParameters) -> "Looks":
        """Return the state before the first frame."""
        return cls(ActivityMap(parameters.activity), RoomSamples(parameters.occlusions), CameraLooks(parameters.camera))

    def add(self, step: int, index: int, picture: np.ndarray) -> None:
        """Add the picture, uint8 (H, W, 3) BGR, of a step, which is frame `index`."""
        self.activity.add(picture)
        self.samples.add(index, picture)
        self.camera.add(step, picture)


@dataclass(frozen=True)
class Detected:
    """Everyone in a shot, on every frame on which the detector ran.

    Attributes
    ----------
    times : np.ndarray
        float64 (T,), times of all frames of the shot, s.
    steps : np.ndarray
        int (S,), frames on which the detector ran, counted from the shot's first.
    candidates : list of Candidates
        Candidates of each step.
    looks : Looks
        What later steps need of the frames.
    clip_times : np.ndarray
        float64, times of all frames of the clip, s.
    first : int
        Index in the clip of the shot's first frame.
    cuts : tuple of float
        Times at which another shot begins, s.
    """

    times: np.ndarray
    steps: np.ndarray
    candidates: list[Candidates]
    looks: Looks
    clip_times: np.ndarray
    first: int = 0
    cuts: tuple[float, ...] = ()


def detect(
    models: PoseModels, frames: ClipFrames, parameters: TrackingParameters, at_s: float | None = None
) -> Detected:
    """Return everyone in a clip or, if it has cuts, in one shot.

    Parameters
    ----------
    models : PoseModels
        Detector and pose model.
    frames : ClipFrames
        The clip's frames; limited to the shot's frames on return.
    parameters : TrackingParameters
        Thresholds.
    at_s : float or None
        A time of the shot, s; None: the shot that shows two people together for longest.
    """
    clip, begins = _one_pass(models, frames, parameters)
    size = clip.looks.samples.pictures[0][1].shape[1::-1]
    closer = closer_look(clip.candidates, clip.looks.activity, size, parameters.closer)
    if closer:
        frames.look_at(closer)
        clip, begins = _one_pass(models, frames, parameters)
    if not begins:
        return clip
    shots = list(itertools.pairwise([0, *begins, len(clip.steps)]))
    shot = _longest_shot(clip, shots, parameters) if at_s is None else _shot_at(clip, shots, at_s)
    return _only(shot, clip, begins, frames, parameters)


def _one_pass(models: PoseModels, frames: ClipFrames, parameters: TrackingParameters) -> tuple[Detected, list[int]]:
    """Return everyone in a clip, and the steps at which another shot begins."""
    times: list[float] = []
    steps: list[int] = []
    looks, cuts = Looks.none(parameters), CutFinder(parameters.shots)

    def detected_on() -> Iterator[np.ndarray]:
        for index, (time_s, picture) in enumerate(frames):
            times.append(time_s)
            if index % parameters.detection.detect_every == 0:
                steps.append(index)
                looks.add(len(steps) - 1, index, picture)
                cuts.add(len(steps) - 1, picture)
                yield picture

    candidates = list(find_candidates(models, detected_on(), parameters))
    return Detected(np.array(times), np.array(steps), candidates, looks, np.array(times)), cuts.found()


def _longest_shot(clip: Detected, shots: Sequence[tuple[int, int]], parameters: TrackingParameters) -> tuple[int, int]:
    """Return the first step, and the one after the last, of the shot that shows two people together for longest."""
    size = clip.looks.samples.pictures[0][1].shape[1::-1]

    def goodness(shot: tuple[int, int]) -> tuple[int, int]:
        within = slice(*shot)
        candidates = clip.candidates[within]
        everywhere = [np.ones(len(found)) for found in candidates]
        people = find_people(candidates, clip.times[clip.steps[within]], everywhere, parameters.people)
        pairs = weigh_pairs(people, size, parameters.pairs)
        together = int(people.seen[list(pairs[0].members)].all(axis=0).sum()) if pairs else 0
        return together, shot[1] - shot[0]

    return max(shots, key=goodness)


def _shot_at(clip: Detected, shots: Sequence[tuple[int, int]], at_s: float) -> tuple[int, int]:
    """Return the shot at a time, s; the first or last one for a time outside the clip."""
    begun = [shot for shot in shots if clip.times[clip.steps[shot[0]]] <= at_s]
    return begun[-1] if begun else shots[0]


def _only(
    shot: tuple[int, int], clip: Detected, begins: Sequence[int], frames: ClipFrames, parameters: TrackingParameters
) -> Detected:
    """Return one shot, and limit `frames` to it."""
    begin, end = shot
    first = 0 if begin == 0 else int(clip.steps[begin])
    # The frame between two steps may belong to either shot.
    stop = len(clip.times) if end == len(clip.steps) else int(clip.steps[end - 1]) + 1
    frames.narrow(first, stop)
    steps, looks = clip.steps[begin:end] - first, Looks.none(parameters)
    numbers = {int(frame): step for step, frame in enumerate(steps)}
    for index, (_, picture) in enumerate(frames):
        if index in numbers:
            looks.add(numbers[index], index, picture)
    return replace(
        clip,
        times=clip.times[first:stop],
        steps=steps,
        candidates=clip.candidates[begin:end],
        looks=looks,
        first=first,
        cuts=tuple(clip.times[clip.steps[list(begins)]].round(2).tolist()),
    )
