"""Onset strength in frequency bands and its autocorrelation, from which `tempo.py` and `rhythm.py` compute."""

import numpy as np

from bachata_assets.music.compiled import load_librosa
from bachata_assets.music.sound import Sound

HOP = 256
"""Samples from one value to the next: 11.6 ms."""
WINDOW = 1024
"""Length of the Fourier transform's window, samples."""
MELS = 64
"""Number of mel filters that the bands combine."""
LOUDNESS = 0.25
"""Exponent from power to loudness (Stevens' law gives about 0.3)."""
BANDS = 8
"""Number of bands, of equal width in mel; the lowest has the bass, the highest the güira."""


def onset_bands(sound: Sound) -> np.ndarray:
    """Return onset strength: the rise of loudness in mel bands, smoothed over about 25 ms.

    Loudness is power to the power of a quarter: decibels would weigh the noise between strokes as much as the strokes.
    The smoothing makes strokes comparable that are a fraction of a value off a multiple of the beat.

    Returns
    -------
    np.ndarray
        float32 (BANDS, T), 0 or more, `frame_rate` values per second, with standard deviation 1 in each band.
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
    """Return the number of values of `onset_bands` per second."""
    return sound.rate / HOP


def autocorrelation(bands: np.ndarray, longest: int) -> np.ndarray:
    """Return the normalised autocorrelation of all bands together.

    Parameters
    ----------
    bands : np.ndarray
        float (K, T), onset strength from `onset_bands`.
    longest : int
        Maximum lag, values of `bands`.

    Returns
    -------
    np.ndarray
        float64 (min(longest, T - 1) + 1,), -1..1, for the lags 0, 1, ... : the products of the overlapping values,
        divided by the square root of the energies of both.
    """
    from scipy.signal import correlate

    centred = bands - bands.mean(axis=1, keepdims=True)
    length = centred.shape[1]
    products = sum(correlate(band, band, method="fft")[length - 1 :] for band in centred)
    energy = np.concatenate([[0.0], np.cumsum((centred**2).sum(axis=0))])
    lags = np.arange(min(longest, length - 1) + 1)
    both = np.sqrt(energy[length - lags] * (energy[length] - energy[lags]))
    return np.asarray(np.asarray(products)[lags] / np.maximum(both, 1e-9))


def later(bands: np.ndarray, lag: float) -> np.ndarray:
    """Return the bands `lag` values later, without the values beyond their end.

    Parameters
    ----------
    bands : np.ndarray
        float (K, T).
    lag : float
        Lag, values of `bands`, with linear interpolation between values.

    Returns
    -------
    np.ndarray
        float (K, T - int(lag) - 1), or (K, 0) if nothing is left.
    """
    whole = int(lag)
    part = lag - whole
    length = bands.shape[1] - whole - 1
    if length <= 0:
        return bands[:, :0]
    moved: np.ndarray = (1 - part) * bands[:, whole : whole + length] + part * bands[:, whole + 1 : whole + 1 + length]
    return moved
