"""The keypoints of a sample clip are those that the same version made before; its vectors: `test_real_poses.py`.

After raising the version, this writes the new values:

    WRITE_GOLDEN=1 uv run pytest bachata_assets_tests/pose/test_golden.py
"""

import numpy as np
import pytest

from bachata_assets.pose import estimator
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets_tests.support.golden import check_golden
from bachata_assets_tests.support.paths import SAMPLE

CLIP = SAMPLE / "videos" / "cross_body_lead" / "cross_body_lead_1.mp4"


@pytest.fixture(scope="module")
def figures(estimate: CouplePoseEstimator) -> dict[str, np.ndarray]:
    """What any processor makes of the clip in f32, to less than half a pixel, half a percent and half a frame.

    Without AVX-512, or by torch instead of OpenVINO, one joint moved by 1 px, the middle of a body by at most 0.06 px,
    and no flag changed.
    """
    couple: CoupleKeypoints = estimate(CLIP)
    places = couple.keypoints[..., :2]
    return {
        "bodies": np.nan_to_num(places.mean(axis=2), nan=-100),
        "joints": np.nanmedian(places, axis=0),
        "boxes": np.nanmedian(couple.boxes, axis=0),
        "scores": 100 * np.nanmedian(couple.keypoints[..., 2], axis=0),
        "flags": np.stack([couple.valid, couple.interpolated, couple.occlusion_recovery]),
        "roles": 100 * np.array(list(couple.role_evidence.values())),
    }


def test_the_keypoints_are_those_of_their_version(figures: dict[str, np.ndarray]) -> None:
    check_golden("keypoints", estimator.VERSION, "pose.estimator.VERSION", figures, tolerance=0.49)


def test_a_body_that_moved_by_a_pixel_in_one_frame_names_the_version_to_raise(figures: dict[str, np.ndarray]) -> None:
    moved = figures["bodies"].copy()
    moved[40, 0, 0] += 1
    with pytest.raises(pytest.fail.Exception, match=r"outputs changed: raise pose\.estimator\.VERSION \(bodies of"):
        check_golden(
            "keypoints", estimator.VERSION, "pose.estimator.VERSION", {**figures, "bodies": moved}, tolerance=0.49
        )
