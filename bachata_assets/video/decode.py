"""A video file to facts about it and to frames at an even rate. Sound is `music/`'s concern."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bachata_assets.video.errors import UnreadableVideoError

if TYPE_CHECKING:
    import av

SAMPLING_RATE = 15.0
"""Frames per second at which dancing is looked at."""
LONGEST_CUT_S = 1.0
LONGEST_CUT = 0.1
"""A file whose pictures end earlier than announced by more than both (seconds, share) counts as cut off."""


class Region(NamedTuple):
    """A part of the picture as displayed, px: columns `left` to `right`, rows `top` to `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px."""
        return self.right - self.left, self.bottom - self.top


@dataclass(frozen=True)
class VideoInfo:
    """What a file says of itself; width and height as displayed (rotation applied), px.

    `duration_s` and `fps` (average) are NaN where the file does not say; `rotation` is counter-clockwise, degrees.
    """

    width: int
    height: int
    duration_s: float
    fps: float
    has_audio: bool
    codec: str
    rotation: int


def probe(path: Path) -> VideoInfo:
    """Return what the file says of itself; decodes one frame.

    Raises
    ------
    UnreadableVideoError
        Missing, empty, not a video, no video stream, or no frame can be decoded.
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
            duration_s=_announced_duration(container, stream),
            fps=float(stream.average_rate) if stream.average_rate else float("nan"),
            has_audio=bool(container.streams.audio),
            codec=stream.codec_context.name,
            rotation=first.rotation % 360,
        )


def sample_frames(
    path: Path,
    fps: float = SAMPLING_RATE,
    max_side: int | None = None,
    threads: int = 1,
    region: Region | None = None,
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield (time in s, picture uint8 (H, W, 3) BGR) at exactly `fps` by presentation time.

    Sample k is at `start + k / fps`, `start` being the presentation time of the first picture (0 in nearly all files;
    the clock is the one that a player shows). It holds the source picture nearest in time, so a source at any rate,
    constant or variable, is met within half its frame interval; where the source is slower than `fps`, or stands still,
    pictures repeat. The last sample lies before the end of the last picture's display.

    One picture is in memory at a time. Pictures that no sample shows are decoded only where others are predicted from
    them; the file is read twice for it, the first time without decoding.

    Parameters
    ----------
    path : the video file
    fps : samples a second
    max_side : pictures with a longer side than this (px) are scaled down to it while converting
    threads : of the decoder; more than one decode ahead, and cost a fifth more processor time
    region : the part of the picture that is wanted, all if None; `max_side` is then its longer side

    Raises
    ------
    UnreadableVideoError
        As for `probe`, or the file breaks off before its announced end.
    """
    shown_pts = _shown_pts(path, fps)
    with opened_video(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        announced = _announced_duration(container, stream)
        start = end = None
        shown: Any = None
        index = 0
        converted = _Converter(max_side, region)
        for time_s, frame in _timed(path, container, stream, shown_pts):
            start = time_s if start is None else start
            # Everything nearer to the picture before than to this one is now known.
            while shown is not None and start + index / fps <= (shown[0] + time_s) / 2:
                yield start + index / fps, converted(shown[1])
                index += 1
            shown = (time_s, frame)
            end = time_s + _display_time(frame, stream)
        if shown is None or start is None or end is None:
            raise UnreadableVideoError(path, "holds no picture that can be decoded")
        if announced - (end - start) > max(LONGEST_CUT_S, LONGEST_CUT * announced):
            raise UnreadableVideoError(
                path, f"breaks off after {end - start:.1f} s of the {announced:.1f} s it announces"
            )
        while start + index / fps < end - 1e-3:
            yield start + index / fps, converted(shown[1])
            index += 1


class _Converter:
    """Converts frames to BGR, each at most once, however often it is sampled."""

    def __init__(self, max_side: int | None, region: Region | None) -> None:
        from av.video.reformatter import VideoReformatter

        self._max_side = max_side
        self._region = region
        self._reformatter = VideoReformatter()  # keeps its tables from frame to frame
        self._last: av.VideoFrame | None = None
        self._picture = np.zeros((0, 0, 3), np.uint8)

    def __call__(self, frame: "av.VideoFrame") -> np.ndarray:
        if frame is not self._last:
            longer = max(frame.width, frame.height) if self._region is None else max(self._region.size)
            scale = min(1.0, (self._max_side or np.inf) / longer)
            width, height = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
            small = self._reformatter.reformat(frame, width, height, "bgr24", interpolation="AREA")
            picture = np.rot90(small.to_ndarray(), round(frame.rotation / 90))
            if self._region is not None:
                left, top, right, bottom = (round(side * scale) for side in self._region)
                picture = picture[top:bottom, left:right]
            self._last, self._picture = frame, np.ascontiguousarray(picture)
        return self._picture


@contextmanager
def opened_video(path: Path) -> Iterator["av.container.InputContainer"]:
    """Open a file that has a video stream; whatever FFmpeg refuses becomes an UnreadableVideoError."""
    import av

    path = Path(path)
    if not path.is_file():
        raise UnreadableVideoError(path, "no such file", "Mend the path.")
    if path.stat().st_size == 0:
        raise UnreadableVideoError(path, "the file is empty")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise UnreadableVideoError(path, "has no video stream", "Remove it, or give it pictures.")
            yield container
    except av.error.FFmpegError as error:
        reason = f"cannot be decoded as a video ({error.strerror})"
        raise UnreadableVideoError(path, reason) from error


def _shown_pts(path: Path, fps: float) -> set[int] | None:
    """Return the time stamps of the pictures that samples at `fps` show; None: not known beforehand."""
    stamps: list[int] = []
    first: int | None = None
    with opened_video(path) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.size == 0:
                break
            if packet.pts is None:
                return None
            stamps.append(packet.pts)
            # What lies before the first picture shown, an edit list cuts away.
            first = next((frame.pts for frame in packet.decode()), None) if first is None else first
        if first is None or stream.time_base is None:
            return None
        shown = np.unique([stamp for stamp in stamps if stamp >= first])
        step = 1 / (fps * float(stream.time_base))
    samples = first + step * np.arange(np.ceil((shown[-1] - first) / step) + 1)
    between = (shown[:-1] + shown[1:]) / 2
    nearest = [np.searchsorted(between, samples + margin) for margin in (-1, 1)]  # whatever the rounding
    return {int(stamp) for stamp in shown[np.concatenate([*nearest, [0, len(shown) - 1]])]}


def _timed(path: Path, container: Any, stream: Any, wanted: set[int] | None) -> Iterator[tuple[float, Any]]:
    """Yield (time, frame) on the player's clock, in strictly increasing time; at least those `wanted`."""
    origin = (container.start_time or 0) / 1_000_000
    last = -np.inf
    for packet in container.demux(stream):
        spared = wanted is not None and packet.pts is not None and packet.pts not in wanted
        stream.codec_context.skip_frame = "NONREF" if spared else "DEFAULT"
        for frame in packet.decode():
            if frame.time is None:
                raise UnreadableVideoError(path, "its pictures carry no time stamps", "Re-encode it as mp4.")
            time_s = frame.time - origin
            if time_s > last:
                last = time_s
                yield time_s, frame


def _display_time(frame: Any, stream: Any) -> float:
    """Return how long a frame is shown, s."""
    if frame.duration and frame.time_base:
        return float(frame.duration * frame.time_base)
    return 1.0 / float(stream.average_rate) if stream.average_rate else 1.0 / SAMPLING_RATE


def _announced_duration(container: Any, stream: Any) -> float:
    """Return the stream's announced length, else the file's, s; NaN where neither is known."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1_000_000 if container.duration else float("nan")
