"""Tiles of wide pictures."""

import itertools

import numpy as np
import pytest

from bachata_assets.pose.models.tiles import OVERLAP, joined, tile_edges


@pytest.mark.parametrize(("width", "height"), [(640, 360), (360, 640), (800, 345), (640, 640)])
def test_pictures_of_camera_formats_are_seen_whole(width: int, height: int) -> None:
    assert tile_edges(width, height) == [(0, width)]


@pytest.mark.parametrize(("width", "height"), [(1280, 360), (900, 360), (1280, 200), (1000, 411)])
def test_tiles_cover_a_wide_picture_and_each_person_whole(width: int, height: int) -> None:
    tiles = tile_edges(width, height)
    assert (tiles[0][0], tiles[-1][1]) == (0, width)
    for (_, right), (left, _) in itertools.pairwise(tiles):
        assert right - left >= OVERLAP * height - 1


def test_who_is_cut_by_a_tile_comes_from_the_next_one() -> None:
    whole = np.array([[350, 50, 450, 350.0]])
    found = [
        (np.array([0.9]), np.array([[350, 50, 640.0, 350]])),
        (np.array([0.8]), whole - [320, 0, 320, 0]),
        (np.array([0.7]), np.array([[600, 50, 640.0, 350]])),
    ]
    scores, boxes = joined(found, tile_edges(1280, 360), (1280, 360))
    assert scores.tolist() == [0.8, 0.7]
    assert boxes.tolist() == [whole[0].tolist(), [1240, 50, 1280, 350]]
