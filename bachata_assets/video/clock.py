"""One clock for a file's pictures and sound, and the time that its pictures take."""

from typing import Any

from bachata_assets.video.streams import sound_streams

SLACK_S = 1.0
"""Longest time by which sound may begin before the pictures, or end after them, and still count, s."""
_ZERO_S = 1e-3


def clock_origin(container: Any, pictures: Any) -> float:
    """Return the time stamp that is time 0 of the clip, s.

    A clock that begins at 0, as nearly all do, is kept when the pictures begin soon after. Any other, of a file cut
    from a longer one or with sound long before its pictures, begins with the first picture: what sound lies before it
    is an encoder's run-up, or was meant to be cut away.

    Parameters
    ----------
    container : av.container.InputContainer
        The file.
    pictures : av.VideoStream
        Its stream of pictures.
    """
    begin = _begin(pictures)
    if begin is None:
        return float(container.start_time or 0) / 1_000_000
    sounds = [start for stream in sound_streams(container) if (start := _begin(stream)) is not None]
    earliest = min([begin, *sounds])
    return earliest if abs(earliest) < _ZERO_S and begin - earliest <= SLACK_S else begin


def has_decoding_times_only(container: Any) -> bool:
    """Tell whether a file says only when its pictures are decoded, though they may be shown in another order: an avi.

    FFmpeg guesses the other times: they are late by a picture, and wrong beside pictures of type B.
    """
    return bool(container.format.name == "avi")


def pictures_end(container: Any, pictures: Any) -> float | None:
    """Return the time stamp at which the last picture ends, s, read from all packets; None where they carry none."""
    ends = [
        float((packet.pts + (packet.duration or 0)) * packet.time_base)
        for packet in container.demux(pictures)
        if packet.pts is not None
    ]
    return max(ends, default=None)


def _begin(stream: Any) -> float | None:
    return None if stream.start_time is None else float(stream.start_time * stream.time_base)
