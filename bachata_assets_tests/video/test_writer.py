"""A video file is written whole or not at all, and holds the pictures and the sound at the times given."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from bachata_assets.music.sound import Sound, load_sound
from bachata_assets.video.writer import VideoWriter

SIZE = (64, 48)
LOSSLESS = {"qp": "0"}


def grey(level: int) -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 3), level, np.uint8)


def times_and_levels(path: Path) -> list[tuple[float, int]]:
    with av.open(str(path)) as container:
        return [
            (round(frame.time, 3), round(float(frame.to_ndarray(format="gray").mean())))
            for frame in container.decode(video=0)
        ]


def test_pictures_come_back_at_their_times_and_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with VideoWriter.open(path, SIZE, Fraction(25), LOSSLESS, threads=1) as writer:
        for index in range(5):
            writer.add_picture(grey(50 + 30 * index), index / 25)
    found = times_and_levels(path)
    assert [time_s for time_s, _ in found] == [0.0, 0.04, 0.08, 0.12, 0.16]
    assert [level for _, level in found] == pytest.approx([50, 80, 110, 140, 170], abs=2)


def test_uneven_times_are_kept_to_a_tick_of_the_time_base(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    times = [0.0, 0.1, 0.5, 0.512]
    with VideoWriter.open(path, SIZE, Fraction(15), LOSSLESS, time_base=Fraction(1, 90_000)) as writer:
        for time_s in times:
            writer.add_picture(grey(100), time_s)
    assert [time_s for time_s, _ in times_and_levels(path)] == times


def test_sound_is_heard_when_it_was_added(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    click = np.zeros((1, 22050), np.float32)
    click[0, 11025:11100] = 0.8
    with VideoWriter.open(path, SIZE, Fraction(10), LOSSLESS) as writer:
        writer.open_sound(22050, "mono", bit_rate=64_000)
        for index in range(20):
            writer.add_picture(grey(100), index / 10)
        writer.add_sound(np.zeros((1, 22050), np.float32), 0.0)
        writer.add_sound(click, 1.0)
    sound = load_sound(path)
    assert isinstance(sound, Sound)
    assert np.abs(sound.samples).argmax() / sound.rate == pytest.approx(1.5, abs=0.01)


def test_nothing_is_there_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with VideoWriter.open(path, SIZE, Fraction(10), LOSSLESS) as writer:
        writer.add_picture(grey(100), 0.0)
        assert not path.exists()
    assert [each.name for each in tmp_path.iterdir()] == ["clip.mp4"]


def write_one(path: Path, picture: np.ndarray, fault: Exception | None = None) -> None:
    height, width = picture.shape[:2]
    with VideoWriter.open(path, (width, height), Fraction(10), LOSSLESS) as writer:
        writer.add_picture(picture, 0.0)
        if fault:
            raise fault


def test_after_an_error_the_former_file_stays_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"the former file")
    with pytest.raises(RuntimeError, match="no more pictures"):
        write_one(path, grey(100), RuntimeError("no more pictures"))
    assert path.read_bytes() == b"the former file"
    assert [each.name for each in tmp_path.iterdir()] == ["clip.mp4"]


def test_an_encoder_that_refuses_the_size_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(av.error.FFmpegError):
        write_one(tmp_path / "clip.mp4", np.zeros((47, 63, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []
