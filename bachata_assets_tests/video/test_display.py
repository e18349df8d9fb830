"""A picture as a player shows it: display matrix, pixel aspect, one size throughout."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from bachata_assets.report.thumbnails import thumbnail
from bachata_assets.video.borders import picture_region
from bachata_assets.video.display import Display, Region
from bachata_assets.video.probe import probe
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.clips import set_matrix, write_media, write_pictures

WIDTH, HEIGHT = 160, 96
QUARTERS = np.kron([[250, 170], [90, 10]], np.ones((HEIGHT // 2, WIDTH // 2)))
"""Brightness falls from the top left quarter over the top right and the bottom left one to the bottom right one."""
PICTURE = QUARTERS.astype(np.uint8)[..., None].repeat(3, axis=2)

MATRICES = [
    ("as it is", (1, 0, 0, 1), [[250, 170], [90, 10]], 0),
    ("a quarter turn clockwise", (0, 1, -1, 0), [[90, 250], [10, 170]], 270),
    ("half a turn", (-1, 0, 0, -1), [[10, 90], [170, 250]], 180),
    ("a quarter turn counter-clockwise", (0, -1, 1, 0), [[170, 10], [250, 90]], 90),
    ("mirrored", (-1, 0, 0, 1), [[170, 250], [10, 90]], 0),
    ("upside down", (1, 0, 0, -1), [[90, 10], [250, 170]], 180),
    ("transposed", (0, 1, 1, 0), [[250, 90], [170, 10]], 270),
    ("transposed the other way", (0, -1, -1, 0), [[10, 170], [90, 250]], 90),
]


def quarters(picture: np.ndarray) -> np.ndarray:
    """Return the brightness in the middle of each quarter."""
    height, width = picture.shape[:2]
    return picture[height // 4 :: height // 2, width // 4 :: width // 2].mean(axis=-1)


@pytest.mark.parametrize(
    ("matrix", "shown", "rotation"), [row[1:] for row in MATRICES], ids=[row[0] for row in MATRICES]
)
def test_the_display_matrix_is_followed(
    matrix: tuple[int, int, int, int], shown: list[list[int]], rotation: int, tmp_path: Path
) -> None:
    path = set_matrix(write_pictures(tmp_path / "clip.mp4", [PICTURE] * 6), *matrix)
    info, (_, picture) = probe(path), next(sample_frames(path))
    assert np.abs(quarters(picture) - shown).max() < 5
    size = (HEIGHT, WIDTH) if matrix[0] == 0 else (WIDTH, HEIGHT)
    assert (info.width, info.height, info.rotation) == (*size, rotation)
    assert picture.shape[1::-1] == size
    assert picture_region(path) == (0, 0, *size)
    assert thumbnail(path, 0.0) is not None


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((0.98, 0.17, -0.17, 0.98), [[250, 170], [90, 10]]),  # held a little askew
        ((0.17, 0.98, -0.98, 0.17), [[90, 250], [10, 170]]),
        ((-0.7, 0.3, 0.3, 0.7), [[170, 250], [10, 90]]),  # mirrored and askew
        ((0.3, -0.7, -0.7, -0.3), [[10, 170], [90, 250]]),
        ((2, 0, 0, 2), [[250, 170], [90, 10]]),  # larger
        ((0, 0, 0, 0), [[250, 170], [90, 10]]),  # of nothing
    ],
)
def test_any_other_matrix_counts_as_the_nearest_that_keeps_the_sides_upright(
    matrix: tuple[float, float, float, float], shown: list[list[int]], tmp_path: Path
) -> None:
    path = set_matrix(write_pictures(tmp_path / "clip.mp4", [PICTURE] * 3), *matrix)
    assert np.abs(quarters(next(sample_frames(path))[1]) - shown).max() < 5


@pytest.mark.parametrize("row", MATRICES, ids=[row[0] for row in MATRICES])
def test_oblong_pixels_black_borders_and_every_matrix_go_together(
    row: tuple[str, tuple[int, int, int, int], list[list[int]], int], tmp_path: Path
) -> None:
    _, matrix, shown, _ = row
    bordered = np.zeros_like(PICTURE)
    bordered[24:72] = PICTURE[::2] // 2 + 60
    path = set_matrix(write_pictures(tmp_path / "clip.mov", [bordered] * 3, aspect=Fraction(3, 2)), *matrix)
    region = picture_region(path)
    size = (48, 240) if matrix[0] == 0 else (240, 48)
    assert np.abs(np.subtract(region.size, size)).max() <= 4
    picture = next(sample_frames(path, region=region))[1]
    assert np.abs(quarters(picture) - np.array(shown) / 2 - 60).max() < 8


@pytest.mark.parametrize(
    ("aspect", "matrix", "size"),
    [
        (None, (1, 0, 0, 1), (160, 96)),
        (Fraction(1), (1, 0, 0, 1), (160, 96)),
        (Fraction(4, 3), (1, 0, 0, 1), (213, 96)),  # HDV
        (Fraction(1, 2), (1, 0, 0, 1), (80, 96)),
        (Fraction(2), (0, 1, -1, 0), (96, 320)),
        (Fraction(1000), (1, 0, 0, 1), (160, 96)),  # nobody films with such pixels
    ],
)
def test_pixels_are_made_square(
    aspect: Fraction | None, matrix: tuple[int, int, int, int], size: tuple[int, int], tmp_path: Path
) -> None:
    path = write_pictures(tmp_path / "clip.mp4", [PICTURE] * 3, aspect=aspect)
    set_matrix(path, *matrix)
    info = probe(path)
    (_, whole), (_, small) = next(sample_frames(path)), next(sample_frames(path, max_side=48))
    assert (info.width, info.height) == whole.shape[1::-1] == size
    assert small.shape[1::-1] == tuple(round(side * 48 / max(size)) for side in size)
    assert np.abs(np.sort(quarters(whole), axis=None) - [10, 90, 170, 250]).max() < 6


@pytest.mark.parametrize(
    ("later", "where"),
    [((320, 192), (0, 0, 160, 96)), ((80, 48), (0, 0, 160, 96)), ((96, 96), (32, 0, 128, 96))],
    ids=["larger", "smaller", "of another shape"],
)
def test_a_size_that_changes_midway_leaves_the_picture_where_it_is(
    later: tuple[int, int], where: tuple[int, int, int, int], tmp_path: Path
) -> None:
    path = join(tmp_path, [(WIDTH, HEIGHT), later])
    pictures = [picture for _, picture in sample_frames(path)]
    assert {picture.shape for picture in pictures} == {(HEIGHT, WIDTH, 3)}
    left, top, right, bottom = Region(*where)
    last = pictures[-1]
    assert np.abs(quarters(last[top:bottom, left:right]) - [[250, 170], [90, 10]]).max() < 6
    assert last[:, : max(0, left - 2)].sum() == 0
    assert probe(path).width == WIDTH


def join(folder: Path, sizes: list[tuple[int, int]]) -> Path:
    """Write one stream of six pictures of each size; each begins with a head of its own, as in a broadcast."""
    packets = []
    for size in sizes:
        part = folder / "part.mp4"
        picture = PICTURE[np.arange(size[1]) * HEIGHT // size[1]][:, np.arange(size[0]) * WIDTH // size[0]]
        write_media(part, [picture] * 6, options={"x264-params": "repeat-headers=1:annexb=0"})
        with av.open(str(part)) as source:
            packets += [bytes(packet) for packet in source.demux(source.streams.video[0]) if packet.size]
    first = folder / "first.mp4"
    write_media(first, [PICTURE] * 6)
    path = folder / "joined.mp4"
    with av.open(str(first)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for index, content in enumerate(packets):
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, Fraction(1, 15)
            packet.pts = packet.dts = index
            packet.is_keyframe = index % 6 == 0
            out.mux(packet)
    return path


def test_a_frame_without_a_matrix_is_shown_as_it_is() -> None:
    assert Display.of(av.VideoFrame(64, 32, "rgb24"), None) == Display(64, 32)
