"""Black borders of a video."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bachata_assets.video.borders import picture_region
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets_tests.support.clips import turn_clockwise, write_pictures

WIDTH, HEIGHT = 640, 360
WHOLE = (0, 0, WIDTH, HEIGHT)


def lit_room(left: int, top: int, right: int, bottom: int, seed: int = 0) -> np.ndarray:
    """A picture that is black but for a room of soft light and shade, px."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    x, y = np.arange(left, right), np.arange(top, bottom)
    picture[top:bottom, left:right] = (110 + 60 * np.sin(np.add.outer(y, x) / 25 + seed))[..., None]
    return picture


def near(region: Sequence[int], expected: Sequence[int]) -> bool:
    """Whether no side is off by more than the pictures that are looked at resolve, and a whole one by nothing."""
    return bool((np.abs(np.subtract(region, expected)) <= 2).all())


@pytest.mark.parametrize(
    "borders",
    [(0, 45, 640, 315), (219, 0, 421, 360), (96, 54, 544, 306), (64, 18, 640, 360), (0, 0, 600, 360)],
    ids=["letterbox", "upright video in a wide picture", "all around", "left and above", "right only"],
)
def test_black_borders_are_found_on_every_side(tmp_path: Path, borders: tuple[int, int, int, int]) -> None:
    path = write_pictures(tmp_path / "clip.mp4", [lit_room(*borders, seed) for seed in range(8)])
    assert near(picture_region(path), borders)


def test_a_video_without_borders_stays_whole(tmp_path: Path) -> None:
    assert picture_region(write_pictures(tmp_path / "clip.mp4", [lit_room(*WHOLE)] * 3)) == WHOLE


def test_a_border_too_narrow_to_matter_stays(tmp_path: Path) -> None:
    assert picture_region(write_pictures(tmp_path / "clip.mp4", [lit_room(8, 0, 640, 360)] * 3)) == WHOLE


def test_a_black_video_stays_whole(tmp_path: Path) -> None:
    assert picture_region(write_pictures(tmp_path / "clip.mp4", [np.zeros((HEIGHT, WIDTH, 3), np.uint8)] * 3)) == WHOLE


def test_a_couple_in_a_spotlight_has_no_borders(tmp_path: Path) -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    lit = np.hypot(x - 320, y - 180) < 120
    picture = np.where(lit, 180, 0).astype(np.uint8)[..., None].repeat(3, axis=2)
    assert picture_region(write_pictures(tmp_path / "clip.mp4", [picture] * 3)) == WHOLE


def test_what_is_dark_at_first_only_is_no_border(tmp_path: Path) -> None:
    opening, later = lit_room(0, 90, 640, 270), lit_room(*WHOLE)
    path = write_pictures(tmp_path / "clip.mp4", [opening] * 15 + [later] * 30, gop_size=15)
    assert picture_region(path) == WHOLE


def test_the_region_is_that_of_the_picture_as_displayed(tmp_path: Path) -> None:
    path = write_pictures(tmp_path / "phone.mp4", [lit_room(0, 0, 640, 240)] * 3)
    left, top, right, bottom = picture_region(turn_clockwise(path))
    assert near((left, top, right, bottom), (120, 0, 360, 640))


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UnreadableVideoError, match=r"text\.mp4: cannot be decoded"):
        picture_region(tmp_path / "text.mp4")
