"""Pose models, an estimator and a real clip, once for all tests of poses."""

from pathlib import Path

import pytest

from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets_tests.support.paths import REAL_CLIPS


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of exported models for all tests: exporting takes most of a minute."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def models(cache_dir: Path) -> PoseModels:
    return PoseModels.load(cache_dir=cache_dir, precision="f32")


@pytest.fixture(scope="session")
def estimate(models: PoseModels) -> CouplePoseEstimator:
    return CouplePoseEstimator(models)


@pytest.fixture(scope="session")
def real_clip() -> Path:
    path = REAL_CLIPS / "Bachata_steps" / "lady_left_turn" / "lady_left_turn_2.mp4"
    if not path.is_file():
        pytest.skip("../shared/clips, the folder of real clips, is absent")
    return path
