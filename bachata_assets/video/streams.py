"""The choice of a file's streams: the video that a player shows, the audio streams, and only known codecs."""

import ctypes
from pathlib import Path
from typing import Any

from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import SOUND_CODECS, VIDEO_CODECS


def picture_stream(container: Any, path: Path) -> Any:
    """Return the video stream that a player shows: the default one, or the largest of several.

    A cover picture does not count, and a track without pictures only if there is no other.

    Raises
    ------
    UnreadableVideoError
        There is none, or its codec is not in `VIDEO_CODECS`.
    """
    from av.stream import Disposition

    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    if not moving:
        reason = "contains only sound with a cover picture" if container.streams.video else "has no video stream"
        raise UnreadableVideoError(path, reason, "Remove it, or give it pictures.")

    def rank(stream: Any) -> tuple[bool, bool, int]:
        context = stream.codec_context
        is_default = bool(stream.disposition & Disposition.default)
        # When it opens a file, FFmpeg reads packets of every track that has any.
        return bool(len(stream.index_entries)), is_default, context.width * context.height if context else 0

    chosen = max(moving, key=rank)
    if not chosen.codec_context or not chosen.codec_context.width:
        raise UnreadableVideoError(path, "cannot be decoded as a video (it does not say how its pictures are coded)")
    if codec_name(chosen) not in VIDEO_CODECS:
        raise UnreadableVideoError(
            path, f"its pictures are coded as {codec_name(chosen)}, which is not allowed", "Export it as H.264 in mp4."
        )
    return chosen


def sound_streams(container: Any) -> list[Any]:
    """Return the audio streams, the default one first, each ready for decoding."""
    from av.stream import Disposition

    for stream in container.streams.audio:
        _count_channels(stream)
    return sorted(container.streams.audio, key=lambda stream: not stream.disposition & Disposition.default)


def _count_channels(stream: Any) -> None:
    """Give a stream a channel order that needs no list; a mov lists the channels of 6.1 and 7.1 one by one.

    PyAV (seen with 18.1.0) does not copy such a list but frees it with each object that describes the channels, which
    ends the process.
    """
    context = stream.codec_context
    if context is None or context.is_open:
        return
    layout = context.layout
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))  # never free it: its list belongs to the decoder
    is_listed = "(" in layout.name
    if layout.nb_channels > 2 or is_listed:
        context.options = {**context.options, "ch_layout": f"{layout.nb_channels}C" if is_listed else layout.name}


def sound_is_allowed(stream: Any) -> bool:
    """Tell whether an audio stream's codec is in `SOUND_CODECS`."""
    return codec_name(stream) in SOUND_CODECS


def codec_name(stream: Any) -> str:
    """Return FFmpeg's name of a stream's decoder."""
    return stream.codec_context.name if stream.codec_context else "something unknown"
