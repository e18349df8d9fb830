"""H.265 and VP9 decoded in a second way, which agrees with the first one on all that an encoder writes.

FFmpeg's decoder of H.265 does not look where a picture's data end: with some wrong bits it reads on, and shows what
comes of it. With one thread it begins each row of blocks where it stopped in the row above; with threads for the parts
of a picture, where the picture's header says that the row begins (`entry_point_offset`, ITU-T H.265 (08/2021),
7.4.7.1). In an undamaged picture these are the same places. In the last row, and where an encoder writes no such
places (x265 does, unless told otherwise), bytes are put behind each picture: who reads on beyond its end reads them.

Of 64 clips with one to sixteen wrong bits in a picture, of which FFmpeg said nothing of 57, all were noticed; without
such places 5 of 24.

FFmpeg's decoder of VP9 does not look there either; libvpx does, and refuses the picture and what is predicted from it:
of 24 clips FFmpeg said nothing of 22, and 10 of these were far from what was filmed; libvpx refused all 10.
"""

from typing import Any

import numpy as np

from bachata_assets.video.bitstream.nal_units import holds_picture, length_size, units

_SECOND = {"hevc": "hevc", "vp9": "libvpx-vp9"}
"""Decoder of a stream -> the second one."""
_BEHIND = b"\x5a\xa5" * 16
"""Bytes behind the data of a picture, other than the zeros that the first decoding finds there."""
_MOST_WAITING = 64
"""Most pictures that are kept for the first decoding to come to them; a decoder holds back 16 at most."""


def second_decoding(context: Any) -> "SecondDecoding | None":
    """Return a second decoder beside a stream's own, None where there is none that can say more.

    Of VP9, libvpx reads more than 8 bits a sample only where it was built for that.
    """
    is_read = context.name != "vp9" or (context.format is not None and context.format.components[0].bits == 8)
    return SecondDecoding(context) if context.name in _SECOND and is_read else None


class SecondDecoding:
    """A second decoder beside a stream's own.

    Parameters
    ----------
    context : av.VideoCodecContext
        The stream's own decoder, one of `_SECOND`.
    """

    def __init__(self, context: Any) -> None:
        import av

        self._extradata = context.extradata or b""
        self._puts_behind = context.name == "hevc"
        self._decoder: Any = av.CodecContext.create(_SECOND[context.name], "r")
        self._decoder.extradata = context.extradata
        self._decoder.options = context.options
        self._decoder.thread_type = "SLICE"
        self._decoder.thread_count = 2
        self._frames: dict[int | None, Any] = {}

    def follow(self, packet: Any) -> None:
        """Decode a packet as the stream's own decoder is going to."""
        import av

        self._decoder.skip_frame = packet.stream.codec_context.skip_frame
        try:
            frames = self._decoder.decode(self._with_bytes_behind(packet) if packet.size else None)
        except av.error.FFmpegError:
            return
        self._frames |= {frame.pts: frame for frame in frames}
        for stamp in list(self._frames)[:-_MOST_WAITING]:
            del self._frames[stamp]

    def agrees(self, frame: Any) -> bool:
        """Tell whether a picture of the stream's own decoder is the same here; each is asked for once."""
        other = self._frames.pop(frame.pts, None)
        if other is None or frame.format.name != other.format.name:
            return False
        sample_bytes = 1 + (frame.format.components[0].bits > 8)
        return all(_is_same(one, two, sample_bytes) for one, two in zip(frame.planes, other.planes, strict=True))

    def _with_bytes_behind(self, packet: Any) -> Any:
        import av

        length_bytes = length_size(self._extradata, 21)
        data = bytes(packet)
        if length_bytes and self._puts_behind:
            found = [unit + _BEHIND * holds_picture(unit) for unit in units(data, length_bytes)]
            data = b"".join(len(unit).to_bytes(length_bytes, "big") + unit for unit in found)
        copy = av.Packet(data)
        copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
        return copy


def _is_same(one: Any, other: Any, sample_bytes: int) -> bool:
    """Tell whether two planes show the same; other bytes may follow their lines."""
    if (one.width, one.height) != (other.width, other.height):
        return False
    shown = [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width * sample_bytes]
        for plane in (one, other)
    ]
    return np.array_equal(shown[0], shown[1])
