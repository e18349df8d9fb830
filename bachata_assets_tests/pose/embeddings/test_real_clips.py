"""The spread of the vectors of real clips."""

import numpy as np
import pytest

from bachata_assets.pose.embeddings import dancer_embedding, interaction_embedding
from bachata_assets_tests.support import keypoints_dev

if not keypoints_dev.FILE.is_file():
    pytest.skip("../shared/keypoints_dev is not here", allow_module_level=True)


@pytest.fixture(scope="module")
def vectors() -> list[np.ndarray]:
    """Lead, follow and interaction vectors of some clips in which both dancers are seen."""
    clips = [clip.couple for clip in keypoints_dev.load()]
    seen = [couple for couple in clips if couple.detection_rate > 0.5][::6]
    return [
        np.array([dancer_embedding(couple, "lead", None) for couple in seen]),
        np.array([dancer_embedding(couple, "follow", None) for couple in seen]),
        np.array([interaction_embedding(couple, None) for couple in seen]),
    ]


def test_vectors_of_different_clips_are_spread_out(vectors: list[np.ndarray]) -> None:
    for family in vectors:
        cosines = (family @ family.T)[~np.eye(len(family), dtype=bool)]
        assert abs(cosines.mean()) < 0.3


def test_every_dimension_lives(vectors: list[np.ndarray]) -> None:
    for family in vectors:
        assert family.std(axis=0).min() > 1e-3
