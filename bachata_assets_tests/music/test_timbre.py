"""The features of timbre have the values that follow from the sound: pure tones, chords, noise, loud and soft."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from bachata_assets.music.beats import Beats
from bachata_assets.music.sound import RATE, Sound
from bachata_assets.music.timbre import FFT, FLOOR_DB, MFCC, Features, timbre_features

BIN = 100
TONE_HZ = BIN * RATE / FFT
"""Frequency of a bin: the Fourier transform of such a tone is known."""
HZ = np.arange(FFT // 2 + 1) * RATE / FFT


def tones(frequencies: Sequence[float], seconds: float = 6.0, gain: float = 0.5) -> Sound:
    time_s = np.arange(round(seconds * RATE)) / RATE
    waves = [np.sin(2 * np.pi * frequency * time_s) for frequency in frequencies]
    return Sound((gain * np.mean(waves, axis=0)).astype(np.float32))


def chord(semitones: Sequence[int], key: int = 0) -> Features:
    """Return the features of tones so many semitones above A4."""
    return features(tones([440 * 2 ** ((key + step) / 12) for step in semitones]))


def noise(seconds: float = 8.0) -> Sound:
    return Sound((0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))).astype(np.float32))


def features(sound: Sound, beats: Beats | None = None) -> Features:
    return timbre_features(sound, beats or Beats())


def spectrum_of_a_tone(bin_of_it: int = BIN) -> np.ndarray:
    """Return the magnitudes of a Hann window's main lobe above the floor, (FFT / 2 + 1,)."""
    lobe = np.zeros(len(HZ))
    lobe[bin_of_it - 1 : bin_of_it + 2] = (0.5, 1.0, 0.5)
    return np.asarray(np.sqrt(lobe**2 + 10 ** (-FLOOR_DB / 10)))


@pytest.fixture(scope="module")
def tone() -> Features:
    return features(tones([TONE_HZ]))


def test_a_tone_has_the_spectral_shape_that_follows_from_its_window_and_the_floor(tone: Features) -> None:
    weights = spectrum_of_a_tone()
    centroid = (weights * HZ).sum() / weights.sum()
    bandwidth = math.sqrt((weights * (HZ - centroid) ** 2).sum() / weights.sum())
    rolloff = HZ[np.searchsorted(weights.cumsum(), 0.85 * weights.sum())]
    flatness = np.exp(np.log(weights**2).mean()) / (weights**2).mean()
    assert tone["spectral.centroid.mean"] == pytest.approx(math.log2(centroid), abs=0.005)
    assert tone["spectral.bandwidth.mean"] == pytest.approx(math.log2(bandwidth), abs=0.005)
    assert tone["spectral.rolloff.mean"] == pytest.approx(math.log2(rolloff), abs=0.005)
    assert tone["spectral.flatness.mean"] == pytest.approx(math.log10(flatness), abs=0.01)


def test_a_tone_that_stays_has_no_flux(tone: Features) -> None:
    assert tone["spectral.flux.mean"] == pytest.approx(-3, abs=0.01)  # log10 of 0 + 0.001


def test_a_tone_stands_out_of_its_own_octave_alone(tone: Features) -> None:
    contrasts = [tone[f"spectral.contrast.octave_{octave}.mean"] for octave in range(7)]
    # 1,077 Hz lies in 800-1,600 Hz. The two highest bins there are 1 and 0.5, the lowest are the floor, 0.01.
    expected = 10 * math.log10(0.75 / 0.01)
    assert contrasts == pytest.approx([0, 0, 0, expected, 0, 0, 0], abs=0.05)


@pytest.mark.parametrize("bin_of_it", [14, BIN, 743], ids=["151 Hz", "1,077 Hz", "7,999 Hz"])
def test_the_cepstrum_of_a_tone_is_that_of_its_spectrum(bin_of_it: int) -> None:
    from librosa.filters import mel
    from scipy.fft import dct

    decibels = 10 * np.log10(mel(sr=RATE, n_fft=FFT) @ spectrum_of_a_tone(bin_of_it) ** 2)
    expected = dct(decibels, norm="ortho")[1 : MFCC + 1]
    tone = features(tones([bin_of_it * RATE / FFT], 20.0))
    found = np.array([tone[f"mfcc.{k}.mean"] for k in range(1, MFCC + 1)])
    assert found == pytest.approx(expected, abs=0.15)  # the first and the last frames hold the tone's edges


def test_white_noise_is_as_flat_and_as_wide_as_theory_has_it() -> None:
    found = features(noise())
    half = RATE / 2
    assert found["spectral.centroid.mean"] == pytest.approx(math.log2(half / 2), abs=0.01)
    assert found["spectral.bandwidth.mean"] == pytest.approx(math.log2(half / math.sqrt(12)), abs=0.01)
    assert found["spectral.rolloff.mean"] == pytest.approx(math.log2(0.85 * half), abs=0.01)
    # The power of noise is distributed exponentially: its geometric mean is its mean x exp(-Euler's constant).
    assert found["spectral.flatness.mean"] == pytest.approx(-0.5772 * math.log10(math.e), abs=0.01)
    assert found["chroma.entropy"] == pytest.approx(math.log2(12), abs=0.01)


