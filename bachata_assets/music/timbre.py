"""Timbre features: MFCC, chroma, spectral shape and dynamics, by librosa.

`rhythm.py` has the features of the rhythm.
"""

from itertools import pairwise

import numpy as np

from bachata_assets.music.beats import Beats
from bachata_assets.music.compiled import load_librosa
from bachata_assets.music.sound import Sound

FFT = 2048
"""Length of the Fourier transform's window, samples."""
HOP = 512
"""Samples from one frame to the next: 23 ms."""
FLOOR_DB = 40.0
"""Level below the loudest under which differences are levelled out, dB: there, noise and codecs differ, not music."""
BLOCK = 4000
"""Number of frames (about 90 s) to process at a time."""
MFCC = 13
"""Number of mel-frequency cepstral coefficients, without the first."""
CHORD_LAGS = (1, 2, 4, 8)
"""Lags at which the harmony is compared with itself, beats; chords change every 2, 4 or 8 beats."""

Features = dict[str, float]
"""Feature name -> value; NaN where the sound does not determine it."""


def timbre_features(sound: Sound, beats: Beats) -> Features:
    """Return MFCC, chroma, spectral and dynamic features.

    Parameters
    ----------
    sound : Sound
        The clip's sound; its gain changes no feature.
    beats : Beats
        Result of `find_beats` for the same sound; only `chroma.alike_after_...` use it.

    Returns
    -------
    dict of float
        Feature name -> value, NaN with too few beats. `spectral.centroid`, `bandwidth` and `rolloff` are log2 of Hz,
        `flatness` and `flux` log10, `contrast` and `dynamics` in dB, and `chroma.entropy` in bits.
    """
    librosa = load_librosa()

    spectrum = np.abs(librosa.stft(sound.samples, n_fft=FFT, hop_length=HOP))
    spectrum /= max(float(spectrum.max()), 1e-9)
    heard = spectrum.max(axis=0) > 1e-3
    magnitude = np.sqrt(spectrum**2 + 10 ** (-FLOOR_DB / 10))
    return {
        **_mfcc(magnitude[:, heard], sound.rate),
        **_chroma(magnitude, beats, sound.rate),
        **_spectral(magnitude[:, heard], sound.rate),
        **_dynamics(sound),
    }


def _mfcc(magnitude: np.ndarray, rate: int) -> Features:
    """Return means and deviations of coefficients 1-13, without 0, which is loudness."""
    librosa = load_librosa()

    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=rate)
    values = librosa.feature.mfcc(S=librosa.power_to_db(mel, ref=np.max), n_mfcc=MFCC + 1)[1:]
    return _mean_and_deviation("mfcc", [str(k) for k in range(1, MFCC + 1)], values)


def _chroma(magnitude: np.ndarray, beats: Beats, rate: int) -> Features:
    """Return features of the harmony that do not depend on the key.

    A transposition rotates the 12 pitch classes, which leaves the magnitudes of their discrete Fourier transform
    unchanged (Harte et al. 2006 use the same circle). The similarity of one beat's chroma with a later one's shows how
    often chords change.
    """
    librosa = load_librosa()

    chroma = librosa.feature.chroma_stft(S=magnitude**2, sr=rate, hop_length=HOP, tuning=0.0)
    mean = chroma.mean(axis=1) / max(float(chroma.mean(axis=1).sum()), 1e-9)
    circle = np.abs(np.fft.rfft(mean))[1:]
    features = {f"chroma.circle.{k}": float(value) for k, value in enumerate(circle, start=1)}
    features["chroma.entropy"] = float(-(mean * np.log2(mean + 1e-9)).sum())
    features["chroma.change"] = float(np.abs(np.diff(chroma, axis=1)).mean())
    edges = np.unique(np.clip(np.round(beats.times * rate / HOP).astype(int), 0, chroma.shape[1] - 1))
    for lag in CHORD_LAGS:
        features[f"chroma.alike_after_{lag}_beats"] = _alike(chroma, edges, lag)
    return features


def _alike(chroma: np.ndarray, edges: np.ndarray, lag: int) -> float:
    """Return the mean correlation of a beat's chroma with that `lag` beats later; NaN if the clip is too short."""
    if len(edges) < lag + 3:
        return float("nan")
    beat = np.stack([chroma[:, a:b].mean(axis=1) for a, b in pairwise(edges)])
    beat -= beat.mean(axis=1, keepdims=True)
    beat /= np.maximum(np.linalg.norm(beat, axis=1, keepdims=True), 1e-9)
    return float((beat[:-lag] * beat[lag:]).sum(axis=1).mean())


def _spectral(magnitude: np.ndarray, rate: int) -> Features:
    """Return means and deviations of the spectrum's shape, in blocks because librosa copies it many times."""
    count = magnitude.shape[1] // BLOCK + 1
    rows = np.concatenate([_shape(block, rate) for block in np.array_split(magnitude, count, axis=1)], axis=1)
    names = ["centroid", "bandwidth", "rolloff", "flatness", "flux"]
    octaves = [f"octave_{k}" for k in range(len(rows) - len(names))]
    return _mean_and_deviation("spectral", names, rows[: len(names)]) | _mean_and_deviation(
        "spectral.contrast", octaves, rows[len(names) :]
    )


def _shape(magnitude: np.ndarray, rate: int) -> np.ndarray:
    """Return rows of T values: centroid, bandwidth, rolloff, flatness, flux, and the contrast of each octave."""
    librosa = load_librosa()

    return np.concatenate(
        [
            np.log2(librosa.feature.spectral_centroid(S=magnitude, sr=rate) + 1),
            np.log2(librosa.feature.spectral_bandwidth(S=magnitude, sr=rate) + 1),
            np.log2(librosa.feature.spectral_rolloff(S=magnitude, sr=rate) + 1),
            np.log10(librosa.feature.spectral_flatness(S=magnitude) + 1e-6),
            np.log10(librosa.onset.onset_strength_multi(S=np.log1p(100 * magnitude), sr=rate) + 1e-3),
            librosa.feature.spectral_contrast(S=magnitude, sr=rate),
        ]
    )


def _dynamics(sound: Sound) -> Features:
    """Return the variation of loudness, without its absolute level, which is the recording's gain."""
    librosa = load_librosa()

    power = librosa.feature.rms(y=sound.samples, frame_length=FFT, hop_length=HOP)[0]
    level = librosa.amplitude_to_db(power, ref=np.max, top_db=60)
    low, middle, high = np.percentile(level, [10, 50, 90])
    return {
        "dynamics.deviation": float(level.std()),
        "dynamics.range_up": float(high - middle),
        "dynamics.range_down": float(middle - low),
        "dynamics.crest": float(20 * np.log10(np.abs(sound.samples).max() / max(float(power.mean()), 1e-9))),
    }


def _mean_and_deviation(block: str, names: list[str], values: np.ndarray) -> Features:
    means, deviations = values.mean(axis=1), values.std(axis=1)
    return {f"{block}.{name}.mean": float(v) for name, v in zip(names, means, strict=True)} | {
        f"{block}.{name}.deviation": float(v) for name, v in zip(names, deviations, strict=True)
    }
