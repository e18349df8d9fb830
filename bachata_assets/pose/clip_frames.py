"""The frames of one clip, read as often as needed: kept in memory while they are few, decoded again when not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bachata_assets.video.decode import SAMPLING_RATE, sample_frames

WORKING_SIDE = 640
"""Longer side of the pictures that are looked at, px: dancers then stand about as tall as the pose model's crop."""
MEMORY_BUDGET = 320 * 2**20
"""Bytes of pictures kept (about 30 s); longer clips are decoded a second time."""


class ClipFrames:
    """Iterates over (time in s, picture uint8 (H, W, 3) BGR) of a clip at 15 fps, any number of times."""

    def __init__(
        self, path: Path, fps: float = SAMPLING_RATE, budget: int = MEMORY_BUDGET, decoder_threads: int = 1
    ) -> None:
        self.path = path
        self.fps = fps
        self._decoder_threads = decoder_threads
        self._budget = budget
        self._kept: list[tuple[float, np.ndarray]] | None = None

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        if self._kept is not None:
            yield from self._kept
            return
        kept: list[tuple[float, np.ndarray]] | None = []
        size = 0
        for time_s, picture in sample_frames(self.path, self.fps, WORKING_SIDE, self._decoder_threads):
            size += picture.nbytes
            if size > self._budget:
                kept = None
            if kept is not None:
                kept.append((time_s, picture))
            yield time_s, picture
        self._kept = kept
