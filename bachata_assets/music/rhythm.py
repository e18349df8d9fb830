"""Rhythm features: tempo, beat, accents, syncopation.

`beats.py` finds the beats; `timbre.py` has the other features of the audio embedding.
"""

import numpy as np

from bachata_assets.music.beats import Beats
from bachata_assets.music.compiled import load_librosa
from bachata_assets.music.onsets import HOP, autocorrelation, frame_rate, onset_bands
from bachata_assets.music.sound import Sound
from bachata_assets.music.tempo import bar_evidence
from bachata_assets.music.timbre import Features

POSITIONS = 8
"""Number of points within a beat at which accents are measured."""
REGISTERS = {"low": slice(0, 2), "middle": slice(2, 5), "high": slice(5, 8)}
"""Groups of onset bands: bass and low bongo; guitar, voice, high bongo; güira."""
LAGS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 8.0)
"""Lags of the autocorrelation, beats."""
BAR_CYCLES = (1, 2, 3, 5, 6, 7)
"""Numbers of cycles in a four-beat bar; 4 is the beat itself."""


def rhythm_features(sound: Sound, beats: Beats) -> Features:
    """Return tempo, beat, accent profile, bar spectrum and syncopation.

    Parameters
    ----------
    sound : Sound
        The clip's sound.
    beats : Beats
        Result of `find_beats` for the same sound.

    Returns
    -------
    dict of float
        Feature name -> value; features that need beats are NaN without beats. `tempo.octaves` is in octaves from 120
        beats per minute. `beat.unevenness` is the log10 of the standard deviation of the logarithms of the intervals.
        Accents and strengths are relative to the mean onset strength.
    """
    bands = onset_bands(sound)
    rate = frame_rate(sound)
    beat_period = 60 * rate / beats.tempo if beats.tempo else float("nan")
    grid = _on_grid(bands, beats, rate)
    return {
        **_tempo(bands, beats, beat_period),
        **_beat(bands, beats, rate),
        **_profile(grid),
        **_bar(grid),
        "rhythm.bar_evidence": bar_evidence(bands, beat_period) if beats.tempo else float("nan"),
        "rhythm.syncopation": _syncopation(grid),
    }


def _on_grid(bands: np.ndarray, beats: Beats, rate: float) -> np.ndarray:
    """Return onset strength (registers, beats, POSITIONS), only whole four-beat bars, with mean 1 in each register."""
    intervals = (len(beats.times) - 1) // 4 * 4
    if intervals <= 0:
        return np.full((len(REGISTERS), 4, POSITIONS), np.nan)
    starts, lengths = beats.times[:intervals, None], np.diff(beats.times)[:intervals, None]
    places = (starts + lengths * np.arange(POSITIONS) / POSITIONS) * rate
    frames = np.arange(bands.shape[1])
    rows = [np.interp(places, frames, bands[group].mean(axis=0)) for group in REGISTERS.values()]
    grid = np.stack(rows)
    return np.asarray(grid / np.maximum(grid.mean(axis=(1, 2), keepdims=True), 1e-9))


def _tempo(bands: np.ndarray, beats: Beats, period: float) -> Features:
    features = {
        "tempo.octaves": float(np.log2(beats.tempo / 120)) if beats.tempo else float("nan"),
        "tempo.confidence": beats.confidence,
    }
    correlation = autocorrelation(bands, bands.shape[1] - 1)
    for lag in LAGS:
        inside = beats.tempo is not None and lag * period < 0.8 * len(correlation)
        value = np.interp(lag * period, np.arange(len(correlation)), correlation) if inside else np.nan
        features[f"tempo.autocorrelation_at_{lag:g}_beats"] = float(value)
    return features


def _beat(bands: np.ndarray, beats: Beats, rate: float) -> Features:
    """Return how even and how strong the beats are, and how dense the onsets are."""
    librosa = load_librosa()

    strength = bands.mean(axis=0)
    onsets = librosa.onset.onset_detect(onset_envelope=strength, sr=rate * HOP, hop_length=HOP)
    features = {"beat.onsets_per_second": len(onsets) * rate / len(strength)}
    if len(beats.times) < 3:
        names = ("unevenness", "strength", "strength_deviation", "onsets_per_beat")
        return features | {f"beat.{name}": float("nan") for name in names}
    at_beats = np.interp(beats.times * rate, np.arange(len(strength)), strength) / max(float(strength.mean()), 1e-9)
    intervals = np.log(np.diff(beats.times))
    return features | {
        "beat.unevenness": float(np.log10(intervals.std() + 1e-3)),
        "beat.strength": float(at_beats.mean()),
        "beat.strength_deviation": float(at_beats.std()),
        "beat.onsets_per_beat": float(len(onsets) * np.exp(intervals.mean()) * rate / len(strength)),
    }


def _profile(grid: np.ndarray) -> Features:
    """Return the mean accent at each point within a beat, for each register."""
    mean = grid.mean(axis=1)
    return {
        f"rhythm.accent.{name}.at_{position}_of_{POSITIONS}": float(mean[row, position])
        for row, name in enumerate(REGISTERS)
        for position in range(POSITIONS)
    }


def _bar(grid: np.ndarray) -> Features:
    """Return the accents of the four-beat bar: its cycles (wherever count 1 is), and how much one beat stands out.

    In bachata, the fourth beat stands out (low bongo, hip).
    """
    line = grid.reshape(len(REGISTERS), -1)
    phase = 2j * np.pi * np.arange(line.shape[1]) / (4 * POSITIONS)
    features = {
        f"rhythm.bar.{name}.{cycles}_cycles": float(np.abs((line[row] * np.exp(-cycles * phase)).mean()))
        for row, name in enumerate(REGISTERS)
        for cycles in BAR_CYCLES
    }
    beats = grid.max(axis=2).reshape(len(REGISTERS), -1, 4).mean(axis=1)
    for row, name in enumerate(("low", "middle")):
        features[f"rhythm.one_beat_stands_out.{name}"] = float(beats[row].max() / max(beats[row].mean(), 1e-9))
    return features


def _syncopation(grid: np.ndarray) -> float:
    """Return how often an off-beat is stronger than the beat after it (after Longuet-Higgins and Lee 1984)."""
    half, following = grid[:, :-1, POSITIONS // 2], grid[:, 1:, 0]
    return float(np.maximum(half - following, 0).mean())
