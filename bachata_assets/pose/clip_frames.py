"""The frames of one clip, read as often as needed: kept in memory while they are few, decoded again when not."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from threading import Event

import numpy as np

from bachata_assets.video.borders import picture_region
from bachata_assets.video.display import Region
from bachata_assets.video.sampling import SAMPLING_RATE, sample_frames

WORKING_SIDE = 640
"""Longer side of the pictures that are looked at, px: dancers then stand about as tall as the pose model's crop."""
MEMORY_BUDGET = 320 * 2**20
"""Bytes of pictures kept (about 30 s); longer clips are decoded a second time."""


class EndedError(Exception):
    """Nobody waits any more for what is being found in a clip."""


class ClipFrames:
    """Iterates over (time in s, picture uint8 (H, W, 3) BGR) of a clip at 15 fps, any number of times.

    Black borders are cut off; `region` is what the pictures show, in the video's own pixels. Once `ended` is set, by
    another thread, there are no more frames but an `EndedError`.
    """

    def __init__(
        self,
        path: Path,
        fps: float = SAMPLING_RATE,
        budget: int = MEMORY_BUDGET,
        decoder_threads: int = 1,
        ended: Event | None = None,
    ) -> None:
        self.path = path
        self.fps = fps
        self._decoder_threads = decoder_threads
        self._budget = budget
        self._ended = ended or Event()
        self._kept: list[tuple[float, np.ndarray]] | None = None

    @cached_property
    def region(self) -> Region:
        """What the pictures show: all of the video's but its black borders."""
        return picture_region(self.path)

    def with_borders(self, picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Return a picture as the video of this width and height (px) shows it, its borders black again."""
        import cv2

        scale = picture.shape[1] / self.region.size[0]
        width, height = (round(side * scale) for side in size)
        above, before = round(self.region.top * scale), round(self.region.left * scale)
        below, after = height - above - picture.shape[0], width - before - picture.shape[1]
        return cv2.copyMakeBorder(picture, above, max(0, below), before, max(0, after), cv2.BORDER_CONSTANT)

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        for frame in self._frames():
            if self._ended.is_set():
                raise EndedError(self.path)
            yield frame

    def _frames(self) -> Iterator[tuple[float, np.ndarray]]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[tuple[float, np.ndarray]] | None = []
        size = 0
        for time_s, picture in sample_frames(self.path, self.fps, WORKING_SIDE, self._decoder_threads, self.region):
            size += picture.nbytes
            if size > self._budget:
                kept = None
            if kept is not None:
                kept.append((time_s, picture))
            yield time_s, picture
        self._kept = kept
