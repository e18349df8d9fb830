"""From decoded frames to pictures as a player shows them: rotated, cut to a region, scaled, BGR."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import av


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


class DisplayConverter:
    """Converts frames to pictures, each frame at most once in a row.

    Parameters
    ----------
    max_side : int or None
        Pictures with a longer side than this (px) are scaled down to it; None keeps their size.
    region : Region or None
        The part of the picture that is wanted, all of it if None; `max_side` is then its longer side.
    """

    def __init__(self, max_side: int | None, region: Region | None) -> None:
        from av.video.reformatter import VideoReformatter

        self._max_side = max_side
        self._region = region
        self._reformatter = VideoReformatter()  # keeps its tables from frame to frame
        self._last: av.VideoFrame | None = None
        self._picture = np.zeros((0, 0, 3), np.uint8)

    def __call__(self, frame: "av.VideoFrame") -> np.ndarray:
        """Return the frame's picture: uint8 (H, W, 3), BGR."""
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
