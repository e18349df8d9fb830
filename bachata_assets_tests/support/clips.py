"""Small video files for tests, written picture by picture."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def write_pictures(path: Path, pictures: list[np.ndarray], gop_size: int = 250, aspect: Fraction | None = None) -> Path:
    """Write pictures as a clip of 15 frames a second; `aspect` is the width of a pixel over its height."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(15))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.gop_size = "yuv420p", gop_size
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        for picture in pictures:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        out.mux(stream.encode())
    return path


def turn_clockwise(path: Path) -> Path:
    """Mark an mp4 as filmed with a phone held upright: to be shown a quarter turn clockwise."""
    return set_matrix(path, 0, 1, -1, 0)


def set_matrix(path: Path, a: float, b: float, c: float, d: float) -> Path:
    """Give an mp4 or mov a display matrix: a picture's x and y become a x + c y and b x + d y."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44  # ISO/IEC 14496-12, 8.3.2: the track's matrix, 16.16 and 2.30 fixed point
    a, b, c, d = (round(value * 65536) for value in (a, b, c, d))
    content[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


def moving(index: int) -> np.ndarray:
    """A picture of many details that move, so that every one of them needs bits of its own."""
    y, x = np.mgrid[:96, :160]
    wave = 120 + 60 * np.sin((x + 5 * index) / 6) + 40 * np.sin((y - 3 * index) / 4)
    return wave.clip(0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


def write_media(
    path: Path,
    pictures: list[np.ndarray],
    sounds: list[np.ndarray] | None = None,
    *,
    start_s: float = 0.0,
    sound_start_s: float | None = None,
    times: list[float] | None = None,
    options: dict[str, str] | None = None,
    codec: str = "libx264",
) -> Path:
    """Write pictures at 15 a second, or at `times`, and tracks of sound (channels, n) at 22,050 Hz, uncompressed."""
    # An avi has a place for each tick; in the 31 bits of an mp4 a pause of ten hours fits.
    base = Fraction(1, 15 if path.suffix == ".avi" else 30_000)
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=Fraction(15), options={"bf": "0", **(options or {})})
        assert isinstance(stream, av.VideoStream)
        assert stream.codec.video_formats
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = stream.codec.video_formats[0].name if codec != "libx264" else "yuv420p"
        stream.codec_context.time_base = base
        tracks = [out.add_stream("pcm_s16le", rate=22050, layout=layout_of(sound)) for sound in sounds or []]
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            time_s = start_s + (index / 15 if times is None else times[index])
            frame.pts, frame.time_base = round(time_s / base), base
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        for track, sound in zip(tracks, sounds or [], strict=True):
            assert isinstance(track, av.AudioStream)
            values = np.ascontiguousarray((sound.T * 32767).astype(np.int16).reshape(1, -1))
            heard = av.AudioFrame.from_ndarray(values, "s16", layout_of(sound))
            heard.sample_rate = 22050
            heard.pts = round((start_s if sound_start_s is None else sound_start_s) * 22050)
            out.mux(track.encode(heard))
            out.mux(track.encode())
    return path


def layout_of(sound: np.ndarray) -> str:
    return {1: "mono", 2: "stereo", 7: "6.1", 8: "7.1"}[len(sound)]
