"""Pictures of a video at 15 a second, whatever its own rate."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bachata_assets.video import sampling
from bachata_assets.video.damage import Damage
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.probe import probe
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.clips import turn_clockwise, write_pictures

SIZE = (160, 96)
DECODE_AND_COUNT = """
import gc, pathlib, sys
import av
from bachata_assets.video.sampling import sample_frames
gc.disable()
shown = sum(1 for _ in sample_frames(pathlib.Path(sys.argv[1])))
print(shown, sum(isinstance(one, av.VideoFrame) for one in gc.get_objects()))
"""
"""Program that prints how many pictures a clip has, and how many decoded frames are left after them."""


def write_clip(path: Path, times: list[float], last_s: float, sound: bool = False) -> Path:
    """Write frames at the given times whose grey level is their index (3 a step)."""
    base = Fraction(1, 90000)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(1 / last_s).limit_denominator(1001), options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.codec_context.time_base = base
        audio = out.add_stream("aac", rate=44100) if sound else None
        for index, (time_s, until) in enumerate(zip(times, [*times[1:], times[-1] + last_s], strict=True)):
            frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), 10 + 3 * (index % 80), np.uint8), "bgr24")
            frame.pts, frame.time_base = round(time_s / base), base
            frame.duration = round((until - time_s) / base)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if audio:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.sample_rate, silence.pts = 44100, 0
            out.mux(audio.encode(silence))
            out.mux(audio.encode())
    return path


def even(rate: float, seconds: float) -> list[float]:
    return [i / rate for i in range(round(rate * seconds))]


def source_indices(path: Path) -> list[int]:
    levels = np.array([picture.mean() for _, picture in sample_frames(path)])
    return [round(float(step)) for step in (levels - levels[0]) / 3]


@pytest.mark.parametrize("rate", [12, 24, 30000 / 1001, 30, 50, 60])
def test_a_source_of_any_rate_is_sampled_at_exactly_15_fps_by_the_nearest_picture(tmp_path: Path, rate: float) -> None:
    seconds = 1.25
    times = even(rate, seconds)
    path = write_clip(tmp_path / "clip.mp4", times, 1 / rate)
    sampled = [time_s for time_s, _ in sample_frames(path)]
    assert np.allclose(sampled, np.arange(len(sampled)) / 15, atol=1e-3)
    assert len(sampled) == int(np.ceil((len(times) / rate) * 15 - 0.02))
    offset = np.array(times)[source_indices(path)] - np.array(sampled)
    assert np.abs(offset[:-1]).max() <= 0.5 / rate + 1e-3


def test_variable_frame_rate_follows_presentation_time(tmp_path: Path) -> None:
    times = [*even(30, 0.5), 1.0, *(1.2 + np.array(even(10, 0.5)))]
    path = write_clip(tmp_path / "vfr.mp4", list(times), 0.1)
    sampled = [time_s for time_s, _ in sample_frames(path)]
    expected = [int(np.argmin(np.abs(np.array(times) - t))) for t in sampled]
    assert len(sampled) == 26  # 1.7 s
    assert source_indices(path) == expected


def test_pictures_are_scaled_to_the_side_asked_for(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", even(30, 0.2), 1 / 30)
    assert next(sample_frames(path, max_side=80))[1].shape == (48, 80, 3)
    assert next(sample_frames(path, max_side=1000))[1].shape == (96, 160, 3)


def test_probe_tells_size_rate_length_and_sound(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", even(24, 1.0), 1 / 24, sound=True))
    assert (info.width, info.height, info.codec, info.has_audio, info.rotation) == (160, 96, "h264", True, 0)
    assert info.duration_s == pytest.approx(1.0, abs=0.01)
    assert info.fps == pytest.approx(24, abs=0.1)


def test_missing_empty_and_renamed_files_are_named_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a video " * 100)
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(5000))
    for name in ("missing.mp4", "empty.mp4", "text.mp4", "noise.mp4"):
        for read in (probe, lambda path: list(sample_frames(path))):
            with pytest.raises(UnreadableVideoError, match=name):
                read(tmp_path / name)


def test_a_sound_file_has_no_video_stream(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as out:
        audio = out.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate, silence.pts = 44100, 0
        out.mux(audio.encode(silence))
        out.mux(audio.encode())
    with pytest.raises(UnreadableVideoError, match="no video stream"):
        probe(path)


@pytest.mark.parametrize(
    ("times", "lacking"),
    [
        (even(30, 4.0), []),
        (even(5, 4.0), []),
        ([*even(15, 4.0)[:20], *even(15, 4.0)[23:]], [21]),
        ([*even(15, 4.0)[:20], *even(15, 4.0)[27:]], range(21, 26)),
        ([*even(15, 2.0), 3.0, *(3 + one for one in even(15, 1.0)[1:])], range(31, 44)),
        (even(1, 4.0), [k for k in range(45) if 2 <= k % 15 <= 13]),
    ],
    ids=[
        "30 a second",
        "5 a second",
        "three are missing",
        "half a second is missing",
        "a second is missing",
        "1 a second",
    ],
)
def test_where_no_picture_is_near_in_time_the_frame_is_left_out(
    times: list[float], lacking: Sequence[int], tmp_path: Path
) -> None:
    damage = Damage()
    samples = list(sample_frames(write_clip(tmp_path / "clip.mp4", times, 1 / 15), damage=damage))
    assert [round(time_s * 15) for time_s in damage.times] == list(lacking)
    assert damage.far == len(damage.times)
    assert samples[-1][0] < times[-1] + 1 / 15


@pytest.mark.parametrize("faststart", [False, True])
def test_a_truncated_clip_is_unreadable(tmp_path: Path, faststart: bool) -> None:
    whole = write_clip(tmp_path / "whole.mp4", even(30, 4.0), 1 / 30)
    if faststart:
        with (
            av.open(str(whole)) as source,
            av.open(str(tmp_path / "fast.mp4"), "w", options={"movflags": "faststart"}) as out,
        ):
            stream = out.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    out.mux(packet)
        whole = tmp_path / "fast.mp4"
    cut = tmp_path / "cut.mp4"
    content = whole.read_bytes()
    cut.write_bytes(content[: int(len(content) * 0.55)])
    with pytest.raises(UnreadableVideoError, match=r"cut\.mp4"):
        list(sample_frames(cut))


def test_decoded_frames_do_not_wait_for_the_garbage_collector(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", even(30, 2.0), 1 / 30)
    counted = subprocess.run(
        [sys.executable, "-c", DECODE_AND_COUNT, str(path)], check=True, capture_output=True, text=True
    )
    assert counted.stdout.split() == ["30", "0"]


def test_the_display_rotation_is_applied(tmp_path: Path) -> None:
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    picture[: SIZE[1] // 2, : SIZE[0] // 2] = 255  # the top left quarter
    path = turn_clockwise(write_pictures(tmp_path / "phone.mp4", [picture] * 6))
    info = probe(path)
    assert (info.width, info.height, info.rotation) == (96, 160, 270)
    shown = next(sample_frames(path))[1]
    assert shown.shape == (160, 96, 3)
    assert shown[:70, 58:].mean() > 240  # now the top right quarter
    assert shown[90:].mean() < 15
    assert shown[:70, :38].mean() < 15


def test_pictures_that_no_sample_shows_are_spared_and_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "moving.mp4"
    grid = np.add.outer(np.arange(SIZE[1]), np.arange(SIZE[0]))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=60, options={"bf": "3", "b-pyramid": "none"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for step in range(90):
            picture = np.repeat(((grid + 3 * step) % 200)[..., None], 3, axis=2).astype(np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        out.mux(stream.encode())
    decoded: list[int] = []
    timed = sampling._timed

    def counted(*given: Any) -> Iterator[Any]:
        for each in timed(*given):
            decoded.append(1)
            yield each

    monkeypatch.setattr(sampling, "_timed", counted)
    spared, count = list(sample_frames(path)), len(decoded)
    monkeypatch.setattr(sampling, "_shown_pts", lambda *given: None)
    every = list(sample_frames(path))
    assert count < 60 < len(decoded) - count == 90
    assert [time_s for time_s, _ in spared] == [time_s for time_s, _ in every]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(spared, every, strict=True))
