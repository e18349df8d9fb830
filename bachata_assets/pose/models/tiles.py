"""Wide pictures cut into tiles, so that the detector sees people in their usual size.

A picture far wider than the detector's input would be scaled down to a strip in which people are a few pixels tall.
"""

from collections.abc import Sequence

import numpy as np

WIDE = 2.4
"""Width over height from which a picture is cut into tiles: wider than any camera's format (cinema has 2.39)."""
TILE_ASPECT = 16 / 9
"""Width of a tile over its height."""
OVERLAP = 0.55
"""Smallest overlap of two tiles, in their height: a dancer with both arms spread is narrower."""
CUT_MARGIN = 0.01
"""Distance from a tile's inner edge within which a box counts as cut by it, in the tile's height."""


def tile_edges(width: int, height: int) -> list[tuple[int, int]]:
    """Return the left and right edge of each tile of a picture, px; one tile where it is not wide.

    Parameters
    ----------
    width, height : int
        Size of the picture, px.

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
    """Return what was found in all tiles of a picture, without what a tile's edge cuts off.

    Parameters
    ----------
    found : sequence of tuple
        Of each tile: scores float (N,) and boxes float (N, 4), x1 y1 x2 y2, px of the tile.
    tiles : sequence of tuple
        Left and right edge of each tile, px.
    size : tuple of int
        Width and height of the picture, px.

    Returns
    -------
    scores : np.ndarray
        float (M,).
    boxes : np.ndarray
        float (M, 4), px of the picture.
    """
    margin = CUT_MARGIN * size[1]
    scores, boxes = [], []
    for (of_tile, within), (left, right) in zip(found, tiles, strict=True):
        # Where a tile ends within the picture, the next one shows the whole person.
        whole = (left == 0) | (within[:, 0] > margin)
        whole &= (right == size[0]) | (within[:, 2] < right - left - margin)
        scores.append(of_tile[whole])
        boxes.append(within[whole] + np.array([left, 0, left, 0], within.dtype))
    return np.concatenate(scores), np.concatenate(boxes)
