"""`CouplePoseEstimator`: from a video file to `CoupleKeypoints`.

You can use each of its steps alone: `first_pass.py` finds people and chooses the couple; in `tracking/`, `tracks.py`
follows the couple, `dense.py` adds poses on every frame, and `roles.py` tells who leads.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Literal

import numpy as np

from bachata_assets.annotation import PlaceOfCouple, SaidCouple
from bachata_assets.pose.camera.motion import CameraMotion
from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.drawing.skeletons import draw_others
from bachata_assets.pose.first_pass import FirstPass, first_pass
from bachata_assets.pose.geometry import stabilised
from bachata_assets.pose.hands import find_hands
from bachata_assets.pose.missing_frames import within_clip
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.no_couple import NoCoupleError
from bachata_assets.pose.tracking.dense import DenseCouple, estimate_every_frame
from bachata_assets.pose.tracking.identity_switches import distinct
from bachata_assets.pose.tracking.parameters import DEFAULTS, TrackingParameters
from bachata_assets.pose.tracking.passers_by import covering
from bachata_assets.pose.tracking.roles import judge_roles
from bachata_assets.pose.tracking.tracks import exchanged, track_couple
from bachata_assets.video.limits import DEFAULT_LIMITS, MediaLimits
from bachata_assets.video.probe import probe

VERSION = "12"
"""Version of the keypoints that this module makes with the default parameters.

