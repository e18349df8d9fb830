"""Detection of a video's black borders, such as letterboxes; `display.py` cuts them off."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.video.display import Display, Region
from bachata_assets.video.limits import DEFAULT_LIMITS, MediaLimits
from bachata_assets.video.probe import decoded, opened_video, probe

LOOK_SIDE = 320
"""Longer side of the reduced pictures, px."""
MOST_LOOKS = 24
"""Maximum number of pictures to look at."""
CLOSEST_LOOKS_S = 1.0
"""Minimum time between two of these pictures, s."""
BLACK = 10
"""Maximum grey level in a border (0 to 255, black is 0); FFmpeg's cropdetect uses a similar value."""
LEAST_BORDER = 0.03
"""Minimum width of a border, share of the side; narrower ones do no harm."""
STRAIGHT = 0.5
"""Minimum share of the line beside a border that is lit at some time; a couple in a spotlight has no such edge."""


def picture_region(path: Path, limits: MediaLimits = DEFAULT_LIMITS) -> Region:
    """Return the part of a video's pictures inside its black borders.

    The function decodes up to `MOST_LOOKS` key frames, spread over the clip. A border is black in all of them, at least
    `LEAST_BORDER` of the side wide, and ends in a straight line. FFmpeg's cropdetect is an alternative.

    Returns
    -------
    Region
        Part of the displayed picture, px; the whole picture if there are no borders.

    Raises
    ------
    UnreadableVideoError
        The file cannot be decoded.
    """
    info = probe(path, limits)
    scale = min(1.0, LOOK_SIDE / max(info.width, info.height))
    lit = np.zeros((round(info.height * scale), round(info.width * scale)), bool)
    for frame, pixel_aspect in _key_frames(path, limits):
        display = Display.of(frame, pixel_aspect)
        if display.size != (info.width, info.height):
            continue  # the size changes within the video
        width, height = lit.shape if display.transposed else lit.shape[::-1]
        grey = frame.reformat(width, height, "gray", interpolation="AREA").to_ndarray()
        lit |= display.upright(grey) > BLACK
    (top, bottom), (left, right) = _extent(lit, info.height), _extent(lit.T, info.width)
    return Region(left, top, right, bottom)


def _extent(lit: np.ndarray, side: int) -> tuple[int, int]:
    """Return where the content starts and ends, px of a side; `lit` (lines, places) marks what is not black."""
    lines = np.flatnonzero(lit.any(axis=1))
    if not lines.size:
        return 0, side
    within = lit[:, lit.any(axis=0)]
    first, last = lines[0], lines[-1]
    # Test one line further in, because the outermost may be half border.
    straight = [within[line].mean() >= STRAIGHT for line in (min(first + 1, last), max(last - 1, first))]
    px = side / len(lit)
    start, end = int(first * px), int(np.ceil((last + 1) * px))
    wide = start >= LEAST_BORDER * side, side - end >= LEAST_BORDER * side
    return start if straight[0] and wide[0] else 0, end if straight[1] and wide[1] else side


def _key_frames(path: Path, limits: MediaLimits) -> Iterator[tuple[Any, Fraction | None]]:
    """Yield intact key frames, not closer than `CLOSEST_LOOKS_S`, and their pixel aspect ratio."""
    with opened_video(path, limits) as (container, stream):
        length_s = (container.duration or 0) / 1_000_000
        apart, last = max(CLOSEST_LOOKS_S, length_s / MOST_LOOKS), -np.inf
        for packet in container.demux(stream):
            if packet.pts is None and packet.size == 0:  # the end: flush the decoder
                yield from ((frame, stream.sample_aspect_ratio) for frame in decoded(packet) if not frame.is_corrupt)
            elif packet.is_keyframe and packet.pts is not None and packet.pts * packet.time_base - last >= apart:
                last = float(packet.pts * packet.time_base)
                yield from ((frame, stream.sample_aspect_ratio) for frame in decoded(packet) if not frame.is_corrupt)
