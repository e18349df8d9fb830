"""Poses on the frames between those on which the detector ran."""

from collections.abc import Iterable, Iterator

import numpy as np

from bachata_assets.pose.tracking.appearance import body_colours
from bachata_assets.pose.tracking.background import RoomSamples
from bachata_assets.pose.tracking.dense import DenseCouple, estimate_every_frame
from bachata_assets.pose.tracking.reidentification import NOBODY_ELSE, NOTHING_KNOWN, KnownClothes
from bachata_assets.pose.tracking.tracks import Track
from bachata_assets_tests.support.figures import person, seen

LEFT, RIGHT = person(200), person(420)
FRAMES = 9
PICTURE = np.full((360, 640, 3), 20, np.uint8)
PICTURE[:, 310:] = 220
"""The left dancer is in dark clothes, the right one in pale ones."""


class PoseInBox:
    """Stands for the pose model: sees a person in the middle of each box, 8 px to the right."""

    def keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        for _, box in jobs:
            yield person(float(box[0] + box[2]) / 2 + 8)


def every_frame(clothes: KnownClothes) -> DenseCouple:
    """Return two who stand still, found on every second frame."""
    steps = np.arange(0, FRAMES, 2)
    candidates = [seen((LEFT, 0.9, 1), (RIGHT, 0.9, 2))] * len(steps)
    track = Track(np.tile([0, 1], (len(steps), 1)), NOTHING_KNOWN)
    samples = RoomSamples()
    samples.add(0, PICTURE)
    times = np.arange(FRAMES) / 15
    frames = [(time_s, PICTURE) for time_s in times]
    # PoseInBox stands for the models, the list for the frames.
    return estimate_every_frame(PoseInBox(), frames, times, steps, candidates, track, samples, clothes=clothes)  # type: ignore[arg-type]


def test_between_the_steps_the_poses_are_what_the_model_sees_in_the_expected_boxes() -> None:
    couple = every_frame(NOBODY_ELSE)
    assert couple.valid.all()
    assert not couple.interpolated.any()
    assert np.allclose(couple.keypoints[::2, 0], LEFT)
    assert np.allclose(couple.keypoints[1::2, 0, :, 0], LEFT[:, 0] + 8, atol=0.01)
    assert couple.size == (640, 360)


def test_a_pose_in_somebody_elses_clothes_is_not_the_dancers_but_filled_in() -> None:
    dark, pale = (body_colours(PICTURE, pose[None])[0] for pose in (LEFT, RIGHT))
    grey = body_colours(np.full_like(PICTURE, 120), LEFT[None])[0]
    couple = every_frame(KnownClothes(np.stack([grey, pale]), dark[None]))
    assert couple.valid.all()
    assert couple.interpolated[:, 0].tolist() == [index % 2 == 1 for index in range(FRAMES)]
    assert not couple.interpolated[:, 1].any()
    assert np.allclose(couple.keypoints[:, 0], LEFT)
