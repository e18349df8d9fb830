"""Labels on which several looks at one dancer agree."""

import sys

import numpy as np
import pytest

from bachata_assets.pose.skeleton import MIRRORED
from bachata_assets_tests.support.figures import person
from bachata_assets_tests.support.paths import PROJECT

sys.path.insert(0, str(PROJECT / "training" / "recipes"))

from couples.relabelled import agreed, votes

HEIGHT = 250.0


def looks(score: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
    """Return six equal votes for a pose, and a track that is the same in three frames."""
    pose = person(300, height=HEIGHT).astype(float)
    pose[:, 2] = score
    return np.stack([pose] * 6), np.stack([pose] * 3)


def test_joints_on_which_all_looks_agree_are_labelled_with_their_mean() -> None:
    poses, track = looks()
    poses[:3, :, 0] += 2
    poses[3:, :, 0] -= 2
    label = agreed(poses, track, HEIGHT)
    assert (label[:, 2] == 2).all()
    np.testing.assert_allclose(label[:, :2], track[1, :, :2], atol=1e-9)


@pytest.mark.parametrize(("others", "labelled"), [(1, True), (2, False)])
def test_one_look_may_see_something_else_two_may_not(others: int, labelled: bool) -> None:
    poses, track = looks()
    poses[:others, 9, 0] += 0.08 * HEIGHT
    label = agreed(poses, track, HEIGHT)
    assert (label[9, 2] == 2) == labelled
    assert (np.delete(label[:, 2], 9) == 2).all()


def test_looks_that_agree_on_what_the_track_does_not_know_are_no_label() -> None:
    poses, track = looks()
    track[[0, 2], 4, 1] += 0.1 * HEIGHT
    assert agreed(poses, track, HEIGHT)[4, 2] == 0


def test_a_joint_that_nobody_believes_is_no_label() -> None:
    assert not agreed(*looks(score=0.2), HEIGHT)[:, 2].any()


class Mirroring:
    """Models that find joint k at k px to the right of a box's middle, and mirrored in every second crop."""

    def keypoints(self, jobs: list[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        found = []
        for number, (_, box) in enumerate(jobs):
            is_mirrored = number % 2 == 1
            aside = -np.array(MIRRORED) if is_mirrored else np.arange(17)
            found.append(np.column_stack([(box[0] + box[2]) / 2 + aside, np.full(17, box[1]), np.full(17, 0.5)]))
        return found


def test_mirrored_looks_are_turned_back() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    found = votes(Mirroring(), picture, np.array([[20.0, 10, 60, 90]]))  # type: ignore[arg-type]
    assert found.shape == (1, 6, 17, 3)
    np.testing.assert_allclose(found[0, :, :, 0], np.broadcast_to(40 + np.arange(17), (6, 17)), atol=1e-9)
