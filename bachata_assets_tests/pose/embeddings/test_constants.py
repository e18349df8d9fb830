"""The shipped constants, and how they are fitted."""

import numpy as np
import pytest

from bachata_assets.pose.embeddings.constants import load_constants
from bachata_assets.pose.embeddings.fitting import fit_constants


@pytest.mark.parametrize("of", ["clip", "moment"])
@pytest.mark.parametrize(("kind", "size"), [("dancer", 512), ("couple", 256)])
def test_the_shipped_constants_are_whole_and_keep_every_dimension_alive(kind: str, size: int, of: str) -> None:
    shipped = load_constants(kind, of)
    assert shipped.whitening.shape == (size, size)
    np.testing.assert_allclose(shipped.whitening, shipped.whitening.T, atol=1e-6)
    assert np.linalg.eigvalsh(shipped.whitening).min() > 0
    assert shipped.spread.min() > 1e-4
    assert shipped.weight.min() > 0


@pytest.mark.parametrize("of", ["clip", "moment"])
@pytest.mark.parametrize("kind", ["dancer", "couple"])
def test_a_dimension_stays_near_the_measurement_that_names_it(kind: str, of: str) -> None:
    shipped = load_constants(kind, of)
    largest = np.abs(shipped.whitening).argmax(axis=1)
    np.testing.assert_array_equal(largest, np.arange(len(largest)))


def test_an_unknown_measurement_counts_as_usual() -> None:
    shipped = load_constants("couple")
    measured = shipped.usual + 0.5 * shipped.spread
    unknown, usual = measured.copy(), measured.copy()
    unknown[10:20] = np.nan
    usual[10:20] = shipped.usual[10:20]
    np.testing.assert_array_equal(shipped.vector(unknown), shipped.vector(usual))


def test_what_varies_within_a_move_counts_less_than_what_tells_moves_apart() -> None:
    random = np.random.default_rng(0)
    labels = [str(i % 4) for i in range(80)]
    telling = np.array([float(label) for label in labels]) + 0.1 * random.normal(size=80)
    fitted = fit_constants([np.stack([telling, random.normal(size=80)], axis=1)], labels, np.ones(2))
    assert fitted.whitening[0, 0] > 1.4 * fitted.whitening[1, 1]


def test_a_measurement_that_is_the_same_in_every_clip_is_refused() -> None:
    with pytest.raises(ValueError, match=r"measurements \[1\] are the same in every clip"):
        fit_constants([np.stack([np.arange(8.0), np.ones(8)], axis=1)], list("aabbccdd"), np.ones(2))
