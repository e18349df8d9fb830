"""Frames of a video at an even rate, by presentation time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.video.bitstream.avi_chunks import chunk_breaks, index_breaks
from bachata_assets.video.clock import clock_origin, has_decoding_times_only
from bachata_assets.video.damage import Damage, Timed, with_damage
from bachata_assets.video.display import DisplayConverter, Region
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.limits import DEFAULT_LIMITS, MediaLimits
from bachata_assets.video.probe import announced_duration, decoded, opened_video

SAMPLING_RATE = 15.0
"""Sampling rate of the whole pipeline, frames per second."""
FARTHEST_S = 0.1
"""Maximum time between a frame and its source picture, s; beyond it, the couple's motion is unknown.

A phone in the dark records down to 8 pictures per second. In 93 real and rendered clips, pictures are never more than
0.05 s apart. With 0.15 s here, four pictures dropped from 15 per second went unnoticed, and the follow vector of a clip
of 4 s had a cosine of 0.85 to that of the whole clip.
"""
LONGEST_CUT_S = 1.0
LONGEST_CUT = 0.1
"""Seconds, and share of the announced length; a file whose pictures end earlier by more than both is truncated."""
SHORTEST_CUT = 1.5
"""Number of pictures that may be missing at a stream's announced end; if there are more, they count as damaged.

In 18 real and rendered clips, and in clips cut by edit lists, less than one is missing.
"""


def sample_frames(
    path: Path,
    fps: float = SAMPLING_RATE,
    max_side: int | None = None,
    threads: int = 1,
    region: Region | None = None,
    *,
    limits: MediaLimits = DEFAULT_LIMITS,
    damage: Damage | None = None,
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield time and frame at exactly `fps`, by presentation time.

    Frame k is at `start + k / fps`; `start` is the presentation time of the first picture, 0 in nearly all files, on
    the clock of `clock.py`. A frame is the source picture nearest in time, at any source rate, constant or variable.
    Pictures repeat if the source is slower than `fps` or stands still. In place of a damaged picture, the last intact
    one repeats. `damage` lists such frames, and those with no picture near in time. The last frame lies before the end
    of the last picture's display.

    One picture is in memory at a time. To decode unsampled pictures only if others are predicted from them, the
    function reads the file twice, the first time without decoding.

    Parameters
    ----------
    path : Path
        The video file.
    fps : float
        Samples per second.
    max_side : int or None
        Maximum longer side of the frames, px; larger ones are scaled down.
    threads : int
        Number of decoder threads; more than one decode ahead and cost a fifth more processor time.
    region : Region or None
        Part of the picture to return, to whose longer side `max_side` then applies; None: all of it.
    limits : MediaLimits
        Limits on the clip.
    damage : Damage or None
        Receives the damaged frames.

    Yields
    ------
    time_s : float
        Presentation time, s.
    picture : np.ndarray
        uint8 (H, W, 3), BGR, as displayed.

    Raises
    ------
    UnreadableVideoError
        As for `probe`; or the file ends before its announced end, exceeds a limit, or is damaged too much.
    """
    damage = Damage() if damage is None else damage
    shown_pts = _shown_pts(path, fps, limits)
    with opened_video(path, limits) as (container, stream):
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        announced = announced_duration(container, stream)
        begun = start = end = None
        shown: Timed | None = None
        intact: Any = None
        index = 0
        converted = DisplayConverter(max_side, region, stream.sample_aspect_ratio)

        def sample() -> tuple[float, np.ndarray]:
            assert start is not None
            assert shown is not None
            time_s = start + index / fps
            damage.samples += 1
            is_far = abs(time_s - shown.time_s) > FARTHEST_S
            if is_far or not shown.intact:
                damage.times.append(time_s)
            damage.far += is_far and shown.intact
            return time_s, converted(intact)

        for timed in _timed(path, container, stream, shown_pts, limits):
            if intact is None and not timed.intact:
                begun = timed.time_s if begun is None else begun
                continue
            if start is None:
                start = timed.time_s
                if begun is not None:
                    damage.add_missing(begun, start, fps)
            # All frames nearer to the previous picture than to this one are now known.
            while shown is not None and start + index / fps <= (shown.time_s + timed.time_s) / 2:
                yield sample()
                index += 1
            shown, intact = timed, timed.frame if timed.intact else intact
            end = timed.time_s + min(_display_time(timed.frame, stream), limits.gap_s)
        if shown is None or start is None or end is None:
            raise UnreadableVideoError(path, "contains no picture that can be decoded")
        missing = announced - (end - (start if begun is None else begun))
        if missing > max(LONGEST_CUT_S, LONGEST_CUT * announced):
            raise UnreadableVideoError(
                path, f"breaks off after {end - start:.1f} s of the {announced:.1f} s it announces"
            )
        while start + index / fps < end - 1e-3:
            yield sample()
            index += 1
        if stream.duration and stream.average_rate and missing > SHORTEST_CUT / stream.average_rate:
            damage.add_missing(start + index / fps, end + missing, fps)
    damage.require_few(path, fps)


