"""Positions in beats, or in seconds where the beats are not trusted."""

import numpy as np
import pytest

from bachata_assets.pose.embeddings import clock_of
from bachata_assets.pose.embeddings.clock import SAMPLES_PER_BEAT
from bachata_assets_tests.support.synthetic_couple import Beats


def beats(times: list[float], trusted: bool = True) -> Beats:
    return Beats(np.array(times, float), trusted)


def test_trusted_beats_are_the_clock_and_the_grid_follows_them() -> None:
    clock = clock_of(beats([1.0, 1.5, 2.1]))
    assert clock.kind == "beats"
    grid = clock.grid(1.0, 2.1)
    assert len(grid) == 2 * SAMPLES_PER_BEAT + 1
    assert grid[SAMPLES_PER_BEAT] == pytest.approx(1.5)
    assert np.diff(grid)[:SAMPLES_PER_BEAT] == pytest.approx(0.5 / SAMPLES_PER_BEAT)


def test_the_clock_runs_on_beyond_the_beats_that_were_heard() -> None:
    grid = clock_of(beats([1.0, 1.5, 2.0])).grid(0.0, 4.0)
    assert grid[0] == pytest.approx(0.0)
    assert grid[-1] == pytest.approx(4.0)
    assert np.diff(grid) == pytest.approx(0.5 / SAMPLES_PER_BEAT)


@pytest.mark.parametrize("heard", [None, beats([0, 0.5, 1], trusted=False), beats([0.5]), beats([])])
def test_without_trusted_beats_the_clock_is_seconds(heard: Beats | None) -> None:
    clock = clock_of(heard)
    assert clock.kind == "seconds"
    assert len(clock.grid(3.0, 4.0)) == 2 * SAMPLES_PER_BEAT + 1