@pytest.mark.parametrize(
    ("semitones", "left"),
    [
        ([0, 6], {2, 4, 6}),
        ([0, 4, 8], {3, 6}),
        ([0, 3, 6, 9], {4}),
        ([0, 2, 4, 6, 8, 10], {6}),
        (range(12), set()),
    ],
    ids=["tritone", "augmented triad", "diminished seventh", "whole tones", "all twelve"],
)
def test_a_chord_that_divides_the_octave_evenly_keeps_only_its_multiples_of_the_circle(
    semitones: Sequence[int], left: set[int]
) -> None:
    found = chord(semitones)
    circle = {k: found[f"chroma.circle.{k}"] for k in range(1, 7)}
    assert {k for k, value in circle.items() if value > 0.3} == left
    assert max((value for k, value in circle.items() if k not in left), default=0) < 0.06


def test_the_same_chord_in_another_key_has_the_same_harmony() -> None:
    names = [*(f"chroma.circle.{k}" for k in range(1, 7)), "chroma.entropy"]
    here, there = chord([0, 4, 7]), chord([0, 4, 7], key=2)
    assert [here[name] for name in names] == pytest.approx([there[name] for name in names], abs=0.03)


def test_more_pitch_classes_have_more_entropy_one_bit_for_twice_as_many() -> None:
    two, four = chord([0, 6])["chroma.entropy"], chord([0, 3, 6, 9])["chroma.entropy"]
    assert four - two == pytest.approx(1, abs=0.15)
    assert chord([0])["chroma.entropy"] < two


def changing(period_s: float, seconds: float = 12.0) -> Sound:
    """Return A4 and D#5 in turns, each `period_s` long."""
    time_s = np.arange(round(seconds * RATE)) / RATE
    steps = 6 * (np.floor(time_s / period_s) % 2)
    phase = 2 * np.pi * np.cumsum(440 * 2 ** (steps / 12)) / RATE
    return Sound((0.5 * np.sin(phase)).astype(np.float32))


def test_twice_as_many_changes_of_harmony_are_twice_the_change() -> None:
    slow, fast = features(changing(1.0))["chroma.change"], features(changing(0.5))["chroma.change"]
    assert fast / slow == pytest.approx(23 / 11, rel=0.05)  # of 24 and of 12 notes
    assert features(tones([440.0]))["chroma.change"] < 0.05 * slow


def test_harmony_that_changes_every_two_beats_is_alike_after_four_and_opposite_after_two() -> None:
    beats = Beats(np.arange(0, 12.0, 0.5), tempo=120.0, confidence=1.0)
    found = features(changing(1.0), beats)
    after = {lag: found[f"chroma.alike_after_{lag}_beats"] for lag in (1, 2, 4, 8)}
    assert after[4] == pytest.approx(1, abs=0.01)
    assert after[8] == pytest.approx(1, abs=0.01)
    # A tritone is half of the circle: it turns the sign of every odd component of a tone's chroma.
    power = {k: chord([0])[f"chroma.circle.{k}"] ** 2 * (1 if k == 6 else 2) for k in range(1, 7)}
    assert after[2] == pytest.approx(sum((-1) ** k * power[k] for k in power) / sum(power.values()), abs=0.06)
    assert after[1] == pytest.approx((1 + after[2]) / 2, abs=0.05)


def test_too_few_beats_leave_the_chord_lags_unknown() -> None:
    found = features(changing(1.0), Beats(np.arange(0, 2.5, 0.5), tempo=120.0, confidence=1.0))
    assert {lag: math.isnan(found[f"chroma.alike_after_{lag}_beats"]) for lag in (1, 2, 4, 8)} == {
        1: False,
        2: False,
        4: True,
        8: True,
    }


def loud_then_soft(loud_share: float, drop_db: float, seconds: float = 20.0) -> Features:
    sound = tones([1000.0], seconds)
    gain = np.where(np.arange(len(sound.samples)) < loud_share * len(sound.samples), 1.0, 10 ** (-drop_db / 20))
    return features(Sound((sound.samples * gain).astype(np.float32)))


def test_loud_and_soft_halves_are_spread_by_half_their_distance() -> None:
    assert loud_then_soft(0.5, 20.0)["dynamics.deviation"] == pytest.approx(10, abs=0.2)


def test_the_range_reaches_down_where_most_is_loud_and_up_where_most_is_soft() -> None:
    mostly_loud, mostly_soft = loud_then_soft(0.7, 20.0), loud_then_soft(0.3, 20.0)
    assert (mostly_loud["dynamics.range_up"], mostly_loud["dynamics.range_down"]) == pytest.approx((0, 20), abs=0.1)
    assert (mostly_soft["dynamics.range_up"], mostly_soft["dynamics.range_down"]) == pytest.approx((20, 0), abs=0.1)


def test_the_crest_of_a_tone_is_3_db_and_that_of_a_square_wave_nothing() -> None:
    tone = tones([TONE_HZ], 20.0)
    square = Sound(np.sign(tone.samples + 1e-6).astype(np.float32) * np.float32(0.4))
    assert features(tone)["dynamics.crest"] == pytest.approx(10 * math.log10(2), abs=0.02)
    assert features(square)["dynamics.crest"] == pytest.approx(0, abs=0.02)


def test_the_gain_of_the_recording_changes_nothing() -> None:
    sound = noise(4.0)
    loud, soft = features(sound), features(Sound(sound.samples * np.float32(0.01)))
    known = [name for name, value in loud.items() if not math.isnan(value)]
    assert [soft[name] for name in known] == pytest.approx([loud[name] for name in known], abs=1e-3)
