"""The persons looked for in each frame."""

import weakref
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from bachata_assets.pose.models.pose_models import Detections
from bachata_assets.pose.tracking.candidates import Candidates, find_candidates
from bachata_assets_tests.support.figures import box_of, person

LEFT, RIGHT = person(200), person(400)
SHIFT = np.array([8, 0, 8, 0], np.float32)
"""Enough for another box on the same person; the overlap stays above 0.6."""


class FixedModels:
    """Stands for the models: each frame's persons and their boxes are given; poses come as late as a queue's."""

    def __init__(self, frames: list[list[tuple[np.ndarray, np.ndarray]]], delay: int = 5) -> None:
        self.frames = frames
        self.delay = delay
        self.asked: list[float] = []

    def detect(
        self, frames: Iterable[np.ndarray], score_threshold: float, nms_threshold: float, limit: int
    ) -> Iterator[Detections]:
        for _, persons in zip(frames, self.frames, strict=True):
            scores = np.linspace(0.9, 0.5, len(persons), dtype=np.float32)
            yield Detections(np.array([box for box, _ in persons], np.float32).reshape(-1, 4), scores)

    def keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        waiting: list[np.ndarray] = []
        for frame, box in jobs:
            persons = self.frames[frame[0, 0, 0]]
            self.asked.append(float(box.sum()))
            waiting.append(next(pose for known, pose in persons if np.array_equal(known, box)))
            if len(waiting) > self.delay:
                yield waiting.pop(0)
        yield from waiting


def twice(pose: np.ndarray, seen: np.ndarray | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return two boxes on one person, the second with the pose `seen` in it."""
    box = np.asarray(box_of(pose), np.float32)
    return [(box, pose), (box + SHIFT, pose if seen is None else seen)]


def found(models: FixedModels) -> list[Candidates]:
    pictures = [np.full((360, 640, 3), index, np.uint8) for index in range(len(models.frames))]
    return list(find_candidates(models, pictures))  # type: ignore[arg-type]  # FixedModels stands for the models


@pytest.mark.parametrize("delay", [0, 1, 100])
def test_two_dancers_apart_are_posed_once_each(delay: int) -> None:
    models = FixedModels([[*twice(LEFT), *twice(RIGHT)]] * 6, delay)
    looks = found(models)
    assert len(models.asked) == 12
    assert [sorted(look.keypoints[:, 0, 0]) for look in looks] == [[LEFT[0, 0], RIGHT[0, 0]]] * 6


@pytest.mark.parametrize("delay", [0, 1, 100])
def test_in_an_embrace_the_overlapped_box_shows_the_other(delay: int) -> None:
    hidden = person(230)
    models = FixedModels([twice(LEFT, hidden)] * 6, delay)
    looks = found(models)
    assert len(models.asked) == 12
    assert [sorted(look.keypoints[:, 0, 0]) for look in looks] == [[LEFT[0, 0], hidden[0, 0]]] * 6


def test_an_uncertain_pose_is_no_reason_to_stop_looking() -> None:
    vague = person(400, score=0.4)
    hidden = person(230)
    (look,) = found(FixedModels([[*twice(LEFT, hidden), (box_of(vague).astype(np.float32), vague)]]))
    assert sorted(look.keypoints[:, 0, 0]) == [LEFT[0, 0], hidden[0, 0], vague[0, 0]]


def test_frames_keep_their_order_whatever_is_found_in_them() -> None:
    frames = [twice(LEFT, person(230)), [], [*twice(LEFT), *twice(RIGHT)], twice(RIGHT, person(430)), []]
    assert [len(look) for look in found(FixedModels(frames))] == [2, 0, 2, 2, 0]


def test_what_is_certain_comes_first_with_box_score_and_colours() -> None:
    (look,) = found(FixedModels([[*twice(person(200, score=0.55)), *twice(RIGHT)]]))
    assert look.keypoints[:, 0, 0].tolist() == [RIGHT[0, 0], LEFT[0, 0]]
    assert np.allclose(look.boxes[0], box_of(RIGHT))
    assert look.scores[0] < look.scores[1]
    assert np.allclose(look.colours.sum(axis=1), 4)  # four parts, each in sight


def test_a_long_clips_pictures_are_let_go_of_one_by_one() -> None:
    models = FixedModels([[*twice(LEFT), *twice(RIGHT)]] * 200)
    alive: set[int] = set()
    most = 0

    def pictures() -> Iterator[np.ndarray]:
        nonlocal most
        for index in range(200):
            picture = np.full((360, 640, 3), index, np.uint8)
            alive.add(index)
            weakref.finalize(picture, alive.discard, index)
            most = max(most, len(alive))
            yield picture

    looks = find_candidates(models, pictures())  # type: ignore[arg-type]  # FixedModels stands for the models
    assert sum(len(look) for look in looks) == 400
    assert most <= models.delay + 3


def test_of_a_crowd_twenty_are_looked_at_and_of_boxes_on_one_body_eight() -> None:
    crowd = [person(60 + 70 * index) for index in range(24)]
    (look,) = found(FixedModels([[(box_of(pose).astype(np.float32), pose) for pose in crowd]]))
    assert len(look) == 20
    heap = [(box_of(LEFT).astype(np.float32) + SHIFT * index / 9, person(200 + 30 * index)) for index in range(12)]
    (look,) = found(FixedModels([heap]))
    assert len(look) == 8
