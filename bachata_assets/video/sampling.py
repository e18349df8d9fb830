"""Pictures of a video at an even rate, by presentation time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.video.display import DisplayConverter, Region
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.probe import announced_duration, opened_video

SAMPLING_RATE = 15.0
"""Frames per second at which dancing is looked at."""
LONGEST_CUT_S = 1.0
LONGEST_CUT = 0.1
"""Seconds, and share of the announced length; a file whose pictures end earlier by more than both is cut off."""


def sample_frames(
    path: Path,
    fps: float = SAMPLING_RATE,
    max_side: int | None = None,
    threads: int = 1,
    region: Region | None = None,
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield time and picture at exactly `fps` by presentation time.

    Sample k is at `start + k / fps`, `start` being the presentation time of the first picture (0 in nearly all files;
    the clock is the one that a player shows). It holds the source picture nearest in time, so a source at any rate,
    constant or variable, is met within half its frame interval; where the source is slower than `fps`, or stands still,
    pictures repeat. The last sample lies before the end of the last picture's display.

    One picture is in memory at a time. Pictures that no sample shows are decoded only where others are predicted from
    them; the file is read twice for it, the first time without decoding.

    Parameters
    ----------
    path : Path
        The video file.
    fps : float
        Samples per second.
    max_side : int or None
        Pictures with a longer side than this (px) are scaled down to it while converting.
    threads : int
        Threads of the decoder; more than one decode ahead, and cost a fifth more processor time.
    region : Region or None
        The part of the picture that is wanted, all of it if None; `max_side` is then its longer side.

    Yields
    ------
    time_s : float
        Presentation time, s.
    picture : np.ndarray
        uint8 (H, W, 3), BGR, as displayed.

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
        announced = announced_duration(container, stream)
        start = end = None
        shown: Any = None
        index = 0
        converted = DisplayConverter(max_side, region)
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
