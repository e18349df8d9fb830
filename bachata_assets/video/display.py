"""From decoded frames to pictures as a player shows them: square pixels, rotated, cropped, scaled, BGR."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bachata_assets.video import tone

if TYPE_CHECKING:
    import av

WIDEST_PIXEL = 4
"""Maximum pixel aspect ratio to accept, or its inverse; pixels with others count as square."""


class Region(NamedTuple):
    """A part of the displayed picture, px: columns `left` to `right`, rows `top` to `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, px."""
        return self.right - self.left, self.bottom - self.top


class Display(NamedTuple):
    """How a decoded picture is displayed.

    Attributes
    ----------
    width, height : int
        Size with square pixels, before rotation, px.
    transposed : bool
        Whether rows become columns.
    mirrored, upside_down : bool
        Whether the order of columns, and of rows, is then reversed.
    """

    width: int
    height: int
    transposed: bool = False
    mirrored: bool = False
    upside_down: bool = False

    @classmethod
    def of(cls, frame: Any, pixel_aspect: Fraction | None) -> "Display":
        """Return how a frame is displayed.

        Parameters
        ----------
        frame : av.VideoFrame
            The frame. Its display matrix (ISO/IEC 14496-12, 6.2.2) is rounded to the nearest of the eight that keep
            sides upright: quarter turns and their mirror images.
        pixel_aspect : Fraction or None
            Width of the stream's pixels over their height; None: square.
        """
        from av.sidedata.sidedata import SideDataContainer

        aspect = pixel_aspect if pixel_aspect and 1 <= max(pixel_aspect, 1 / pixel_aspect) <= WIDEST_PIXEL else 1
        width = max(1, round(frame.width * aspect))
        # `frame.side_data` keeps its container, which refers to the frame. Frames of 1.4 MB each would stay in memory
        # until the garbage collector looks for such cycles: 60 of 114 in a clip of 4 s.
        data_of_frame: Any = SideDataContainer(frame)  # type: ignore[call-arg]  # the stub lacks the constructor
        matrix = next((data for data in data_of_frame if data.type.name == "DISPLAYMATRIX"), None)
        if matrix is None:
            return cls(width, frame.height)
        (a, b, _), (c, d, _) = np.frombuffer(matrix, np.int32)[:6].reshape(2, 3).astype(np.int64).tolist()
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(width, frame.height, mirrored=a < 0, upside_down=d < 0)
        return cls(width, frame.height, transposed=True, mirrored=c < 0, upside_down=b < 0)

    @property
    def size(self) -> tuple[int, int]:
        """Displayed width and height, px."""
        return (self.height, self.width) if self.transposed else (self.width, self.height)

    @property
    def rotation(self) -> int:
        """Counter-clockwise rotation, degrees; a mirror image is mirrored sideways first."""
        if self.transposed:
            return 90 if self.upside_down else 270
        return 180 if self.upside_down else 0

    def upright(self, picture: np.ndarray) -> np.ndarray:
        """Return a picture (H, W, ...) of any scale as it is displayed."""
        turned = picture.swapaxes(0, 1) if self.transposed else picture
        return turned[:: -1 if self.upside_down else 1, :: -1 if self.mirrored else 1]


class DisplayConverter:
    """Converts decoded frames to pictures of the size of the first; a frame that repeats is converted once.

    If the size changes within the video, later pictures are fitted into that of the first, with black borders if their
    aspect ratio differs.

    Parameters
    ----------
    max_side : int or None
        Maximum longer side of the pictures, px; larger ones are scaled down. None keeps their size.
    region : Region or None
        Part of the picture to return, to whose longer side `max_side` then applies; None: all of it.
    pixel_aspect : Fraction or None
        Width of a pixel over its height; None: square.
    """

    def __init__(self, max_side: int | None, region: Region | None, pixel_aspect: Fraction | None = None) -> None:
        from av.video.reformatter import VideoReformatter

        self._max_side = max_side
        self._region = region
        self._pixel_aspect = pixel_aspect
        self._reformatter = VideoReformatter()  # reuses its tables from frame to frame
        self._first: Display | None = None
        self._last: av.VideoFrame | None = None
        self._picture = np.zeros((0, 0, 3), np.uint8)

    def __call__(self, frame: "av.VideoFrame") -> np.ndarray:
        """Return the frame's picture, uint8 (H, W, 3), BGR."""
        if frame is not self._last:
            display = Display.of(frame, self._pixel_aspect)
            self._first = first = self._first or display
            longer = max(first.size if self._region is None else self._region.size)
            scale = min(1.0, (self._max_side or np.inf) / longer)
            if display.size == first.size:
                picture = self._scaled(frame, display, scale)
            else:
                picture = self._fitted(frame, display, first, scale)
            if self._region is not None:
                left, top, right, bottom = (round(side * scale) for side in self._region)
                picture = picture[top:bottom, left:right]
            self._last, self._picture = frame, np.ascontiguousarray(picture)
        return self._picture

    def _scaled(self, frame: "av.VideoFrame", display: Display, scale: float) -> np.ndarray:
        width, height = max(1, round(display.width * scale)), max(1, round(display.height * scale))
        return display.upright(tone.picture_of(self._reformatter, frame, width, height))

    def _fitted(self, frame: "av.VideoFrame", display: Display, first: Display, scale: float) -> np.ndarray:
        """Return a frame of another size, centred in a picture of the first frame's size."""
        wide, high = (max(1, round(side * scale)) for side in first.size)
        fit = min(wide / display.size[0], high / display.size[1])
        inner = self._scaled(frame, display, fit)[:high, :wide]
        above, before = (high - inner.shape[0]) // 2, (wide - inner.shape[1]) // 2
        picture = np.zeros((high, wide, 3), np.uint8)
        picture[above : above + inner.shape[0], before : before + inner.shape[1]] = inner
        return picture
