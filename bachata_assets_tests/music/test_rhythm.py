"""The features of rhythm have the values that follow from clicks whose times and loudness are known."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from bachata_assets.music.beats import Beats
from bachata_assets.music.rhythm import BAR_CYCLES, LAGS, POSITIONS, REGISTERS, rhythm_features
from bachata_assets.music.sound import RATE, Sound
from bachata_assets.music.timbre import Features

SECONDS = 16.0
EVEN = 0.5 + 0.5 * np.arange(29)
"""Beats of 120 a minute."""
HALVES = EVEN + 0.25


def clicks(
    times: np.ndarray, gains: Sequence[float] | np.ndarray = (1.0,), hz: float | None = None, decay_s: float = 0.003
) -> Sound:
    """Return clicks of noise, or of a tone; the gains are repeated until every click has one."""
    time_s = np.arange(round(8 * decay_s * RATE)) / RATE
    wave = np.random.default_rng(0).standard_normal(len(time_s)) if hz is None else np.sin(2 * np.pi * hz * time_s)
    wave = wave * np.exp(-time_s / decay_s)
    samples = np.zeros(round(SECONDS * RATE) + len(wave))
    for start, gain in zip((times * RATE).round().astype(int), np.resize(gains, len(times)), strict=True):
        samples[start : start + len(wave)] += 0.3 * gain * wave
    return Sound(samples[: round(SECONDS * RATE)].astype(np.float32))


def features(sound: Sound, times: np.ndarray = EVEN, tempo: float = 120.0) -> Features:
    return rhythm_features(sound, Beats(times, tempo=tempo, confidence=0.83, duration=SECONDS))


def bar(gains: Sequence[float]) -> Features:
    """Return the features of clicks on the beats whose gains repeat."""
    return features(clicks(EVEN, gains))


@pytest.fixture(scope="module")
def even() -> Features:
    return features(clicks(EVEN))


@pytest.mark.parametrize(("tempo", "octaves"), [(60, -1), (120, 0), (120 * 2**0.5, 0.5), (240, 1)])
def test_the_tempo_is_in_octaves_from_120_and_its_confidence_is_that_of_the_beats(tempo: float, octaves: float) -> None:
    times = 0.5 + 60 / tempo * np.arange(12)
    found = features(clicks(times), times, tempo)
    assert found["tempo.octaves"] == pytest.approx(octaves)
    assert found["tempo.confidence"] == 0.83


def test_clicks_on_the_beats_correlate_with_themselves_after_whole_beats_only(even: Features) -> None:
    found = {lag: even[f"tempo.autocorrelation_at_{lag:g}_beats"] for lag in LAGS}
    assert all(value > 0.88 for lag, value in found.items() if lag == int(lag))
    # Elsewhere a click meets silence: the correlation is that of two means, -m^2 / (s^2 + m^2), a little below 0.
    assert all(-0.25 < value < -0.1 for lag, value in found.items() if lag != int(lag))


def test_clicks_on_one_beat_of_four_correlate_after_four_and_eight_beats_only() -> None:
    found = bar([0, 0, 0, 1])
    after = [lag for lag in LAGS if found[f"tempo.autocorrelation_at_{lag:g}_beats"] > 0.5]
    assert after == [4, 8]


def test_even_beats_have_no_unevenness_and_others_the_spread_of_their_intervals(even: Features) -> None:
    uneven = 0.5 + np.cumsum([0, *np.tile([0.4, 0.6], 14)])
    spread = math.log(0.6 / 0.4) / 2
    assert even["beat.unevenness"] == pytest.approx(math.log10(1e-3), abs=1e-6)
    assert features(clicks(uneven), uneven)["beat.unevenness"] == pytest.approx(math.log10(spread + 1e-3), abs=1e-6)


def test_beats_are_strong_where_the_clicks_are_and_weak_beside_them(even: Features) -> None:
    # A click is a bell of deviation 2 in onset strength (5 values wide), and 1,378 values hold 29 of them.
    assert even["beat.strength"] == pytest.approx(1378 / 29 / (2 * math.sqrt(2 * math.pi)), rel=0.15)
    assert features(clicks(HALVES))["beat.strength"] < 0.01
    both = features(clicks(np.sort(np.concatenate([EVEN, HALVES]))))
    assert even["beat.strength"] / both["beat.strength"] == pytest.approx(2, rel=0.02)


def test_beats_of_half_the_loudness_spread_by_a_third_of_the_mean(even: Features) -> None:
    # Loudness is power to a quarter: a quarter of the amplitude is half as loud.
    found = bar([1.0, 0.25])
    assert even["beat.strength_deviation"] / even["beat.strength"] < 0.05
    assert found["beat.strength_deviation"] / found["beat.strength"] == pytest.approx(1 / 3, abs=0.03)


def test_twice_as_many_clicks_are_twice_as_many_onsets_a_second_and_a_beat(even: Features) -> None:
    both = features(clicks(np.sort(np.concatenate([EVEN, HALVES]))))
    assert both["beat.onsets_per_second"] / even["beat.onsets_per_second"] == pytest.approx(2, rel=0.05)
    assert both["beat.onsets_per_beat"] / even["beat.onsets_per_beat"] == pytest.approx(2, rel=0.05)
    assert even["beat.onsets_per_beat"] == pytest.approx(even["beat.onsets_per_second"] * 0.5)
    # A click is counted once or twice: librosa's peak picking looks no value ahead.
    assert 29 / SECONDS <= even["beat.onsets_per_second"] <= 2 * 29 / SECONDS


def accents(found: Features, register: str) -> list[float]:
    return [found[f"rhythm.accent.{register}.at_{position}_of_{POSITIONS}"] for position in range(POSITIONS)]


@pytest.mark.parametrize("position", [0, 2, 4, 7])
def test_the_accent_is_at_the_place_of_the_clicks_within_the_beat(position: int) -> None:
    found = features(clicks(EVEN + 0.5 * position / POSITIONS))
    for register in REGISTERS:
        profile = accents(found, register)
        assert sum(profile) == pytest.approx(POSITIONS)  # the mean is 1
        assert profile[position] > 7
        assert profile[(position + 4) % POSITIONS] < 0.01


def test_low_strokes_on_the_beat_and_high_ones_between_are_told_apart() -> None:
    low, high = clicks(EVEN, hz=100.0, decay_s=0.05), clicks(HALVES, [0.3], hz=6000.0)
    found = features(Sound(low.samples + high.samples))
    assert accents(found, "low")[0] > 4 * accents(found, "low")[4]
    assert accents(found, "high")[4] > 4 * accents(found, "high")[0]


@pytest.mark.parametrize(
    ("gains", "cycles"),
    [([1, 1, 1, 1], set()), ([1, 0, 1, 0], {2, 6}), ([0, 1, 0, 0], {1, 2, 3, 5, 6, 7}), ([1, 0, 0, 1], {1, 3, 5, 7})],
    ids=["every beat", "every second", "one of four", "two neighbours"],
)
def test_the_cycles_of_the_bar_are_those_of_its_pattern(gains: list[float], cycles: set[int]) -> None:
    found = bar(gains)
    # Clicks as short as these have a flat spectrum: |sum of gains x exp(-i pi cycles beat / 2)| / sum of gains.
    for cycle in BAR_CYCLES:
        turns = np.exp(-0.5j * np.pi * cycle * np.arange(4))
        expected = abs((np.array(gains) * turns).sum()) / sum(gains)
        assert (expected > 0.1) == (cycle in cycles)
        for register in REGISTERS:
            assert found[f"rhythm.bar.{register}.{cycle}_cycles"] == pytest.approx(expected, abs=0.09)


@pytest.mark.parametrize(
    ("gains", "ratio"), [([1, 1, 1, 1], 1), ([1, 0, 1, 0], 2), ([0, 0, 0, 1], 4), ([1, 1, 1, 4], 2 / 1.25)]
)
def test_one_beat_stands_out_by_its_share_of_the_bar(gains: list[float], ratio: float) -> None:
    # An amplitude of 4 is twice as loud.
    found = bar(gains)
    for register in ("low", "middle"):
        assert found[f"rhythm.one_beat_stands_out.{register}"] == pytest.approx(ratio, rel=0.1)


@pytest.mark.parametrize(
    ("gains", "evidence"),
    [([1, 0, 0, 0], 1), ([1, 0, 0, 0, 0, 0, 1, 0], -1 / 3), ([1, 0, 0, 1, 0, 0, 0, 0], 1 / 3)],
    ids=["every bar the same", "every other bar the other half", "every other bar empty"],
)
def test_bars_are_evident_as_far_as_their_halves_differ_in_the_same_way(gains: list[float], evidence: float) -> None:
    # The mean of the correlation at one, two and three bars: 1, 1, 1; then -1, 1, -1; then 0, 1, 0.
    assert bar(gains)["rhythm.bar_evidence"] == pytest.approx(evidence, abs=0.05)


def test_bars_are_not_evident_where_every_beat_is_the_same(even: Features) -> None:
    assert abs(even["rhythm.bar_evidence"]) < 0.1


def test_clicks_between_the_beats_are_syncopated_by_their_accent_and_those_on_them_are_not(even: Features) -> None:
    between = features(clicks(HALVES))
    accent = np.mean([accents(between, register)[4] for register in REGISTERS])
    assert between["rhythm.syncopation"] == pytest.approx(float(accent), rel=0.01)
    assert even["rhythm.syncopation"] == 0


def test_without_beats_only_the_onsets_are_known() -> None:
    found = rhythm_features(clicks(EVEN), Beats(reason="none"))
    known = {name for name, value in found.items() if not math.isnan(value)}
    assert known == {"tempo.confidence", "beat.onsets_per_second"}
    assert found["tempo.confidence"] == 0
