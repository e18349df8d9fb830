"""Wide frames cut into tiles, so that the detector sees people at their usual size.

A frame much wider than the detector's input would be scaled down to a strip in which people are a few pixels tall.
"""

from collections.abc import Sequence

import numpy as np

WIDE = 2.4
"""Aspect ratio from which a frame is cut into tiles: wider than any camera's format (cinema has 2.39)."""
TILE_ASPECT = 16 / 9
"""Aspect ratio of a tile, width over height."""
OVERLAP = 0.55
"""Minimum overlap of two tiles, tile heights: a dancer with both arms spread is narrower."""
CUT_MARGIN = 0.01
"""Distance from a tile's inner edge within which the edge counts as cutting a box, tile heights."""


def tile_edges(width: int, height: int) -> list[tuple[int, int]]:
    """Return the left and right edge of each tile of a frame, px; a frame that is not wide is one tile.

    Parameters
    ----------
    width, height : int
        Size of the frame, px.

    Examples
    --------
    >>> tile_edges(640, 360), tile_edges(1280, 360)
    ([(0, 640)], [(0, 640), (320, 960), (640, 1280)])
    """
    if width < WIDE * height:
        return [(0, width)]
    tile = round(TILE_ASPECT * height)
    count = int(np.ceil((width - tile) / (tile - OVERLAP * height))) + 1
    return [(int(left), int(left) + tile) for left in np.linspace(0, width - tile, count).round()]


def joined(
    found: Sequence[tuple[np.ndarray, np.ndarray]], tiles: Sequence[tuple[int, int]], size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the boxes of all tiles of a frame, without those that a tile's edge cuts off.

    Parameters
    ----------
    found : sequence of tuple
        For each tile, scores float (N,) and boxes float (N, 4), x1 y1 x2 y2, px of the tile.
    tiles : sequence of tuple
        Left and right edge of each tile, px.
    size : tuple of int
        Width and height of the frame, px.

    Returns
    -------
    scores : np.ndarray
        float (M,).
    boxes : np.ndarray
        float (M, 4), px of the frame.
    """
    margin = CUT_MARGIN * size[1]
    scores, boxes = [], []
    for (of_tile, within), (left, right) in zip(found, tiles, strict=True):
        # If a tile ends within the frame, the next one shows the whole person.
        whole = (left == 0) | (within[:, 0] > margin)
        whole &= (right == size[0]) | (within[:, 2] < right - left - margin)
        scores.append(of_tile[whole])
        boxes.append(within[whole] + np.array([left, 0, left, 0], within.dtype))
    return np.concatenate(scores), np.concatenate(boxes)
