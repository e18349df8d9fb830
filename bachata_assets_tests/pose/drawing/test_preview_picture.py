"""Skeletons drawn over frames, as a picture and as a video."""

import io
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.drawing.preview_picture import HEIGHT, LARGEST, WIDTH, preview_picture
from bachata_assets.pose.drawing.preview_video import write_preview_video
from bachata_assets.pose.drawing.skeletons import ROLE_COLOURS, bgr, draw_couple
from bachata_assets.pose.skeleton import KNEES
from bachata_assets_tests.support.clips import write_pictures
from bachata_assets_tests.support.synthetic_couple import a_couple

GREY = np.full((360, 640, 3), 120, np.uint8)
"""A frame of the couple's video of 1280 x 720 at half its size."""


def drawn(couple: CoupleKeypoints, frame: int = 0) -> np.ndarray:
    picture = GREY.copy()
    draw_couple(picture, couple, frame, 0.5)
    return picture


def near(pixels: np.ndarray, role: str) -> np.ndarray:
    """Return where pixels (..., 3), BGR, are of a role's colour."""
    return np.asarray(np.abs(pixels.astype(int) - bgr(ROLE_COLOURS[role])).max(axis=-1) < 40)


def without(couple: CoupleKeypoints, who: slice) -> CoupleKeypoints:
    valid, boxes, keypoints = couple.valid.copy(), couple.boxes.copy(), couple.keypoints.copy()
    valid[:, who], boxes[:, who], keypoints[:, who] = False, np.nan, np.nan
    return replace(couple, valid=valid, boxes=boxes, keypoints=keypoints)


@pytest.fixture
def couple() -> CoupleKeypoints:
    return a_couple(seconds=4.0)


def test_each_dancer_is_drawn_in_the_roles_colour(couple: CoupleKeypoints) -> None:
    picture = drawn(couple)
    for who, role in enumerate(("lead", "follow")):
        knees = (couple.keypoints[0, who, KNEES, :2] / 2).round().astype(int)
        assert near(picture[knees[:, 1], knees[:, 0]], role).all()


def test_a_pose_found_behind_the_partner_is_drawn_in_thinner_lines(couple: CoupleKeypoints) -> None:
    behind = np.zeros_like(couple.valid)
    behind[:, 1] = True
    plain, rough = drawn(couple), drawn(replace(couple, occlusion_recovery=behind))
    assert near(rough, "follow").sum() < 0.7 * near(plain, "follow").sum()
    assert near(rough, "lead").sum() >= near(plain, "lead").sum()


def test_who_is_missing_is_not_drawn(couple: CoupleKeypoints) -> None:
    picture = drawn(without(couple, np.s_[1:]))
    assert near(picture, "lead").any()
    assert not near(picture, "follow").any()
    assert (drawn(without(couple, np.s_[:])) == GREY).all()


def test_hands_are_drawn_where_they_are_known(couple: CoupleKeypoints) -> None:
    hands = np.full((couple.frame_count, 2, 2, 21, 3), np.nan, np.float32)
    hands[:, 0, 1, :, :2] = [1000, 100] + np.arange(21)[:, None] * [4, 6]
    corner = np.s_[40:130, 490:560]
    assert not near(drawn(couple)[corner], "lead").any()
    assert near(drawn(replace(couple, hands=hands))[corner], "lead").any()


@pytest.mark.parametrize("missing", [np.s_[2:], np.s_[1:], np.s_[:]], ids=["nobody", "one", "both"])
@pytest.mark.parametrize("size", [(1280, 720), (720, 1280)], ids=["wide", "upright"])
def test_the_preview_is_a_small_picture_whoever_is_missing(
    couple: CoupleKeypoints, missing: slice, size: tuple[int, int]
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (size[1] // 2, size[0] // 2, 3), np.uint8)
    seen = replace(without(couple, missing), width=size[0], height=size[1], identity_switches=(1.0,))
    content = preview_picture("spin", seen, [(frame, noise) for frame in range(0, 60, 6)])
    assert len(content) <= LARGEST
    assert Image.open(io.BytesIO(content)).size == (WIDTH, HEIGHT)


def test_whole_frames_are_shown_where_others_are_seen(couple: CoupleKeypoints) -> None:
    marked = GREY.copy()
    marked[200:210, 630:640] = (255, 0, 255)  # at the frame's edge, far from the couple

    def shows_the_mark(seen: CoupleKeypoints) -> bool:
        content = preview_picture("spin", seen, [(0, marked)])
        picture = np.array(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
        return bool((np.abs(picture - (255, 0, 255)).max(axis=-1) < 80).any())

    assert not shows_the_mark(couple)
    assert shows_the_mark(replace(couple, people_seen=3))
    assert shows_the_mark(replace(couple, mirror_images=2))


def test_the_timeline_shows_when_someone_is_missing(couple: CoupleKeypoints) -> None:
    def blue_below(seen: CoupleKeypoints) -> np.ndarray:
        picture = np.array(Image.open(io.BytesIO(preview_picture("spin", seen, [(0, GREY)]))))[..., ::-1]
        bars = slice(round(HEIGHT * (1 - 0.475)), round(HEIGHT * (1 - 0.385)))
        return np.asarray(near(picture[bars], "follow").any(axis=0))

    whole = blue_below(couple)
    gone = without(couple, np.s_[1:])
    half = replace(couple, **{name: getattr(couple, name).copy() for name in ("valid", "boxes", "keypoints")})
    for name in ("valid", "boxes", "keypoints"):
        getattr(half, name)[30:, 1] = getattr(gone, name)[30:, 1]
    assert blue_below(half).sum() == pytest.approx(whole.sum() / 2, rel=0.03)


@pytest.mark.parametrize("name", ["$$ for a class", "$\\frac$", "$_$", "x^2 $", "\U0001f483 night", "\u202egpm"])
def test_a_name_is_drawn_as_it_is_and_never_read_as_a_formula(couple: CoupleKeypoints, name: str) -> None:
    picture = Image.open(io.BytesIO(preview_picture(name, couple, [(0, GREY)])))
    heading = np.array(picture.convert("L"))[: HEIGHT // 12, : WIDTH // 4]
    assert heading.min() < 100


def test_a_clip_of_one_frame_has_a_preview(couple: CoupleKeypoints) -> None:
    one = replace(
        couple,
        times=couple.times[:1],
        **{
            name: getattr(couple, name)[:1]
            for name in ("valid", "boxes", "keypoints", "interpolated", "occlusion_recovery")
        },
    )
    assert preview_picture("one", one, [(0, GREY)])


def test_a_clip_without_sound_makes_a_silent_film(couple: CoupleKeypoints, tmp_path: Path) -> None:
    write_pictures(tmp_path / "clip.mp4", [GREY] * 60)
    write_preview_video(tmp_path / "clip.mp4", couple, tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert [stream.type for stream in film.streams] == ["video"]
        pictures = [frame.to_ndarray(format="bgr24") for frame in film.decode(video=0)]
    assert len(pictures) == 60
    assert near(pictures[30], "lead").any()
