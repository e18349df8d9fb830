"""The camera's motion, on windows that move over a drawn room with known motion."""

import cv2
import numpy as np
import pytest

from bachata_assets.pose.camera.motion import CameraLooks, CameraMotion, follow_camera
from bachata_assets.pose.geometry import stabilised
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets_tests.support.figures import person, seen

COUNT = 30
STEPS = np.arange(0, COUNT, 2)
DANCER = person(150, top=40, height=160)


def room(seed: int = 0) -> np.ndarray:
    """Return a wall with pictures, uint8 (400, 700, 3)."""
    random = np.random.default_rng(seed)
    wall = np.full((400, 700, 3), 150, np.uint8)
    for _ in range(60):
        x, y, w, h = random.integers([0, 0, 15, 15], [680, 380, 90, 70])
        cv2.rectangle(wall, (int(x), int(y)), (int(x + w), int(y + h)), random.integers(0, 255, 3).tolist(), -1)
    return cv2.GaussianBlur(wall, (3, 3), 0)


def film(windows: list[np.ndarray], wall: np.ndarray) -> list[np.ndarray]:
    """Return what windows (2, 3) show of a wall, with somebody who waves before it at one place of the picture."""
    pictures = []
    for index, window in enumerate(windows):
        picture = cv2.warpAffine(wall, window, (480, 270))
        cv2.rectangle(picture, (120 + index % 5, 45), (180 + 3 * (index % 7), 195), (0, 0, 40 * (index % 4)), -1)
        pictures.append(picture)
    return pictures


def window(x: float, y: float, zoom: float = 1.0) -> np.ndarray:
    return np.array([[zoom, 0, -x * zoom], [0, zoom, -y * zoom]])


def everyone() -> list[Candidates]:
    return [seen((DANCER, 0.8, 10)) for _ in STEPS]


def moves(pictures: list[np.ndarray]) -> bool:
    looks = CameraLooks()
    for step, index in enumerate(STEPS):
        looks.add(step, pictures[index])
    return looks.camera_moves(everyone())


SWAYS = [window(90 + 40 * np.sin(i / 5), 60 + 15 * np.cos(i / 4)) for i in range(COUNT)]
ZOOMS = [window(90, 60, 1 + 0.01 * i) for i in range(COUNT)]


def test_a_camera_that_stands_still_is_told_though_somebody_moves() -> None:
    assert not moves(film([window(90, 60)] * COUNT, room()))


@pytest.mark.parametrize("windows", [SWAYS, ZOOMS])
def test_a_moving_camera_is_followed(windows: list[np.ndarray]) -> None:
    pictures = film(windows, room())
    assert moves(pictures)
    motion = follow_camera(pictures, STEPS, everyone())
    assert not motion.lost.any()
    corner = np.array([400.0, 200.0])  # of the wall
    shown = np.array([(w[:, :2] @ corner + w[:, 2])[None] for w in windows])
    steady = stabilised(shown, motion.to_first)[:, 0]
    assert np.linalg.norm(steady - shown[0], axis=1).max() < 0.1 * np.ptp(shown[:, 0], axis=0).max() + 1


def test_a_picture_that_shows_nothing_leaves_no_error_behind() -> None:
    x = np.r_[np.linspace(90, 60, 12), np.linspace(150, 60, COUNT - 12)]  # it jumps while nothing is seen
    windows = [window(place, 60) for place in x]
    pictures = film(windows, room())
    for index in (11, 12):
        pictures[index][:] = 90
    motion = follow_camera(pictures, STEPS, everyone())
    assert motion.lost.any()
    seen_ones = np.delete(np.arange(COUNT), [11, 12])
    assert np.abs(motion.to_first[seen_ones, 2] - (x - x[0])[seen_ones]).max() < 1.5


def test_a_cut_is_a_frame_whose_motion_is_not_known() -> None:
    pictures = film(SWAYS[:15], room()) + film(SWAYS[15:], room(seed=1))
    lost = follow_camera(pictures, STEPS, everyone()).lost
    assert np.flatnonzero(lost).tolist() == [15]


def test_the_motion_in_the_pixels_of_the_video_moves_its_places_alike() -> None:
    motion = CameraMotion(np.array([[1, 0, 0, 0], [0.9, 0.1, 12, -5.0]]), np.zeros(2, bool))
    places = np.array([[[30.0, 40.0]], [[100.0, 20.0]]])
    scale, origin = 2.5, np.array([16.0, 8.0])
    in_video = stabilised(places * scale + origin, motion.in_video(scale, (16.0, 8.0)))
    assert in_video == pytest.approx(stabilised(places, motion.to_first) * scale + origin)
