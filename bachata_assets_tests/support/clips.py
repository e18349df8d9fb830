"""Small video files for tests, written picture by picture."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def write_pictures(path: Path, pictures: list[np.ndarray], gop_size: int = 250) -> Path:
    """Write pictures as a clip of 15 frames a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=Fraction(15))
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt, stream.gop_size = "yuv420p", gop_size
        for picture in pictures:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
        out.mux(stream.encode())
    return path


def turn_clockwise(path: Path) -> Path:
    """Mark an mp4 as filmed with a phone held upright: to be shown a quarter turn clockwise."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44  # ISO/IEC 14496-12, 8.3.2: the track's matrix, 16.16 and 2.30 fixed point
    quarter_turn_clockwise = (0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    content[matrix : matrix + 36] = struct.pack(">9i", *quarter_turn_clockwise)
    path.write_bytes(content)
    return path
