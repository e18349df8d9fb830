"""Decoding a clip's sound: mono, on the video's clock, and clear about what cannot be heard."""

from pathlib import Path

import av
import numpy as np
import pytest

from bachata_assets.families import Absent
from bachata_assets.music.sound import RATE, Sound, SoundError, load_sound
from bachata_assets.synthetic.soundtrack import render_track


def write_audio(path: Path, samples: np.ndarray, rate: int, codec: str = "aac", start: float = 0.0) -> None:
    """Write channels (c, n) to a file whose sound starts at `start` s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo" if len(samples) == 2 else "mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(samples.astype(np.float32), format="fltp", layout=stream.layout.name)
        frame.sample_rate, frame.pts = rate, round(start * rate)
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_video_without_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="bgr24")))
        container.mux(stream.encode())


def click_at(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    sound = np.zeros((channels, 2 * rate))
    sound[:, round(seconds * rate) : round((seconds + 0.01) * rate)] = 0.8
    return sound


@pytest.mark.parametrize(("rate", "channels"), [(44100, 1), (48000, 2), (16000, 2)])
def test_any_rate_and_layout_becomes_mono_at_22050_with_events_in_their_place(
    tmp_path: Path, rate: int, channels: int
) -> None:
    write_audio(tmp_path / "clip.mp4", click_at(0.7, rate, channels), rate)
    sound = load_sound(tmp_path / "clip.mp4")
    assert isinstance(sound, Sound)
    assert sound.rate == RATE
    assert sound.samples.dtype == np.float32
    assert sound.samples.ndim == 1
    assert np.abs(sound.samples).argmax() / RATE == pytest.approx(0.705, abs=0.01)
    assert sound.duration == pytest.approx(2.0, abs=0.05)


def test_sound_that_starts_late_keeps_the_videos_clock(tmp_path: Path) -> None:
    write_audio(tmp_path / "clip.mov", click_at(0.5, 48000), 48000, start=0.4)
    sound = load_sound(tmp_path / "clip.mov")
    assert isinstance(sound, Sound)
    assert np.abs(sound.samples).argmax() / RATE == pytest.approx(0.905, abs=0.02)


def test_a_video_without_audio_says_so(tmp_path: Path) -> None:
    write_video_without_sound(tmp_path / "mute.mp4")
    assert load_sound(tmp_path / "mute.mp4") == Absent("the file has no audio stream")


def test_silence_says_so(tmp_path: Path) -> None:
    write_audio(tmp_path / "still.mp4", np.zeros((1, 22050)), 22050)
    assert load_sound(tmp_path / "still.mp4") == Absent("the audio is silent")


@pytest.mark.parametrize("content", [b"", b"not a video" * 100])
def test_a_file_that_is_no_video_is_named_in_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(SoundError, match=r"broken\.mp4: its sound cannot be decoded"):
        load_sound(path)


def test_a_truncated_file_is_named_in_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    track = render_track(120, seconds=3.0)
    write_audio(path, track.samples[None], track.rate)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(SoundError, match=r"cut\.mp4"):
        load_sound(path)
