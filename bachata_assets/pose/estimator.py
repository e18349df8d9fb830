"""`CouplePoseEstimator`: a video file to `CoupleKeypoints`.

The steps live beside it, each usable alone: `candidates.py` (frames to persons), `tracks.py` (persons to the two
dancers), `dense.py` (poses on every frame), `roles.py` (who leads).
"""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Literal

import numpy as np

from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.hands import find_hands
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.tracking.background import RoomSamples
from bachata_assets.pose.tracking.candidates import Candidates, find_candidates
from bachata_assets.pose.tracking.dense import DenseCouple, estimate_every_frame
from bachata_assets.pose.tracking.liveliness import Liveliness
from bachata_assets.pose.tracking.roles import judge_roles
from bachata_assets.pose.tracking.tracks import track_couple
from bachata_assets.video.probe import probe

DETECT_EVERY = 2
"""Frames from one look of the detector to the next (0.13 s); boxes between are interpolated."""


class NoCoupleError(ValueError):
    """Nobody dances in a clip; the message names it."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}. Check that the clip shows a couple, whole and well lit.")


class CouplePoseEstimator:
    """Finds both dancers of a clip, keeps them apart and tells the leader; shares its models with other clips."""

    def __init__(self, models: PoseModels, detect_every: int = DETECT_EVERY) -> None:
        self.models = models
        self.detect_every = detect_every

    def __call__(self, path: Path, lead_side: Literal["left", "right"] | None = None) -> CoupleKeypoints:
        """Return the couple's keypoints over the whole clip at 15 fps.

        Parameters
        ----------
        path : video file
        lead_side : where the leader stands at the start, when known; roles are then certain

        Raises
        ------
        UnreadableVideoError
            The file cannot be decoded.
        NoCoupleError
            Nobody is found. With one dancer only, the other is not valid anywhere.
        """
        return self.with_pictures(path, lead_side)[0]

    def with_pictures(
        self, path: Path, lead_side: Literal["left", "right"] | None = None, ended: Event | None = None
    ) -> tuple[CoupleKeypoints, list[tuple[int, np.ndarray]]]:
        """Return what calling it does, and a few of the frames looked at (index, picture), spread over the clip.

        Parameters
        ----------
        ended : once it is set, by another thread, `EndedError` is raised at the next frame
        """
        info = probe(path)
        frames = ClipFrames(path, decoder_threads=max(1, self.models.threads // 2), ended=ended)
        times, steps, candidates, liveliness, samples = self._look(frames)
        alive = liveliness.of([found.keypoints for found in candidates])
        track = track_couple(candidates, times[steps], alive)
        if (track.chosen < 0).all():
            raise NoCoupleError(path, f"nobody found in {len(times)} frames")
        dense = estimate_every_frame(self.models, frames, times, steps, candidates, track, samples)
        hands = find_hands(self.models, frames, dense.keypoints, dense.valid) if self.models.finds_hands else None
        size = (info.width, info.height)
        couple = _couple(dense, hands, times, frames, size, lead_side)
        return couple, [(index, frames.with_borders(picture, size)) for index, picture in samples.pictures]

    def _look(self, frames: ClipFrames) -> tuple[np.ndarray, np.ndarray, list[Candidates], Liveliness, RoomSamples]:
        """Return all times (T,), the steps looked at (S,), their candidates, the places that move, a few frames."""
        times: list[float] = []
        steps: list[int] = []
        liveliness, samples = Liveliness(), RoomSamples()

        def looked_at() -> Iterator[np.ndarray]:
            for index, (time_s, picture) in enumerate(frames):
                times.append(time_s)
                if index % self.detect_every == 0:
                    steps.append(index)
                    liveliness.add(picture)
                    samples.add(index, picture)
                    yield picture

        candidates = list(find_candidates(self.models, looked_at()))
        return np.array(times), np.array(steps), candidates, liveliness, samples


def _couple(
    dense: DenseCouple,
    hands: np.ndarray | None,
    times: np.ndarray,
    frames: ClipFrames,
    size: tuple[int, int],
    lead_side: Literal["left", "right"] | None,
) -> CoupleKeypoints:
    """Return the dancers in the video's own pixels, lead first."""
    roles = judge_roles(dense.boxes, dense.keypoints, dense.valid, lead_side)
    scale = max(frames.region.size) / max(dense.size)
    to_own_pixels = np.array([scale, scale, 1], np.float32)
    origin = np.array([frames.region.left, frames.region.top, 0], np.float32)
    couple = CoupleKeypoints(
        times=times,
        boxes=(dense.boxes * scale + origin[[0, 1, 0, 1]]).astype(np.float32),
        keypoints=(dense.keypoints * to_own_pixels + origin).astype(np.float32),
        valid=dense.valid,
        interpolated=dense.interpolated,
        second_look=dense.second_look,
        track_ids=(0, 1),
        fps=frames.fps,
        width=size[0],
        height=size[1],
        role_confidence=roles.confidence,
        role_evidence=roles.evidence,
        suspected_swaps=dense.suspected_swaps,
        hands=None if hands is None else hands * to_own_pixels + origin,
    )
    return couple if roles.lead == 0 else couple.swapped()