def _shown_pts(path: Path, fps: float, limits: MediaLimits) -> set[int] | None:
    """Return the timestamps of the pictures that frames at `fps` show, or None if they are not known beforehand."""
    stamps: list[int] = []
    first: int | None = None
    latest = (-(2**63), 0)
    with opened_video(path, limits) as (container, stream):
        if has_decoding_times_only(container):
            return None
        for packet in container.demux(stream):
            if packet.pts is None and packet.size == 0:
                break
            if packet.pts is None:
                return None
            stamps.append(packet.pts)
            limits.require_count(path, len(stamps))
            latest = max(latest, (packet.pts, packet.duration or 0))
            # An edit list cuts off what is before the first displayed picture.
            first = next((frame.pts for frame in decoded(packet)), None) if first is None else first
        if first is None or stream.time_base is None:
            return None
        shown = np.unique([stamp for stamp in stamps if stamp >= first])
        tick = float(stream.time_base)
    limits.require_times(path, np.append(shown, shown[-1] + latest[1]) * tick)
    step = 1 / (fps * tick)
    samples = first + step * np.arange(np.ceil((shown[-1] - first) / step) + 1)
    between = (shown[:-1] + shown[1:]) / 2
    nearest = [np.searchsorted(between, samples + margin) for margin in (-1, 1)]  # regardless of rounding
    return {int(stamp) for stamp in shown[np.concatenate([*nearest, [0, len(shown) - 1]])]}


def _timed(path: Path, container: Any, stream: Any, wanted: set[int] | None, limits: MediaLimits) -> Iterator[Timed]:
    """Yield pictures on the clip's clock in strictly increasing time, at least those `wanted`."""
    origin = clock_origin(container, stream)
    first: float | None = None
    last = -np.inf

    def packets() -> Iterator[tuple[Any, bool]]:
        for packet in container.demux(stream):
            spared = wanted is not None and packet.pts is not None and packet.pts not in wanted
            stream.codec_context.skip_frame = "NONREF" if spared else "DEFAULT"
            yield packet, not spared

    is_avi = has_decoding_times_only(container)
    breaks = sorted({*chunk_breaks(path), *index_breaks(path)}) if is_avi else ()
    for count, timed in enumerate(with_damage(packets(), in_order=is_avi, breaks=breaks)):
        if timed.time_s is None:
            raise UnreadableVideoError(path, "its pictures carry no timestamps", "Re-encode it as mp4.")
        time_s = timed.time_s - origin
        if time_s > last:
            if wanted is None and first is not None:  # nothing is known beforehand
                limits.require_count(path, count)
                limits.require_gap(path, time_s - last)
                limits.require_length(path, time_s - first)
            first, last = time_s if first is None else first, time_s
            yield timed._replace(time_s=time_s)


def _display_time(frame: Any, stream: Any) -> float:
    """Return how long a picture is displayed, s."""
    if frame is not None and frame.duration and frame.time_base:
        return float(frame.duration * frame.time_base)
    return 1.0 / float(stream.average_rate) if stream.average_rate else 1.0 / SAMPLING_RATE
