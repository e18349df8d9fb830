"""Places where two dancers cross and may be mistaken for each other."""

import numpy as np

from bachata_assets.pose.tracking.crossings import settle_crossings
from bachata_assets_tests.support.figures import box_of, person

TIMES = np.arange(60) / 15
VALID = np.ones((60, 2), bool)


def passing(path: np.ndarray, score: float) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes and keypoints of one who walks `path` past another at 300; in frame 30 the first is 40 px off."""
    keypoints = np.stack([[person(x), person(300)] for x in path])
    keypoints[30, 0, :, 0] += 40
    keypoints[30, 0, :, 2] = score
    return box_of(keypoints), keypoints


def test_an_uncertain_pose_at_a_crossing_is_laid_on_the_path_of_its_joints() -> None:
    path = np.linspace(-100, 700, 60)
    boxes, keypoints = passing(path, score=0.2)
    settled = settle_crossings(TIMES, boxes, keypoints, VALID)
    assert np.abs(settled[30, 0, :, 0] - person(path[30])[:, 0]).max() < 2
    assert np.array_equal(settled[..., 2], keypoints[..., 2])
    others = np.arange(60) != 30
    assert np.array_equal(settled[others], keypoints[others])


def test_a_certain_pose_stays() -> None:
    boxes, keypoints = passing(np.linspace(-100, 700, 60), score=0.8)
    assert np.array_equal(settle_crossings(TIMES, boxes, keypoints, VALID), keypoints)


def test_an_embrace_keeps_its_motion() -> None:
    boxes, keypoints = passing(np.full(60, 320.0), score=0.2)
    assert np.array_equal(settle_crossings(TIMES, boxes, keypoints, VALID), keypoints)


def test_a_pose_without_neighbours_stays_where_it_is() -> None:
    boxes, keypoints = passing(np.linspace(-100, 700, 60), score=0.2)
    alone = np.zeros((60, 2), bool)
    alone[30] = alone[[10, 50]] = True
    keypoints[~alone] = np.nan
    settled = settle_crossings(TIMES, boxes, keypoints, alone)
    assert np.allclose(settled[30], keypoints[30])
