"""The map: clips in the plane, near where they are alike."""

import numpy as np
import pytest

from bachata_assets.report import projection
from bachata_assets.report.neighbours import View, unit_vectors


def three_heaps(count: int) -> tuple[View, np.ndarray]:
    """Return clips around three directions, and which of them each belongs to."""
    rng = np.random.default_rng(1)
    heaps = np.arange(count) % 3
    vectors = rng.normal(size=(3, 64))[heaps] + 0.4 * rng.normal(size=(count, 64))
    return View.of({"text": unit_vectors(vectors)}, {"text": 1.0}), heaps


def nearest_is_of_the_same_heap(places: np.ndarray, heaps: np.ndarray) -> float:
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    return float((heaps[distances.argmin(axis=1)] == heaps).mean())


@pytest.mark.parametrize("landmarks", [1000, 30])
def test_clips_that_are_alike_lie_together(landmarks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "LANDMARKS", landmarks)
    view, heaps = three_heaps(90)
    places = projection.lay_out(view)
    assert nearest_is_of_the_same_heap(places, heaps) == 1.0
    assert places.min() >= 0
    assert places.max() <= 1
    assert np.ptp(places[:, 0]) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_array_equal(places, projection.lay_out(view))


def test_a_clip_without_anything_to_compare_has_no_place() -> None:
    vectors = np.random.default_rng(1).normal(size=(12, 8))
    vectors[4] = np.nan
    places = projection.lay_out(View.of({"text": unit_vectors(vectors)}, {"text": 1.0}))
    assert np.isnan(places).all(axis=1).tolist() == [row == 4 for row in range(12)]
