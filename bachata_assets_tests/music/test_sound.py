"""Decoding a clip's sound: mono, on the video's clock, and clear about what cannot be heard."""

import errno
import os
import re
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bachata_assets.families import Absent
from bachata_assets.music.beats import find_beats
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.sound import RATE, Sound, SoundError, Span, decoded, load_sound
from bachata_assets.synthetic.soundtrack import render_track
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets_tests.support.clips import write_media


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


@pytest.mark.parametrize(("reads", "kind"), [(True, SoundError), (False, UnreadableVideoError)])
def test_a_disk_that_does_not_answer_is_no_sound_that_cannot_be_decoded(
    reads: bool, kind: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_media(tmp_path / "a.mp4", PICTURES)

    def no_answer(*_: object, **__: object) -> None:
        raise av.error.OSError(errno.EIO, "Input/output error", str(path))

    monkeypatch.setattr(av, "open", no_answer)
    if not reads:
        monkeypatch.setattr(os, "open", no_answer)
    with pytest.raises(kind, match="Input/output error"):
        load_sound(path)


def test_a_truncated_file_is_named_in_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    track = render_track(120, seconds=3.0)
    write_audio(path, track.samples[None], track.rate)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(SoundError, match=r"cut\.mp4"):
        load_sound(path)


PICTURES = [np.full((48, 64, 3), 90, np.uint8)] * 60


def music(gain: float = 1.0) -> np.ndarray:
    track = render_track(125, seconds=4.0)
    at = np.arange(4 * RATE) * track.rate / RATE
    return gain * np.interp(at, np.arange(len(track.samples)), track.samples)[None]


def likeness(sounds: list[np.ndarray], tmp_path: Path) -> float:
    """Return the cosine of a clip's audio embedding to that of the music alone."""
    vectors = []
    for name, tracks in (("alone", [music()]), ("other", sounds)):
        sound = load_sound(write_media(tmp_path / f"{name}.mov", PICTURES, tracks))
        vector = audio_embedding(sound, find_beats(sound))
        assert isinstance(vector, np.ndarray)
        vectors.append(vector)
    return float(vectors[0] @ vectors[1])


@pytest.mark.parametrize(
    ("left", "right"),
    [(1.0, 1.0), (1.0, -1.0), (-1.0, 0.9), (1.0, 0.0), (0.0, -1.0)],
    ids=["the same", "antiphase", "nearly antiphase", "left only", "right only, inverted"],
)
def test_stereo_sounds_as_its_music_however_its_channels_are_mixed(left: float, right: float, tmp_path: Path) -> None:
    assert likeness([np.concatenate([left * music(), right * music()])], tmp_path) >= 0.99


@pytest.mark.parametrize(("channels", "order"), [(7, 125), (8, 128)])
def test_channels_in_an_order_that_has_to_be_listed_are_heard(channels: int, order: int, tmp_path: Path) -> None:
    path = write_media(tmp_path / "clip.mov", PICTURES, [np.repeat(music(), channels, axis=0)])
    whole = load_sound(path)
    content = bytearray(path.read_bytes())
    place = content.index(b"chan") + 8  # QuickTime's kAudioChannelLayoutTag_MPEG_6_1_A and 7_1_C, for a bitmap
    content[place : place + 8] = struct.pack(">HHI", order, channels, 0)
    path.write_bytes(content)
    listed = load_sound(path)
    assert isinstance(whole, Sound)
    assert isinstance(listed, Sound)
    assert np.corrcoef(whole.samples, listed.samples)[0, 1] > 0.999


def test_channels_that_only_differ_are_averaged(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 4 * RATE)).clip(-1, 1)
    sound = load_sound(write_media(tmp_path / "clip.mov", PICTURES, [noise]))
    assert isinstance(sound, Sound)
    assert np.corrcoef(sound.samples[:RATE], noise.mean(axis=0)[:RATE])[0, 1] > 0.99