Raise it when the same clip and models give other keypoints, so that tables of earlier versions are made again.
"""


def code_version(parameters: TrackingParameters = DEFAULTS) -> str:
    """Return the version of the keypoints made with these parameters.

    Parameters
    ----------
    parameters : TrackingParameters
        Thresholds.

    Returns
    -------
    str
        `VERSION`, with a digest of the parameters unless they are the defaults.

    Examples
    --------
    >>> code_version()
    '12'
    """
    return VERSION if parameters == DEFAULTS else f"{VERSION}-{parameters.digest()}"


SETTLED_S = 1.0
"""Time around a `swapped_at` within which no identity switch is suspected, s, because a person has looked there."""

PASSES = 3
"""Number of passes over the frames of a clip: detector, keypoints, occlusion recovery."""


class CouplePoseEstimator:
    """Finds both dancers of a clip, tracks them and tells who leads.

    Parameters
    ----------
    models : PoseModels
        Models for all clips; `PoseModels.load()` returns the bundled ones.
    parameters : TrackingParameters
        Thresholds; values other than the defaults make another version of the keypoints (`code_version`).

    Examples
    --------
    >>> from pathlib import Path
    >>> from bachata_assets.pose.models.pose_models import PoseModels
    >>> estimate = CouplePoseEstimator(PoseModels.load(precision="f32"))
    >>> couple = estimate(Path("data/sample/videos/basic_steps/basic_step_1.mp4"))
    >>> couple.keypoints.shape  # frames, (lead, follow), COCO joints, (x, y, score)
    (90, 2, 17, 3)
    >>> round(couple.detection_rate, 2), couple.role_confidence > 0.5
    (1.0, True)
    """

    def __init__(self, models: PoseModels, parameters: TrackingParameters = DEFAULTS) -> None:
        self.models = models
        self.parameters = parameters

    def __repr__(self) -> str:
        return f"CouplePoseEstimator({self.models.model_set.name}, {self.models.effective_precision})"

    def __call__(
        self,
        path: Path,
        lead_side: Literal["left", "right"] | None = None,
        said: SaidCouple | None = None,
        swapped_at: Sequence[float] = (),
    ) -> CoupleKeypoints:
        """Return the couple's keypoints over the whole clip at 15 fps.

        Parameters
        ----------
        path : Path
            Video file.
        lead_side : "left", "right" or None
            Side on which the lead stands at the start, if known; roles are then certain.
        said : "left", "middle", "right", PlaceOfCouple, tuple of int or None
            Which couple is meant, if there are others and you know it.
        swapped_at : sequence of float
            Known times from which the two dancers must be exchanged, s from the first frame.

        Raises
        ------
        UnreadableVideoError
            The file cannot be decoded.
        NoCoupleError
            The clip has no couple, or not the one that is meant.
        """
        return self.with_pictures(path, lead_side, said, swapped_at=swapped_at)[0]

    def with_pictures(
        self,
        path: Path,
        lead_side: Literal["left", "right"] | None = None,
        said: SaidCouple | None = None,
        ended: Event | None = None,
        limits: MediaLimits = DEFAULT_LIMITS,
        watch: Callable[[float], None] | None = None,
        swapped_at: Sequence[float] = (),
        number: int = 1,
    ) -> tuple[CoupleKeypoints, list[tuple[int, np.ndarray]]]:
        """Return the result of a call, and a few frames for people to look at.

        Parameters
        ----------
        path, lead_side, said, swapped_at
            As for a call.
        ended : Event or None
            Once another thread sets it, the next frame raises `EndedError`.
        limits : MediaLimits
            Limits on the clip.
        watch : callable or None
            Called repeatedly with the share of the work done, 0..1.
        number : int
            Number of the couple, from 1: the couple that is meant, then the others, the most certain first.

        Returns
        -------
        couple : CoupleKeypoints
            Both dancers.
        pictures : list
            Frames spread over the clip: index, and uint8 (H, W, 3) BGR with the video's borders. People other than the
            couple have grey skeletons.

        Raises
        ------
        UnreadableVideoError, NoCoupleError
            As for a call.
        EndedError
            `ended` was set.
        """
        info = probe(path, limits)
        told = None if watch is None else _share_of(info.duration_s, watch, PASSES + self.models.finds_hands)
        seen = self.people(path, ended, limits, told, said)
        frames = seen.frames
        times, steps, candidates = seen.times, seen.steps, seen.candidates
        seen.require_upright(self.models, self.parameters)
        choice = seen.choose(said, self.parameters, number)
        track = track_couple(choice.of(seen.steady), times[steps], choice.trust(seen.active), self.parameters)
        track = replace(track, chosen=choice.among_all(track.chosen))
        track = exchanged(track, candidates, times[steps], swapped_at, self.parameters)
        if (track.chosen < 0).all():
            raise NoCoupleError.nobody(path, len(times))
        to_first = None if seen.camera is None else seen.camera.to_first
        dense = estimate_every_frame(
            self.models,
            frames,
            times,
            steps,
            candidates,
            track,
            seen.samples,
            self.parameters,
            to_first,
            choice.clothes,
        )
        if choice.couples_seen == 0 and dense.valid.all(axis=1).mean() < self.parameters.choice.least_together:
            raise NoCoupleError.one_person(path, len(times))
        hands = find_hands(self.models, frames, dense.keypoints, dense.valid) if self.models.finds_hands else None
        size = (info.width, info.height)
        couple = _couple(dense, hands, times, frames, size, lead_side, seen.camera, self.parameters)
        covered = covering(times[steps], seen.steady, track.chosen, choice.others, self.parameters.passers_by)
        couple = replace(
            couple,
            people_seen=choice.people_seen,
            couples_seen=choice.couples_seen,
            couple_confidence=choice.confidence,
            couple_evidence=choice.weights,
            partner_changes=choice.changes,
            mirror_images=choice.images,
            identity_switches=_unsettled([*couple.identity_switches, *covered], swapped_at, self.parameters),
        )
        couple = within_clip(couple, seen.found.clip_times, seen.found.first, seen.found.cuts)
        couple = couple.without_damaged(frames.damage.times)
        step_of = {int(frame): step for step, frame in enumerate(steps)}
        shown = []
        for index, picture in seen.samples.pictures:
            step = step_of[index]
            drawn = draw_others(picture, candidates[step].keypoints[choice.others[step]])
            shown.append((seen.found.first + index, frames.with_borders(drawn, size)))
        return couple, shown

    def people(
        self,
        path: Path,
        ended: Event | None = None,
        limits: MediaLimits = DEFAULT_LIMITS,
        watch: Callable[[int, float], None] | None = None,
        said: SaidCouple | None = None,
    ) -> FirstPass:
        """Return everyone in a clip; `FirstPass.choose` then chooses the couple.

        Parameters
        ----------
        path, ended, limits
            As for `with_pictures`.
        watch : callable or None
            As for `ClipFrames`.
        said : "left", "middle", "right", PlaceOfCouple, tuple of int or None
            Which couple is meant: of a clip with cuts, a place decides which shot counts.

        Raises
        ------
        UnreadableVideoError
            The file cannot be decoded.
        EndedError
            `ended` was set.
        """
        threads = max(1, self.models.threads // 2)
        frames = ClipFrames(path, decoder_threads=threads, ended=ended, limits=limits, watch=watch)
        at_s = said.at_s if isinstance(said, PlaceOfCouple) else None
        return first_pass(self.models, frames, self.parameters, at_s)


def _unsettled(
    switches: Sequence[float], swapped_at: Sequence[float], parameters: TrackingParameters
) -> tuple[float, ...]:
    """Return the suspected identity switches, s, each once, that no person has confirmed with `swapped_at`."""
    apart = distinct(sorted(switches), parameters.identity_switches.comparison_s / 2)
    return tuple(at for at in apart if all(abs(at - said) > SETTLED_S for said in swapped_at))


def _share_of(duration_s: float, watch: Callable[[float], None], passes: int) -> Callable[[int, float], None]:
    """Return a function of pass and time (s) that calls `watch` with the share of all passes."""

    def seen(number: int, time_s: float) -> None:
        along = min(1.0, time_s / duration_s) if math.isfinite(duration_s) and duration_s > 0 else 0.5
        watch(min(1.0, (number + along) / passes))

    return seen


def _couple(
    dense: DenseCouple,
    hands: np.ndarray | None,
    times: np.ndarray,
    frames: ClipFrames,
    size: tuple[int, int],
    lead_side: Literal["left", "right"] | None,
    camera: CameraMotion | None,
    parameters: TrackingParameters,
) -> CoupleKeypoints:
    """Return the dancers in px of the video, lead first."""
    boxes, keypoints = dense.boxes, dense.keypoints
    if camera is not None:
        boxes = stabilised(boxes.reshape(len(boxes), -1, 2), camera.to_first).reshape(boxes.shape)
        keypoints = stabilised(keypoints, camera.to_first)
    roles = judge_roles(boxes, keypoints, dense.valid, lead_side, parameters.roles)
    scale = max(frames.region.size) / max(dense.size)
    to_own_pixels = np.array([scale, scale, 1], np.float32)
    origin = np.array([frames.region.left, frames.region.top, 0], np.float32)
    couple = CoupleKeypoints(
        times=times,
        boxes=(dense.boxes * scale + origin[[0, 1, 0, 1]]).astype(np.float32),
        keypoints=(dense.keypoints * to_own_pixels + origin).astype(np.float32),
        valid=dense.valid,
        interpolated=dense.interpolated,
        occlusion_recovery=dense.occlusion_recovery,
        track_ids=(0, 1),
        fps=frames.fps,
        width=size[0],
        height=size[1],
        role_confidence=roles.confidence,
        role_evidence=roles.evidence,
        identity_switches=dense.identity_switches,
        hands=None if hands is None else hands * to_own_pixels + origin,
        camera=None if camera is None else camera.in_video(scale, (frames.region.left, frames.region.top)),
        camera_lost=() if camera is None else tuple(times[camera.lost].round(2).tolist()),
    )
    return couple if roles.lead == 0 else couple.swapped()
