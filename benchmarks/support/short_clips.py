"""Short clips cut from longer ones, in the containers and codecs that cameras make."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.bitstream import BitStreamFilterContext

from bachata_assets.video.sampling import sample_frames

SIDE = 480
"""Longer side of pictures that are encoded anew, px."""


@dataclass(frozen=True)
class Form:
    """How a short clip is written.

    Attributes
    ----------
    name : for people
    suffix : of the file, which says the container
    pictures : encoder of the pictures; empty: as they are, not decoded
    pixels : FFmpeg's name of the encoder's pixel format
    sound : encoder of the sound; empty: as it is
    options : of the container
    encoder : options of the encoder of the pictures
    """

    name: str
    suffix: str
    pictures: str = ""
    pixels: str = "yuv420p"
    sound: str = ""
    options: tuple[tuple[str, str], ...] = ()
    encoder: tuple[tuple[str, str], ...] = ()


FORMS = (
    Form("mp4", ".mp4"),
    Form("mp4, index first", ".mp4", options=(("movflags", "faststart"),)),
    Form("mp4, fragments", ".mp4", options=(("movflags", "frag_keyframe+empty_moov"),)),
    Form("mov", ".mov"),
    Form("mov, ProRes", ".mov", "prores_ks", "yuv422p10le", "pcm_s16le"),
    Form("avi", ".avi"),
    Form("avi, MPEG-4", ".avi", "mpeg4", sound="pcm_s16le"),
    Form("avi, MJPEG", ".avi", "mjpeg", "yuvj420p", "pcm_s16le"),
)

H265 = Form("mov, H.265", ".mov", "libx265", "yuv420p", "aac", encoder=(("x265-params", "log-level=none"),))
"""As telephones film; apart from `FORMS`, since nothing tells of these pictures that a few of their bits are wrong."""
BY_CODEC = {
    "av1": Form("mp4, AV1", ".mp4", "libsvtav1", sound="aac", encoder=(("preset", "10"), ("svtav1-params", "lp=1"))),
    "dnxhd": Form("mov, DNxHR", ".mov", "dnxhd", "yuv422p", "pcm_s16le", encoder=(("profile", "dnxhr_sq"),)),
    "h264": Form("mp4, H.264", ".mp4", "libx264", sound="aac"),
    "h265": H265,
    "mjpeg": FORMS[7],
    "mpeg2": Form("mov, MPEG-2", ".mov", "mpeg2video", sound="pcm_s16le"),
    "mpeg4": FORMS[6],
    "prores": FORMS[4],
    "vp9": Form("mp4, VP9", ".mp4", "libvpx-vp9", sound="aac", encoder=(("deadline", "realtime"), ("cpu-used", "8"))),
}
"""Codec -> a form of it, each encoded anew."""


def write_short(source: Path, form: Form, seconds: float, folder: Path) -> Path:
    """Write the beginning of a clip into a folder, and return the file."""
    name = f"{source.stem}-{FORMS.index(form) if form in FORMS else form.pictures}"
    path = folder / f"{name}{form.suffix}"
    with av.open(str(path), "w", options=dict(form.options)) as out:
        if form.pictures:
            _encode(source, form, seconds, out)
        else:
            _copy(source, seconds, out)
    return path


def _copy(source: Path, seconds: float, out: av.container.OutputContainer) -> None:
    """Copy the packets of pictures and sound as they are."""
    with av.open(str(source)) as clip:
        streams = [*clip.streams.video[:1], *clip.streams.audio[:1]]
        copies = {stream.index: out.add_stream_from_template(stream) for stream in streams}
        start_codes = None
        if out.format.name == "avi":  # which says neither how long a unit of H.264 is nor when a picture is shown
            copy = copies[streams[0].index]
            start_codes = BitStreamFilterContext("h264_mp4toannexb", streams[0], copy)
            copy.time_base = 1 / Fraction(clip.streams.video[0].average_rate or 30)
        for packet in clip.demux(streams):
            if packet.dts is None or packet.pts is None or packet.pts * packet.time_base >= seconds:
                continue
            target = copies[packet.stream.index]
            for part in start_codes.filter(packet) if start_codes and packet.stream.type == "video" else [packet]:
                part.stream = target
                out.mux(part)


def _encode(source: Path, form: Form, seconds: float, out: av.container.OutputContainer) -> None:
    """Encode pictures at 15 a second, each of them decodable alone or after few others, and the sound."""
    pictures = [picture for time_s, picture in sample_frames(source, max_side=SIDE) if time_s < seconds]
    stream, sound = out.add_stream(form.pictures, rate=Fraction(15)), out.add_stream(form.sound, rate=44100)
    assert isinstance(stream, av.VideoStream)
    assert isinstance(sound, av.AudioStream)
    height, width = (side // 2 * 2 for side in pictures[0].shape[:2])
    stream.height, stream.width, stream.pix_fmt, stream.bit_rate = height, width, form.pixels, 1_500_000
    stream.options = dict(form.encoder)
    for picture in pictures:
        even = np.ascontiguousarray(picture[:height, :width])
        out.mux(stream.encode(av.VideoFrame.from_ndarray(even, "bgr24")))
    out.mux(stream.encode())
    with av.open(str(source)) as clip:
        for heard in clip.decode(clip.streams.audio[0]) if clip.streams.audio else ():
            if heard.time is not None and heard.time < seconds:
                out.mux(sound.encode(heard))
    out.mux(sound.encode())
