"""The frames of one clip, which you can iterate over any number of times.

A short clip stays in memory; a longer one is decoded again for each pass.
"""

import itertools
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from threading import Event

import numpy as np

from bachata_assets.pose.models.tiles import TILE_ASPECT, WIDE
from bachata_assets.video.borders import picture_region
from bachata_assets.video.damage import Damage
from bachata_assets.video.display import Region
from bachata_assets.video.limits import DEFAULT_LIMITS, MediaLimits
from bachata_assets.video.sampling import SAMPLING_RATE, sample_frames

WORKING_SIDE = 640
"""Longer side of the frames that the models see, px: dancers are then about as tall as the pose model's crop."""
WIDE_SIDE = 1280
"""Longer side of wide frames, px: as tall as 16:9 frames; the detector sees them in tiles (`models/tiles.py`)."""
MEMORY_BUDGET = 320 * 2**20
"""Maximum bytes of frames in memory (about 30 s); longer clips are decoded again for each pass."""


class EndedError(Exception):
    """Nobody needs the result for this clip any more."""


class ClipFrames:
    """Iterates over the frames of a clip, any number of times.

    A frame is (time in s, picture uint8 (H, W, 3) BGR), without black borders. After the first pass, `damage` says
    which frames stand for damaged ones.

    Parameters
    ----------
    path : Path
        Video file.
    fps : float
        Sampling rate, frames per second.
    budget : int
        Maximum bytes of frames in memory.
    decoder_threads : int
        Number of decoder threads.
    ended : Event or None
        Once another thread sets it, iteration raises `EndedError` instead of yielding the next frame.
    limits : MediaLimits
        Limits on the clip.
    watch : callable or None
        Called for each frame with the number of the pass, from 0, and the frame's time, s.
    """

    def __init__(
        self,
        path: Path,
        fps: float = SAMPLING_RATE,
        budget: int = MEMORY_BUDGET,
        decoder_threads: int = 1,
        ended: Event | None = None,
        limits: MediaLimits = DEFAULT_LIMITS,
        watch: Callable[[int, float], None] | None = None,
    ) -> None:
        self.path = path
        self.damage = Damage()
        self.fps = fps
        self._decoder_threads = decoder_threads
        self._budget = budget
        self._ended = ended or Event()
        self._limits = limits
        self._watch = watch
        self._passes = 0
        self._shown = slice(None)
        self._kept: list[tuple[float, np.ndarray]] | None = None

    @cached_property
    def region(self) -> Region:
        """The part of the video that the frames show, px of the video: all but its borders."""
        return picture_region(self.path, self._limits)

    def with_borders(self, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return a picture with the video's black borders restored.

        Parameters
        ----------
        picture : np.ndarray
            uint8 (h, w, 3), from the iteration.
        size : tuple of int
            Width and height of the video, px.
        """
        import cv2

        scale = picture.shape[1] / self.region.size[0]
        width, height = (round(side * scale) for side in size)
        above, before = round(self.region.top * scale), round(self.region.left * scale)
        below, after = height - above - picture.shape[0], width - before - picture.shape[1]
        return cv2.copyMakeBorder(picture, above, max(0, below), before, max(0, after), cv2.BORDER_CONSTANT)

    def look_at(self, part: Region) -> None:
        """Crop all further frames to one part, at up to the video's own resolution; `region` becomes that part.

        Parameters
        ----------
        part : Region
            Part of the current frames, in their px.
        """
        left, top = self.region.left, self.region.top
        scale = max(self.region.size) / min(working_side(*self.region.size), max(self.region.size))
        sides = [round(side * scale) for side in part]
        self.region = Region(left + sides[0], top + sides[1], left + sides[2], top + sides[3])
        self._kept = None

    def narrow(self, first: int, stop: int) -> None:
        """Limit iteration to the frames from `first` to before `stop`; `damage` still covers all frames."""
        self._shown = slice(first, stop)

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        number, self._passes = self._passes, self._passes + 1
        for frame in itertools.islice(self._frames(), self._shown.start, self._shown.stop):
            if self._ended.is_set():
                raise EndedError(self.path)
            if self._watch:
                self._watch(number, frame[0])
            yield frame

    def _frames(self) -> Iterator[tuple[float, np.ndarray]]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[tuple[float, np.ndarray]] | None = []
        size = 0
        damage = Damage()
        threads, region = self._decoder_threads, self.region
        side = working_side(*region.size)
        samples = sample_frames(self.path, self.fps, side, threads, region, limits=self._limits, damage=damage)
        for time_s, picture in samples:
            size += picture.nbytes
            if size > self._budget:
                kept = None
            if kept is not None:
                kept.append((time_s, picture))
            yield time_s, picture
        self._kept, self.damage = kept, damage


def working_side(width: int, height: int) -> int:
    """Return the longer side of the frames that the models see, px.

    Parameters
    ----------
    width, height : int
        Size of the video within its borders, px.

    Examples
    --------
    >>> working_side(1920, 1080), working_side(2560, 720)
    (640, 1280)
    """
    if width < WIDE * height:
        return WORKING_SIDE
    return min(WIDE_SIDE, round(WORKING_SIDE / TILE_ASPECT * width / height))
