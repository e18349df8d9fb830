"""Clips as phones film them in HDR, made from others: 10 bit H.265 in PQ or HLG with the colours of BT.2020."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

PQ, HLG = 16, 18
WHITE = 203.0
"""Light that white of the original becomes, cd/m2 (ITU-R BT.2408)."""
_TO_BT2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
_NAMES = {PQ: "smpte2084", HLG: "arib-std-b67"}


def signal_of(picture: np.ndarray, transfer: int) -> np.ndarray:
    """Return the HDR signal of an SDR picture, RGB (uint8), as float (0..1)."""
    light = (picture / 255.0) ** 2.4 @ _TO_BT2020.T * WHITE
    if transfer == PQ:
        root = (light / 10_000) ** (2610 / 16384)
        return ((3424 / 4096 + 2413 / 128 * root) / (1 + 2392 / 128 * root)) ** (2523 / 32)
    of_screen = light / 1000
    luminance = of_screen @ [0.2627, 0.6780, 0.0593]
    scene = of_screen * np.maximum(luminance, 1e-9)[..., None] ** (1 / 1.2 - 1)
    bright = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), bright)


def write_hdr(source: Path, path: Path, transfer: int, seconds: float = 1e9, crf: int = 16) -> Path:
    """Write an SDR clip as an HDR one, its sound copied."""
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        pictures = given.streams.video[0]
        stream = made.add_stream("libx265", rate=Fraction(pictures.average_rate or 30))
        stream.width, stream.height, stream.pix_fmt = pictures.width, pictures.height, "yuv420p10le"
        stream.time_base = pictures.time_base
        named = f"colorprim=bt2020:transfer={_NAMES[transfer]}:colormatrix=bt2020nc:range=limited"
        stream.options = {"preset": "ultrafast", "crf": str(crf), "x265-params": f"{named}:log-level=error"}
        sounds = given.streams.audio
        copied = made.add_stream_from_template(sounds[0]) if sounds else None
        for packet in given.demux():
            if packet.stream.type == "audio" and copied is not None and packet.dts is not None:
                if float((packet.pts or 0) * (packet.time_base or 0)) < seconds:
                    packet.stream = copied
                    made.mux(packet)
            elif packet.stream.type == "video":
                for frame in packet.decode():
                    if isinstance(frame, av.VideoFrame) and (frame.time or 0.0) < seconds:
                        made.mux(stream.encode(_hdr(frame, transfer)))
        made.mux(stream.encode())
    return path


def _hdr(frame: av.VideoFrame, transfer: int) -> av.VideoFrame:
    signal = signal_of(frame.to_ndarray(format="rgb24"), transfer)
    codes = np.round(np.clip(signal, 0, 1) * 65535).astype(np.uint16)
    hdr = av.VideoFrame.from_ndarray(codes, format="rgb48le")
    made = hdr.reformat(format="yuv420p10le", dst_colorspace="BT2020", dst_color_range="MPEG")
    made.pts, made.time_base = frame.pts, frame.time_base
    return made
