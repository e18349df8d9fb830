"""The dancer behind the other: found where something of them is left to see."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np
import pytest

from bachata_assets.pose.skeleton import LIMBS
from bachata_assets.pose.tracking.activity import ActivityMap
from bachata_assets.pose.tracking.appearance import body_colours
from bachata_assets.pose.tracking.background import RoomSamples, paint_out
from bachata_assets.pose.tracking.occlusion_recovery import HiddenPoses, recover_hidden
from bachata_assets.pose.tracking.reidentification import NOBODY_ELSE, NOTHING_KNOWN, KnownClothes
from bachata_assets_tests.support.figures import box_of, person

ROOM = np.full((360, 640, 3), 100, np.uint8)
FRAMES = 12
FRONT, BEHIND = person(300), person(330)


def draw(picture: np.ndarray, pose: np.ndarray, shade: int) -> np.ndarray:
    """Return the picture with a body of one shade around the pose."""
    drawn = picture.copy()
    points = pose[:, :2].astype(int).tolist()
    for start, end in LIMBS[2:]:
        cv2.line(drawn, points[start], points[end], (shade,) * 3, 12)
    cv2.circle(drawn, points[0], 12, (shade,) * 3, -1)
    return drawn


def clip(hidden: bool) -> tuple[list[tuple[float, np.ndarray]], np.ndarray, np.ndarray]:
    """Return frames, keypoints and valid: both are seen beside each other, then one is behind the other or gone."""
    beside = np.stack([FRONT, person(450)])
    keypoints = np.repeat(beside[None], FRAMES, axis=0)
    valid = np.ones((FRAMES, 2), bool)
    valid[6:, 1] = False
    frames = []
    for index in range(FRAMES):
        away = beside[1] if index < 6 else BEHIND
        picture = draw(ROOM, away, 220) if hidden or index < 6 else ROOM
        frames.append((index / 15, draw(picture, FRONT, 20)))
    return frames, keypoints, valid


class FixedPose:
    """Stands for the pose model: sees the same pose wherever it looks, and remembers the boxes."""

    def __init__(self, pose: np.ndarray) -> None:
        self.pose = pose
        self.boxes: list[np.ndarray] = []

    def keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        for _, box in jobs:
            self.boxes.append(box)
            yield self.pose


def look(model: FixedPose, hidden: bool = True, clothes: KnownClothes = NOBODY_ELSE) -> HiddenPoses:
    frames, keypoints, valid = clip(hidden)
    boxes = box_of(keypoints)
    samples = RoomSamples()
    for index, (_, picture) in enumerate(frames):
        samples.add(index, picture)
    worn = (NOTHING_KNOWN, clothes)
    # FixedPose stands for the models, the list for the frames.
    return recover_hidden(model, frames, samples, boxes, keypoints, valid, worn)  # type: ignore[arg-type]


def test_the_one_behind_is_looked_for_where_something_is_left() -> None:
    model = FixedPose(BEHIND)
    found = look(model)
    assert found.places.tolist() == [[index, 1] for index in range(6, FRAMES)]
    assert np.allclose(found.keypoints, BEHIND)
    centers = np.array(model.boxes)[:, [0, 2]].mean(axis=1)
    assert (centers > 310).all()  # to the side of the one in front, at 300
    assert (centers < 360).all()


def test_with_nothing_left_nobody_is_looked_for() -> None:
    model = FixedPose(BEHIND)
    assert look(model, hidden=False).places.shape == (0, 2)
    assert model.boxes == []


@pytest.mark.parametrize(
    "pose",
    [FRONT, person(330, score=0.1), person(330, height=100), person(430)],
    ids=["partner", "weak", "small", "far"],
)
def test_a_pose_that_cannot_be_the_hidden_one_does_not_count(pose: np.ndarray) -> None:
    assert look(FixedPose(pose)).places.shape == (0, 2)


def test_a_pose_in_somebody_elses_clothes_is_not_the_hidden_dancers() -> None:
    pale, dark, middle = (body_colours(draw(ROOM, FRONT, shade), FRONT[None])[0] for shade in (220, 20, 130))
    own, others = np.stack([dark, pale]), np.stack([dark, middle])
    assert len(look(FixedPose(BEHIND), clothes=KnownClothes(own, middle[None])).places) == FRAMES - 6
    assert len(look(FixedPose(BEHIND), clothes=KnownClothes(others, pale[None])).places) == 0


def test_the_room_is_what_lies_outside_the_dancers_boxes() -> None:
    samples = RoomSamples()
    boxes = np.full((40, 2, 4), np.nan)
    for index in range(40):
        pose = person(100 + 10 * index)
        boxes[index, 0] = box_of(pose)
        samples.add(index, draw(ROOM, pose, 250))
    assert np.abs(samples.room(boxes)(7).astype(int) - 100).max() <= 3


def test_the_room_of_a_moving_camera_is_what_each_frame_shows_of_it() -> None:
    samples = RoomSamples()
    wall = np.tile(np.linspace(40, 200, 900).astype(np.uint8)[None, :, None], (360, 1, 3))
    boxes, to_first = np.full((30, 2, 4), np.nan), np.zeros((30, 4))
    for index in range(30):
        to_first[index] = [1, 0, 8 * index, 0]
        pose = person(100 + 15 * index)
        boxes[index, 0] = box_of(pose)
        samples.add(index, draw(wall[:, 8 * index : 8 * index + 640], pose, 250))
    room = samples.room(boxes, to_first)
    for index in (0, 14, 29):
        away = np.abs(room(index).astype(int) - wall[:, 8 * index : 8 * index + 640])
        assert np.median(away) <= 2
        assert (away > 12).mean() < 0.05  # what no sample shows


def test_furniture_before_a_moving_camera_is_not_active() -> None:
    wall = np.random.default_rng(0).integers(60, 140, (90, 225)).astype(np.uint8).repeat(4, 0).repeat(4, 1)
    chair = person(500)
    moving, still = ActivityMap(), []
    for index in range(20):
        window = slice(6 * index, 6 * index + 640)
        dancer = person(300 + 12 * (index % 6))
        picture = draw(draw(np.repeat(wall[..., None], 3, axis=2), chair, 200), dancer, 20)[:, window]
        moving.add(picture, np.array([1.0, 0, 6 * index, 0]))
        still.append(np.stack([dancer, chair]))
    values = np.stack(moving.of(still))
    assert (values[:, 1] < 0.2).all()
    assert (values[:, 0] > 0.5).all()


def test_a_dancer_is_painted_out() -> None:
    painted = paint_out(draw(ROOM, FRONT, 20), FRONT, 250.0, ROOM)
    assert (painted.picture == 20).all(axis=-1).mean() < 0.002
    assert not painted.remains.any()


def test_what_never_moves_is_not_active_however_calm_the_clip() -> None:
    still, calm = person(100), person(400)
    activity = ActivityMap()
    for shade in np.tile([110, 118], 10):
        activity.add(draw(draw(ROOM, still, 200), calm, int(shade)))
    (values,) = activity.of([np.stack([still, calm])])
    assert values.tolist() == [0.0, 1.0]


def test_someone_dark_before_a_dark_wall_beside_someone_bright_is_active() -> None:
    wall = np.full((360, 640, 3), 24, np.uint8)
    activity = ActivityMap()
    looks = []
    for index in range(20):
        dark, bright, still = person(150 + 4 * index), person(250 + 4 * index), person(500)
        picture = draw(draw(draw(wall, dark, 12), bright, 230), still, 40)
        activity.add(picture)
        looks.append(np.stack([dark, bright, still]))
    values = np.stack(activity.of(looks))
    assert (values[:, :2].mean(axis=0) > 0.5).all()
    assert (values[:, 2] == 0).all()
