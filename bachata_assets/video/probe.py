"""Opening a video file, and what it says of itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import irregular, on_disk, open_media

if TYPE_CHECKING:
    import av


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of itself.

    Attributes
    ----------
    width, height : int
        Size of the pictures as displayed (rotation applied), px.
    duration_s : float
        Announced length, s; NaN where the file does not say.
    fps : float
        Average frames per second; NaN where the file does not say.
    has_audio : bool
        Whether there is an audio stream.
    codec : str
        FFmpeg's name of the video codec.
    rotation : int
        Counter-clockwise rotation that a player applies, degrees.
    """

    width: int
    height: int
    duration_s: float
    fps: float
    has_audio: bool
    codec: str
    rotation: int


def probe(path: Path) -> VideoInfo:
    """Return what a video file says of itself; decodes one frame.

    Raises
    ------
    UnreadableVideoError
        The file is missing, empty or not a video, has no video stream, or no frame can be decoded.
    """
    with opened_video(path) as container:
        stream = container.streams.video[0]
        first = next(container.decode(stream), None)
        if first is None:
            raise UnreadableVideoError(path, "holds no picture that can be decoded")
        sideways = first.rotation % 180 != 0
        return VideoInfo(
            width=first.height if sideways else first.width,
            height=first.width if sideways else first.height,
            duration_s=announced_duration(container, stream),
            fps=float(stream.average_rate) if stream.average_rate else float("nan"),
            has_audio=bool(container.streams.audio),
            codec=stream.codec_context.name,
            rotation=first.rotation % 360,
        )


@contextmanager
def opened_video(path: Path) -> Iterator["av.container.InputContainer"]:
    """Open a file that has a video stream.

    Raises
    ------
    UnreadableVideoError
        The file is missing or empty, has no video stream, or FFmpeg refuses it, now or while it is open.
    """
    import av

    path = Path(path)
    _require_content(path)
    try:
        with open_media(path) as container:
            if not container.streams.video:
                raise UnreadableVideoError(path, "has no video stream", "Remove it, or give it pictures.")
            yield container
    except av.error.PermissionError as error:
        raise _not_readable(path, error) from error
    except av.error.FFmpegError as error:
        reason = f"cannot be decoded as a video ({error.strerror})"
        raise UnreadableVideoError(path, reason) from error


def _require_content(path: Path) -> None:
    try:
        status = on_disk(path).stat()
    except FileNotFoundError:
        raise UnreadableVideoError(path, "no such file", "Mend the path.") from None
    except OSError as error:
        raise _not_readable(path, error) from None
    kind = irregular(status)
    if kind:
        raise UnreadableVideoError(path, kind, "Remove it.")
    if status.st_size == 0:
        raise UnreadableVideoError(path, "the file is empty")


def _not_readable(path: Path, error: OSError) -> UnreadableVideoError:
    return UnreadableVideoError(path, f"not readable ({error.strerror})", "Mend its path, or its rights.")


def announced_duration(container: Any, stream: Any) -> float:
    """Return the stream's announced length, else the file's, s; NaN where neither is known."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else float("nan")
