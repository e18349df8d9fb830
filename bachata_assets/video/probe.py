"""Opening of a video file, and its metadata."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bachata_assets.video.display import Display
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import (
    FORMATS,
    formats_of,
    irregular,
    on_disk,
    open_media,
    open_regular,
    why_missing,
)
from bachata_assets.video.limits import DEFAULT_LIMITS, MediaLimits
from bachata_assets.video.streams import picture_stream

if TYPE_CHECKING:
    import av


@dataclass(frozen=True)
class VideoInfo:
    """Metadata of a video file.

    Attributes
    ----------
    width, height : int
        Size of the displayed pictures (rotated, with square pixels), px.
    duration_s : float
        Announced length, s; NaN if unknown.
    fps : float
        Average frames per second; NaN if unknown.
    has_audio : bool
        Whether there is an audio stream.
    codec : str
        FFmpeg's name of the video codec.
    rotation : int
        Counter-clockwise rotation by a player, degrees.
    """

    width: int
    height: int
    duration_s: float
    fps: float
    has_audio: bool
    codec: str
    rotation: int


def probe(path: Path, limits: MediaLimits = DEFAULT_LIMITS) -> VideoInfo:
    """Return the metadata of a video file, after decoding its first picture.

    Raises
    ------
    UnreadableVideoError
        The file is missing, empty or not a video, has no video stream, no picture can be decoded, or its pictures
        exceed the limit.
    """
    with opened_video(path, limits) as (container, stream):
        first = first_picture(container, stream)
        if first is None:
            raise UnreadableVideoError(path, "contains no picture that can be decoded")
        display = Display.of(first, stream.sample_aspect_ratio)
        width, height = display.size
        return VideoInfo(
            width=width,
            height=height,
            duration_s=announced_duration(container, stream),
            fps=float(stream.average_rate) if stream.average_rate else float("nan"),
            has_audio=bool(container.streams.audio),
            codec=stream.codec_context.name,
            rotation=display.rotation,
        )


def first_picture(container: Any, stream: Any) -> Any:
    """Return the first undamaged picture of a stream, or None if there is none."""
    for packet in container.demux(stream):
        for frame in decoded(packet):
            if not frame.is_corrupt:
                return frame
    return None


def decoded(packet: Any) -> list[Any]:
    """Return the pictures of a packet; none if the decoder refuses it."""
    import av

    if packet.size == 0 and packet.pts is not None:
        return []  # the decoder would take it for the end of the stream
    try:
        return list(packet.decode())
    except (av.error.MemoryError, av.error.BlockingIOError):  # no memory for the picture, or no thread
        raise
    except av.error.FFmpegError:
        return []


@contextmanager
def opened_video(
    path: Path, limits: MediaLimits = DEFAULT_LIMITS
) -> Iterator[tuple["av.container.InputContainer", Any]]:
    """Open a file, and yield it with the video stream that a player shows.

    Raises
    ------
    UnreadableVideoError
        The file is missing or empty, has no supported container, codec or video stream, its pictures exceed the limit,
        or FFmpeg refuses it, now or while it is open.
    """
    import av

    path = Path(path)
    _require_content(path)
    try:
        with _container(path) as container:
            stream = picture_stream(container, path)
            limits.require_picture(path, stream.codec_context.width, stream.codec_context.height)
            # The pictures may have another size than the header says.
            stream.codec_context.options = {"max_pixels": str(int(limits.picture_px)), **_strictness(stream)}
            yield container, stream
    except av.error.PermissionError as error:
        raise _not_readable(path, error) from error
    except (av.error.MemoryError, av.error.BlockingIOError) as error:
        remedy = "Free some memory, or raise BACHATA_WORKER_MEMORY_GB."
        raise UnreadableVideoError(path, "there is not enough memory to decode it", remedy) from error
    except av.error.FFmpegError as error:
        require_readable(path)
        reason = f"cannot be decoded as a video ({error.strerror})"
        raise UnreadableVideoError(path, reason) from error


def _strictness(stream: Any) -> dict[str, str]:
    """Return options that make a decoder refuse what it cannot decode, if it would not report that otherwise.

    FFmpeg decodes MJPEG with wrong bits anyway: two pictures of 60 were noise in a third of their area. For H.265, it
    fills an incomplete picture with earlier memory (cosine 0.40 to the original).
    """
    return {"err_detect": "explode"} if stream.codec_context.name in ("mjpeg", "hevc") else {}


def _container(path: Path) -> "av.container.InputContainer":
    import av

    try:
        return open_media(path)
    except av.error.ArgumentError as error:
        expected = "mp4, mov or avi" if formats_of(path) == FORMATS else "Matroska"
        raise UnreadableVideoError(
            path, f"is not a file of type {expected}, whatever its name says", "Export it as mp4, or remove it."
        ) from error
    except av.error.MemoryError:  # for what the header announces; the header itself is small
        raise UnreadableVideoError(path, "announces more than memory can hold") from None


def _require_content(path: Path) -> None:
    try:
        status = on_disk(path).stat()
    except OSError as error:
        raise _not_readable(path, error) from error
    kind = irregular(status)
    if kind:
        raise UnreadableVideoError(path, kind, "Remove it.")
    if status.st_size == 0:
        raise UnreadableVideoError(path, "the file is empty")


def require_readable(path: Path) -> None:
    """Read a file's content, to distinguish a disk that does not answer from content that cannot be decoded.

    It skips holes, so a terabyte of nothing takes no time.

    Raises
    ------
    UnreadableVideoError
        Reading raised an OSError.
    """
    try:
        with open_regular(path) as file:
            end = 0
            while (place := _next_content(file.fileno(), end)) is not None:
                end = place + len(os.pread(file.fileno(), 1 << 20, place))
    except OSError as error:
        if error.errno != errno.EINVAL:  # EINVAL: a pipe, a device or a folder
            raise _not_readable(path, error) from error


def _next_content(descriptor: int, place: int) -> int | None:
    """Return the next offset in a file, from `place` on, with stored data; None after the last."""
    if not hasattr(os, "SEEK_DATA"):
        return place if place < os.fstat(descriptor).st_size else None
    try:
        return os.lseek(descriptor, place, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:
            return None
        raise


def _not_readable(path: Path, error: OSError) -> UnreadableVideoError:
    if isinstance(error, FileNotFoundError):
        return UnreadableVideoError(path, *why_missing(path))
    return UnreadableVideoError(path, f"not readable ({error.strerror})", "Check its path and its permissions.")


def announced_duration(container: Any, stream: Any) -> float:
    """Return the announced length of the stream, else of the file, s; NaN if neither is known.

    For an avi, the number of pictures gives the length: without an index, FFmpeg returns the length of what is left.
    """
    if container.format.name == "avi" and stream.frames:
        return float(stream.frames * stream.time_base)
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else float("nan")
