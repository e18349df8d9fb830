"""What holds of any signal: how it repeats, and how it is read between its values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bachata_assets.music.onsets import autocorrelation, later

SIGNALS = st.builds(
    lambda seed, bands, length: np.random.default_rng(seed).normal(size=(bands, length)),
    st.integers(0, 1000),
    st.integers(1, 4),
    st.integers(2, 60),
)


@given(SIGNALS, st.integers(0, 80))
def test_a_signal_repeats_whole_at_no_lag_and_never_more(bands: np.ndarray, longest: int) -> None:
    found = autocorrelation(bands, longest)
    assert len(found) == min(longest, bands.shape[1] - 1) + 1
    np.testing.assert_allclose(found[0], 1)
    assert (np.abs(found) <= 1 + 1e-9).all()


@given(SIGNALS, st.floats(0.01, 100), st.floats(-100, 100))
def test_loudness_and_level_do_not_change_how_a_signal_repeats(bands: np.ndarray, gain: float, level: float) -> None:
    np.testing.assert_allclose(autocorrelation(gain * bands + level, 20), autocorrelation(bands, 20), atol=1e-6)


@given(st.integers(0, 1000), st.integers(2, 10), st.integers(3, 6))
def test_what_comes_again_after_a_lag_repeats_best_there(seed: int, period: int, times: int) -> None:
    once = np.random.default_rng(seed).normal(size=(2, period))
    found = autocorrelation(np.tile(once, times), period)
    np.testing.assert_allclose(found[period], 1, atol=1e-6)


@given(SIGNALS, st.floats(0, 70))
def test_a_later_signal_lies_between_its_neighbouring_values(bands: np.ndarray, lag: float) -> None:
    moved = later(bands, lag)
    whole = int(lag)
    assert moved.shape[1] == max(bands.shape[1] - whole - 1, 0)
    for place in range(moved.shape[1]):
        pair = bands[:, whole + place : whole + place + 2]
        assert (moved[:, place] >= pair.min(axis=1) - 1e-9).all()
        assert (moved[:, place] <= pair.max(axis=1) + 1e-9).all()