@pytest.mark.parametrize("tracks", [["silence", "music"], ["music", "silence"], ["silence", "silence", "music"]])
def test_a_silent_track_does_not_hide_the_music_in_another(tracks: list[str], tmp_path: Path) -> None:
    sounds = {"silence": np.zeros((1, 4 * RATE)), "music": music()}
    assert likeness([sounds[track] for track in tracks], tmp_path) >= 0.99


@pytest.mark.parametrize("gain", [0.1, 0.01, 0.003])
def test_quiet_music_sounds_as_it_does_loud(gain: float, tmp_path: Path) -> None:
    assert likeness([music(gain)], tmp_path) >= 0.99 if gain >= 0.01 else 0.9  # 16 bits are few for the quietest


def test_a_pause_in_the_sound_stays_a_pause(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as out:
        track = out.add_stream("aac", rate=RATE, layout="mono")
        for start_s in (0.0, 2.5):
            for piece in range(40):  # an encoder counts on from the time of each piece
                samples = click_at(0.5, RATE)[:, piece * 1024 : (piece + 1) * 1024].astype(np.float32)
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "mono")
                frame.sample_rate, frame.pts = RATE, round(start_s * RATE) + piece * 1024
                out.mux(track.encode(frame))
        out.mux(track.encode())
    sound = load_sound(path)
    assert isinstance(sound, Sound)
    assert np.flatnonzero(np.abs(sound.samples) > 0.5)[[0, -1]] / RATE == pytest.approx([0.5, 3.01], abs=0.06)


@pytest.mark.parametrize("lost", [3, 8, 12])
def test_sound_behind_lost_packets_is_not_heard_too_early(tmp_path: Path, lost: int) -> None:
    write_audio(tmp_path / "whole.mp4", click_at(1.5, 44100), 44100)
    with av.open(str(tmp_path / "whole.mp4")) as whole, av.open(str(tmp_path / "clip.mp4"), "w") as clip:
        copied = clip.add_stream_from_template(whole.streams.audio[0])
        for index, packet in enumerate(whole.demux(audio=0)):
            if packet.dts is not None and not 10 <= index < 10 + lost:
                packet.stream = copied
                clip.mux(packet)
    sound = load_sound(tmp_path / "clip.mp4")
    assert isinstance(sound, Sound)
    assert np.abs(sound.samples).argmax() / RATE == pytest.approx(1.505, abs=0.01)


def test_sound_whose_timestamps_leave_holes_in_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_audio(path, click_at(0.5, 44100), 44100)
    content = path.read_bytes()
    steps = (1024).to_bytes(4, "big")  # samples of an AAC packet, in the table of its times
    at = content.index(steps, content.index(b"stts"))
    path.write_bytes(content[:at] + (5 * 1024).to_bytes(4, "big") + content[at + 4 :])
    with pytest.raises(
        SoundError, match=r"clip\.mp4: the timestamps of its sound leave [\d.]+ of [\d.]+ s without any"
    ):
        load_sound(path)


def test_a_single_hole_that_is_most_of_the_sound_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_audio(tmp_path / "whole.mp4", click_at(0.5, 44100), 44100)
    with av.open(str(tmp_path / "whole.mp4")) as whole, av.open(str(path), "w") as clip:
        copied = clip.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(audio=0):
            if packet.dts is not None and packet.pts is not None:
                later = 44100 if packet.pts > 30_000 else 0
                packet.dts, packet.pts, packet.stream = packet.dts + later, packet.pts + later, copied
                clip.mux(packet)
    with pytest.raises(SoundError, match=r"clip\.mp4: the timestamps of its sound leave 1\.0 of 3\.0 s without any"):
        load_sound(path)


