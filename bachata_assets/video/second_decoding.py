"""A second decoding of H.265 and VP9, which differs from the first only if the data is damaged.

FFmpeg's H.265 decoder does not check where a picture's data ends. With some wrong bits it reads on and shows the
result. With one thread, it begins each row of blocks where it stopped in the row above. With slice threads, it begins
where the picture's header says (`entry_point_offset`, ITU-T H.265 (08/2021), 7.4.7.1). In an undamaged picture, both
places are the same. For the last row, and for encoders that write no such entry points (x265 writes them by default),
extra bytes follow each picture, so a decoder that reads beyond the end reads them.

Among 64 clips with one to sixteen wrong bits in a picture, FFmpeg reported nothing for 57; the comparison found all.
Without entry points, it found 5 of 24.

FFmpeg's VP9 decoder does not check the end either. libvpx does, and refuses the picture and those predicted from it.
Among 24 clips, FFmpeg reported nothing for 22, of which 10 were far from what was filmed; libvpx refused all 10.
"""

from typing import Any

import numpy as np

from bachata_assets.video.bitstream.nal_units import holds_picture, length_size, units

_SECOND = {"hevc": "hevc", "vp9": "libvpx-vp9"}
"""Decoder of a stream -> its second decoder."""
_BEHIND = b"\x5a\xa5" * 16
"""Bytes after the data of a picture; the first decoding finds zeros there."""
_MOST_WAITING = 64
"""Maximum number of pictures to keep for comparison with the first decoding; a decoder holds back 16 at most."""


def second_decoding(context: Any) -> "SecondDecoding | None":
    """Return a second decoder for a stream, or None if no second decoder can tell more.

    libvpx decodes VP9 with more than 8 bits per sample only if it was built for that.
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
        """Decode a packet before the stream's own decoder does."""
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
        """Tell whether a picture of the stream's own decoder is the same here; ask once for each picture."""
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
    """Tell whether two planes have the same pixels; the padding of their lines may differ."""
    if (one.width, one.height) != (other.width, other.height):
        return False
    shown = [
        np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width * sample_bytes]
        for plane in (one, other)
    ]
    return np.array_equal(shown[0], shown[1])
