"""What a signal in time is summarised to."""

import numpy as np
import pytest

from bachata_assets.pose.embeddings.clock import SAMPLES_PER_BEAT
from bachata_assets.pose.embeddings.summaries import MEASURES, PERIODS, summarise

POSITIONS = np.arange(0, 32, 1 / SAMPLES_PER_BEAT)


def measured(signal: np.ndarray, *names: str) -> np.ndarray:
    return summarise({"signal": signal}, names)


@pytest.mark.parametrize("period", [2, 3, 4, 6, 8])
def test_energy_is_highest_at_the_period_of_the_motion(period: int) -> None:
    energies = measured(np.sin(2 * np.pi * POSITIONS / period), *[f"energy at {period} beats" for period in PERIODS])
    assert PERIODS[int(energies.argmax())] == period


def test_levels_are_quantiles_of_what_was_seen() -> None:
    signal = np.linspace(0, 1, 101)
    assert measured(signal, "low level", "middle level", "high level") == pytest.approx([0.1, 0.5, 0.9])
    signal[::2] = np.nan
    assert measured(signal, "low level", "middle level", "high level") == pytest.approx([0.1, 0.5, 0.9], abs=0.02)


def test_what_comes_back_after_four_beats_repeats() -> None:
    four_beats = np.sin(2 * np.pi * POSITIONS / 4)
    names = "repeats after half a beat", "repeats after 1 beat", "repeats after 4 beats"
    half, one, four = measured(four_beats, *names)
    assert half == pytest.approx(np.cos(np.pi / 4), abs=0.05)
    assert one == pytest.approx(0, abs=0.05)
    assert four == pytest.approx(1, abs=0.05)


def test_order_in_time_changes_sign_backwards() -> None:
    sawtooth = (POSITIONS / 4) % 1 + 0.05 * POSITIONS
    names = "later than early", "rises fast"
    forth, back = measured(sawtooth, *names), measured(sawtooth[::-1], *names)
    assert forth[0] > 0.9
    assert forth == pytest.approx(-back, abs=1e-6)
    assert forth[1] < -0.2


def test_a_gap_is_neither_zero_nor_a_jump() -> None:
    sway = 5 + 0.2 * np.sin(2 * np.pi * POSITIONS / 4)
    gappy = sway.copy()
    gappy[60:80] = np.nan
    np.testing.assert_allclose(measured(gappy, *MEASURES), measured(sway, *MEASURES), atol=0.25)


def test_a_signal_seen_for_less_than_a_beat_says_nothing() -> None:
    signal = np.full(len(POSITIONS), np.nan)
    signal[: SAMPLES_PER_BEAT - 1] = 1.0
    assert np.isnan(measured(signal, *MEASURES)).all()