def test_sound_whose_first_packets_are_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_audio(path, click_at(1.5, 44100), 44100)
    content = path.read_bytes()
    entries = content.index(b"stts") + 8  # ISO/IEC 14496-12, 8.6.1.2: their number, then count and length of each
    number, count, length = struct.unpack_from(">3I", content, entries)
    assert (number, length) == (2, 1024)
    path.write_bytes(content[: entries + 4] + struct.pack(">4I", 1, 44 * 1024, count, 1024) + content[entries + 20 :])
    with pytest.raises(SoundError, match=r"clip\.mp4: the timestamps of its sound leave 1\.0 of [\d.]+ s without any"):
        load_sound(path)


def test_sound_whose_timestamps_go_back_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_media(path, [np.zeros((48, 64, 3), np.uint8)] * 45, [click_at(0.5, RATE)])
    times = iter([0.0, 0.1, 0.2, 0.15, 0.3])

    class Restamped:
        """A container whose sound has these times."""

        def __init__(self) -> None:
            self.inner = av.open(str(path))
            self.streams = self.inner.streams

        def __enter__(self) -> "Restamped":
            return self

        def __exit__(self, *_: object) -> None:
            self.inner.close()

        def decode(self, stream: Any) -> Any:
            for frame, time_s in zip(self.inner.decode(stream), times, strict=False):
                frame.pts, frame.time_base = round(time_s * RATE), Fraction(1, RATE)
                yield frame

    with pytest.raises(SoundError, match=r"clip\.mp4: the timestamps of its sound go back"):
        decoded(path, 0, Span(0.0, 3.0), lambda _: Restamped())


def test_sound_of_an_avi_that_lost_some_in_the_middle_is_not_heard_too_early(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    time = np.arange(3 * 44100) / 44100
    with av.open(str(path), "w") as out:
        shown = out.add_stream("mjpeg", rate=15)
        heard = out.add_stream("aac", rate=44100, layout="mono")
        assert isinstance(shown, av.VideoStream)
        assert isinstance(heard, av.AudioStream)
        shown.width, shown.height, shown.pix_fmt = 64, 48, "yuvj420p"
        for index in range(45):
            out.mux(shown.encode(av.VideoFrame.from_ndarray(np.full((48, 64, 3), 4 * index, np.uint8), "bgr24")))
        out.mux(shown.encode())
        sound = av.AudioFrame.from_ndarray(np.sin(440 * 2 * np.pi * time)[None].astype(np.float32), "fltp", "mono")
        sound.sample_rate = 44100
        out.mux([*heard.encode(sound), *heard.encode()])
    whole = load_sound(path)
    assert isinstance(whole, Sound)
    assert whole.duration == pytest.approx(3.0, abs=0.1)
    content = path.read_bytes()
    places = [match.start() for match in re.finditer(b"01wb", content[: content.index(b"idx1")])]
    begin, end = places[len(places) // 3], places[len(places) * 2 // 3]
    path.write_bytes(content[:begin] + bytes(end - begin) + content[end:])
    with pytest.raises(SoundError, match=r"clip\.avi: some of its sound is missing in the middle"):
        load_sound(path)


@pytest.mark.parametrize(("lost", "heard"), [(1, True), (8, False), (60, False)])
def test_sound_that_ends_before_its_announced_end_is_not_taken_for_all_of_it(
    lost: int, heard: bool, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    write_audio(path, click_at(0.7, 44100).repeat(2, axis=1), 44100)
    content = path.read_bytes()
    number = content.index(b"stsz") + 12  # ISO/IEC 14496-12, 8.7.3.2: of packets
    (packets,) = struct.unpack_from(">I", content, number)
    path.write_bytes(content[:number] + struct.pack(">I", packets - lost) + content[number + 4 :])
    if heard:
        assert isinstance(load_sound(path), Sound)
    else:
        with pytest.raises(
            SoundError, match=r"clip\.mp4: its sound ends [\d.]+ s before the end that it announces"
        ) as told:
            load_sound(path)
        seconds = float(str(told.value).split("its sound ends ")[1].split()[0])
        assert seconds == pytest.approx(lost * 1024 / 44100, abs=0.05)
