"""Onset strength in frequency bands, and how well it repeats: what tempo and rhythm are read from.

Choosing the tempo and the beats lives in `beats.py`.
"""

import numpy as np

from bachata_assets.music.compiled import load_librosa
from bachata_assets.music.sound import Sound

HOP = 256
"""Samples between two values: 11.6 ms."""
WINDOW = 1024
MELS = 64
LOUDNESS = 0.25
"""Exponent from power to loudness (Stevens' law gives about 0.3)."""
BANDS = 8
"""Bands of equal width in mel; the lowest holds the bass, the highest the güira."""


def onset_bands(sound: Sound) -> np.ndarray:
    """Return onset strength (BANDS, T): the rise of loudness in mel bands, smoothed over about 25 ms, deviation 1.

    Loudness is power to a quarter: decibels would make as much of the noise between the strokes as of the strokes.
    The smoothing makes repetitions comparable that do not fall on whole values.
    """
    librosa = load_librosa()
    from scipy.ndimage import gaussian_filter1d

    power = librosa.feature.melspectrogram(y=sound.samples, sr=sound.rate, n_fft=WINDOW, hop_length=HOP, n_mels=MELS)
    loudness = power**LOUDNESS
    rise = np.maximum(np.diff(loudness, axis=1, prepend=loudness[:, :1]), 0)
    bands = np.stack([band.mean(axis=0) for band in np.array_split(rise, BANDS)])
    smoothed = gaussian_filter1d(bands, 2.0, axis=1)
    normal: np.ndarray = smoothed / np.maximum(smoothed.std(axis=1, keepdims=True), 1e-6)
    return normal


def frame_rate(sound: Sound) -> float:
    """Return values of `onset_bands` a second."""
    return sound.rate / HOP


def repetition(bands: np.ndarray, longest: int) -> np.ndarray:
    """Return the correlation (longest + 1,) of the bands with themselves at each lag in values, -1..1."""
    from scipy.signal import correlate

    centred = bands - bands.mean(axis=1, keepdims=True)
    length = centred.shape[1]
    products = sum(correlate(band, band, method="fft")[length - 1 :] for band in centred)
    energy = np.concatenate([[0.0], np.cumsum((centred**2).sum(axis=0))])
    lags = np.arange(min(longest, length - 1) + 1)
    both = np.sqrt(energy[length - lags] * (energy[length] - energy[lags]))
    return np.asarray(np.asarray(products)[lags] / np.maximum(both, 1e-9))


def later(bands: np.ndarray, lag: float) -> np.ndarray:
    """Return the bands `lag` values later (linear between values), as far as they go."""
    whole = int(lag)
    part = lag - whole
    length = bands.shape[1] - whole - 1
    if length <= 0:
        return bands[:, :0]
    moved: np.ndarray = (1 - part) * bands[:, whole : whole + length] + part * bands[:, whole + 1 : whole + 1 + length]
    return moved
