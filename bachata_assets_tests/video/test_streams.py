"""Which containers, codecs and streams of a file are read."""

import multiprocessing
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition

from bachata_assets.families import Absent
from bachata_assets.music.sound import load_sound
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import SOUND_CODECS, VIDEO_CODECS
from bachata_assets.video.probe import probe
from bachata_assets.video.sampling import sample_frames
from bachata_assets.video.tone import HLG, PQ, to_sdr
from bachata_assets_tests.support.clips import write_media, write_pictures


def grey(level: int, width: int = 64) -> np.ndarray:
    return np.full((48, width, 3), level, np.uint8)


def write_grey(path: Path, codec: str) -> None:
    """Write six grey pictures with any of FFmpeg's encoders."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=Fraction(15))
        stream.width, stream.height, stream.pix_fmt = 64, 64, stream.codec.video_formats[0].name
        for _ in range(6):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((64, 64, 3), 120, np.uint8), "bgr24")))
        out.mux(stream.encode())


@pytest.mark.parametrize("text", ["ffconcat version 1.0\nfile 'original.mp4'\n", "ffconcat version 1.0\nfile /etc/a\n"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
def test_a_playlist_is_no_video_whatever_its_name(text: str, suffix: str, tmp_path: Path) -> None:
    write_pictures(tmp_path / "original.mp4", [grey(90)] * 3)
    path = tmp_path / f"playlist{suffix}"
    path.write_text(text)
    with pytest.raises(
        UnreadableVideoError, match=r"playlist\..*: is not a file of type mp4, mov or avi, whatever its name says"
    ):
        probe(path)


@pytest.mark.parametrize("container", ["matroska", "mpegts", "flv", "mp3"])
def test_other_containers_are_refused_under_a_known_name(container: str, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w", format=container) as out:
        if container == "mp3":
            track: Any = out.add_stream("mp3", rate=44100, layout="mono")
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), "fltp", "mono")
            sound.sample_rate = 44100
            out.mux([*track.encode(sound), *track.encode()])
        else:
            stream: Any = out.add_stream("libx264", rate=15)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            out.mux([*stream.encode(av.VideoFrame.from_ndarray(grey(90), "bgr24")), *stream.encode()])
    with pytest.raises(UnreadableVideoError, match="is not a file of type mp4, mov or avi"):
        probe(path)


@pytest.mark.parametrize("codec", ["magicyuv", "huffyuv", "ffv1", "cinepak"])
def test_a_codec_that_nobody_films_with_is_refused_by_name(codec: str, tmp_path: Path) -> None:
    path = write_media(tmp_path / "clip.avi", [grey(90)] * 3, codec=codec)
    for read in (probe, lambda path: list(sample_frames(path))):
        with pytest.raises(UnreadableVideoError, match=rf"its pictures are coded as {codec}, which is not allowed"):
            read(path)


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("libx264", ".mov"), ("libx265", ".mp4"), ("mpeg4", ".avi"), ("mjpeg", ".avi"), ("prores", ".mov"),
     ("libvpx-vp9", ".mp4"), ("libsvtav1", ".mp4")],
)  # fmt: skip
def test_what_cameras_make_is_read(codec: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"clip{suffix}"
    try:
        av.Codec(codec, "w")
    except ValueError:
        pytest.skip(f"this FFmpeg writes no {codec}")
    # In a process of its own: libsvtav1 gives the one it is in real-time priority, where it may.
    writer = multiprocessing.get_context("spawn").Process(target=write_grey, args=(path, codec))
    writer.start()
    writer.join()
    pictures = [picture for _, picture in sample_frames(path)]
    assert len(pictures) == 6
    assert abs(float(pictures[3].mean()) - 120) < 8


def test_every_allowed_codec_is_one_of_ffmpegs() -> None:
    known = {name for name in VIDEO_CODECS | SOUND_CODECS if name in av.codecs_available}
    assert VIDEO_CODECS | SOUND_CODECS - known <= VIDEO_CODECS | {"libopus", "mp3", "mp2"}


SDR = 1


@pytest.mark.parametrize("transfer", [PQ, HLG, SDR], ids=["HDR10", "HLG", "SDR"])
@pytest.mark.parametrize(("codec", "pixels"), [("libx265", "yuv420p10le"), ("libvpx-vp9", "yuv420p10le"),
                                               ("prores", "yuv422p10le")])  # fmt: skip
def test_ten_bits_are_read_as_eight(codec: str, pixels: str, transfer: int, tmp_path: Path) -> None:
    try:
        formats = av.Codec(codec, "w").video_formats or []
    except ValueError:
        formats = []
    if pixels not in [one.name for one in formats]:
        pytest.skip(f"this FFmpeg writes no {codec} of {pixels}")
    path = tmp_path / ("clip.mov" if codec == "prores" else "clip.mp4")
    values = np.linspace(0.1, 0.9, 64)  # of the range from black to white, from left to right
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=Fraction(15))
        stream.width, stream.height, stream.pix_fmt = 64, 48, pixels
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace = transfer, 9, 9  # BT.2020
        for number in range(6):
            frame = av.VideoFrame(64, 48, pixels)
            for plane, chroma in zip(frame.planes, (False, True, True), strict=True):
                row = np.full(plane.width, 512) if chroma else 64 + values * 876
                lines = np.zeros((plane.height, plane.line_size // 2), "<u2")
                lines[:, : plane.width] = np.round(row)
                plane.update(lines.tobytes())
            frame.pts = number
            frame.colorspace, frame.color_trc, frame.color_primaries = 9, transfer, 9
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    pictures = [picture for _, picture in sample_frames(path)]
    assert len(pictures) == 6
    assert pictures[3].dtype == np.uint8
    if transfer == SDR:  # as it is coded: nothing is mapped
        expected = values * 255
    else:
        codes = np.repeat(np.round(values * 65535).astype(np.uint16).reshape(1, 64, 1), 3, axis=2)
        expected = to_sdr(codes, transfer).mean(axis=(0, 2))
    assert np.abs(pictures[3].mean(axis=(0, 2)) - expected).max() < 6


def two_streams(path: Path, default: int) -> Path:
    """Write a stream of grey 60 and one of grey 180; either is marked as the default."""
    with av.open(str(path), "w") as out:
        streams = []
        for width in (64, 128):
            stream: Any = out.add_stream("libx264", rate=Fraction(15))
            stream.width, stream.height, stream.pix_fmt = width, 48, "yuv420p"
            streams.append(stream)
        for number, stream in enumerate(streams):
            stream.disposition = Disposition.default if number == default else Disposition(0)
        for _ in range(3):
            for stream, level, width in zip(streams, (60, 180), (64, 128), strict=True):
                out.mux(stream.encode(av.VideoFrame.from_ndarray(grey(level, width), "bgr24")))
        for stream in streams:
            out.mux(stream.encode())
    return path


@pytest.mark.parametrize(("default", "width", "level"), [(0, 64, 60), (1, 128, 180)])
def test_of_several_video_streams_the_default_one_is_shown(
    default: int, width: int, level: int, tmp_path: Path
) -> None:
    path = two_streams(tmp_path / "clip.mov", default)
    assert probe(path).width == width
    assert abs(float(next(sample_frames(path))[1].mean()) - level) < 5


@pytest.mark.parametrize("fragments", [False, True])
def test_a_track_without_any_picture_gives_way_to_one_with_some(fragments: bool, tmp_path: Path) -> None:
    one = write_pictures(tmp_path / "one.mp4", [grey(90)] * 6)
    both = tmp_path / "both.mp4"
    options = {"movflags": "frag_keyframe+empty_moov"} if fragments else {}
    with av.open(str(one)) as source, av.open(str(both), "w", options=options) as out:
        out.add_stream_from_template(source.streams.video[0])
        full = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = full
                out.mux(packet)
    assert len(list(sample_frames(both))) == 6


def test_a_picture_that_a_mov_carries_as_its_cover_is_not_shown(tmp_path: Path) -> None:
    path = with_cover(tmp_path / "clip.mov", [grey(60)] * 3, grey(230, 512))
    with av.open(str(path)) as written:
        covers = [bool(stream.disposition & Disposition.attached_pic) for stream in written.streams.video]
        assert covers == [False, True]
    assert probe(path).width == 64
    pictures = [picture for _, picture in sample_frames(path)]
    assert len(pictures) == 3
    assert abs(float(pictures[0].mean()) - 60) < 5


def test_sound_with_a_cover_is_no_video(tmp_path: Path) -> None:
    path = with_cover(tmp_path / "song.mov", [], grey(230))
    with pytest.raises(UnreadableVideoError, match=r"song\.mov: contains only sound with a cover picture"):
        probe(path)


def with_cover(path: Path, pictures: list[np.ndarray], cover: np.ndarray) -> Path:
    """Write pictures, or sound where there are none, and a cover picture as QuickTime's metadata hold it."""
    with av.open(str(path), "w", format="mp4") as out:
        shown: Any = out.add_stream("libx264", rate=Fraction(15)) if pictures else None
        track: Any = None if pictures else out.add_stream("aac", rate=44100, layout="mono")
        attached: Any = out.add_stream("png")
        attached.height, attached.width, attached.pix_fmt = *cover.shape[:2], "rgb24"
        attached.disposition = Disposition.attached_pic
        if pictures:
            shown.height, shown.width, shown.pix_fmt = *pictures[0].shape[:2], "yuv420p"
        for picture in pictures:
            out.mux(shown.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        if not pictures:
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 44100), np.float32), "fltp", "mono")
            sound.sample_rate = 44100
            out.mux(track.encode(sound))
        out.mux(attached.encode(av.VideoFrame.from_ndarray(cover, "bgr24").reformat(format="rgb24")))
        for stream in filter(None, (shown, track, attached)):
            out.mux(stream.encode())
    return path


def test_a_sound_codec_that_is_not_allowed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("mpeg4", rate=15)
        stream.width, stream.height = 64, 48
        track: Any = out.add_stream("wmav2", rate=44100, layout="stereo")
        track.bit_rate = 128_000
        out.mux([*stream.encode(av.VideoFrame.from_ndarray(grey(90), "bgr24")), *stream.encode()])
        sound = av.AudioFrame.from_ndarray(np.zeros((2, 2048), np.float32), "fltp", "stereo")
        sound.sample_rate = 44100
        out.mux([*track.encode(sound), *track.encode()])
    assert load_sound(path) == Absent("its sound is coded as wmav2, which is not allowed")
