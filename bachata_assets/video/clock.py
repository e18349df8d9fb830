"""The common clock of a file's pictures and sound, and the end of its pictures."""

from typing import Any

from bachata_assets.video.streams import sound_streams

SLACK_S = 1.0
"""Maximum time of sound before or after the pictures that still counts, s."""
_ZERO_S = 1e-3


def clock_origin(container: Any, pictures: Any) -> float:
    """Return the timestamp of the clip's time 0, s.

    Time 0 is timestamp 0 if the pictures begin soon after, as in nearly all files. Otherwise, in a file cut from a
    longer one or with sound long before its pictures, time 0 is the first picture. Sound before it is an encoder's
    run-up, or was meant to be cut off.

    Parameters
    ----------
    container : av.container.InputContainer
        The file.
    pictures : av.VideoStream
        Its video stream.
    """
    begin = _begin(pictures)
    if begin is None:
        return float(container.start_time or 0) / 1_000_000
    sounds = [start for stream in sound_streams(container) if (start := _begin(stream)) is not None]
    earliest = min([begin, *sounds])
    return earliest if abs(earliest) < _ZERO_S and begin - earliest <= SLACK_S else begin


def has_decoding_times_only(container: Any) -> bool:
    """Tell whether a file has only decoding times, although the display order may differ, as in an avi.

    FFmpeg guesses the presentation times, which are one picture late, and wrong near B-pictures.
    """
    return bool(container.format.name == "avi")


def pictures_end(container: Any, pictures: Any) -> float | None:
    """Return the timestamp at which the last picture ends, s, from all packets; None if they have no timestamps."""
    ends = [
        float((packet.pts + (packet.duration or 0)) * packet.time_base)
        for packet in container.demux(pictures)
        if packet.pts is not None
    ]
    return max(ends, default=None)


def _begin(stream: Any) -> float | None:
    return None if stream.start_time is None else float(stream.start_time * stream.time_base)
