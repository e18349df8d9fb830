"""Tone mapping from HDR (HLG or PQ with BT.2020 colours, as phones film) to the SDR that the models know.

FFmpeg's conversion to RGB treats HDR code values as SDR, which makes pictures pale and grey. This module computes the
light and maps it to the range of an SDR screen: transfer functions of ITU-R BT.2100-2, reference white at 203 cd/m2
(BT.2408-7), highlights compressed as in BT.2390-11, 5.4.1, colours of BT.709 (BT.2087-0), and a gamma of 2.4 (BT.1886).
Light below half of reference white stays unchanged.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import av
    from av.video.reformatter import VideoReformatter

PQ, HLG = 16, 18
"""Numbers of the transfer functions (ITU-T H.273, table 3)."""
_BT709_PRIMARIES = 1
"""Number of the primaries of SDR (ITU-T H.273, table 2); a PQ or HLG stream with others counts as BT.2020."""

WHITE = 203.0
"""Luminance of reference white, cd/m2."""
PEAK = 1000.0
"""Luminance of the brightest highlights, cd/m2: the peak of HLG's reference screen and of phones' PQ."""
_STEPS = 1 << 16
_LEVELS = 4096
"""Number of levels in the table of highlight compression; the result has 8 bits."""

_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)
"""From linear BT.2020 to linear BT.709, RGB (ITU-R BT.2087-0, the inverse of equation 1)."""


def to_sdr(picture: np.ndarray, transfer: int, *, wide: bool = True) -> np.ndarray:
    """Return a picture as an SDR screen shows it.

    Parameters
    ----------
    picture : np.ndarray
        uint16 (H, W, 3), BGR, full-range code values.
    transfer : int
        `PQ` or `HLG`.
    wide : bool
        Whether its colours are BT.2020 instead of BT.709.

    Returns
    -------
    np.ndarray
        uint8 (H, W, 3), BGR.
    """
    import cv2

    light = _lights(transfer)[picture]  # 1 is reference white
    if transfer == HLG:
        # Scene light becomes screen light by a factor of its luminance to the power of 1.2 - 1.
        weights = np.array([[0.0593, 0.6780, 0.2627]], np.float32)
        scene = cv2.transform(light, weights)
        light *= (PEAK / WHITE * np.power(scene, np.float32(0.2))).reshape(*scene.shape[:2], 1)
    if wide:
        light = np.maximum(cv2.transform(light, np.ascontiguousarray(_TO_BT709[::-1, ::-1])), 0)
    brightest = light.max(axis=2)
    level = np.minimum(np.sqrt(brightest * (WHITE / PEAK)), 1) * (_LEVELS - 1)
    light *= _gains()[level.astype(np.intp)][..., None]
    return (np.power(np.minimum(light, 1), np.float32(1 / 2.4)) * 255 + 0.5).astype(np.uint8)


def picture_of(
    reformatter: "VideoReformatter", frame: "av.VideoFrame", width: int, height: int, interpolation: str = "AREA"
) -> np.ndarray:
    """Return a decoded frame as a picture of this size as an SDR screen shows it, uint8 (height, width, 3), BGR."""
    if frame.color_trc not in (PQ, HLG):
        return reformatter.reformat(frame, width, height, "bgr24", interpolation=interpolation).to_ndarray()
    codes = reformatter.reformat(frame, width, height, "bgr48le", interpolation=interpolation).to_ndarray()
    return to_sdr(codes, frame.color_trc, wide=frame.color_primaries != _BT709_PRIMARIES)


@cache
def _lights(transfer: int) -> np.ndarray:
    """Return the linear light of every code value, float32; 1 is reference white in PQ, the brightest scene in HLG."""
    signal = np.linspace(0, 1, _STEPS)
    if transfer == PQ:
        return (_light_of_pq(signal) / WHITE).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12).astype(np.float32)


@cache
def _gains() -> np.ndarray:
    """Return the factors of light that make highlights fit, for levels of the square root of light over `PEAK`."""
    light = np.linspace(0, 1, _LEVELS) ** 2 * PEAK
    largest = _pq_of_light(WHITE) / _pq_of_light(PEAK)
    knee = 1.5 * largest - 0.5
    signal = _pq_of_light(light) / _pq_of_light(PEAK)
    above = np.clip((signal - knee) / (1 - knee), 0, 1)
    squared, cubed = above**2, above**3
    bent = (
        (2 * cubed - 3 * squared + 1) * knee
        + (cubed - 2 * squared + above) * (1 - knee)
        + (3 * squared - 2 * cubed) * largest
    )
    shown = _light_of_pq(np.where(signal < knee, signal, bent) * _pq_of_light(PEAK))
    return np.where(light > 0, shown / np.maximum(light, 1e-9), 1).astype(np.float32)


def _light_of_pq(signal: np.ndarray) -> np.ndarray:
    """Return the luminance of PQ signals (0..1), cd/m2 (SMPTE ST 2084)."""
    root = np.power(signal, 1 / _M2)
    return 10_000 * np.power(np.maximum(root - _C1, 0) / (_C2 - _C3 * root), 1 / _M1)


def _pq_of_light(light: np.ndarray | float) -> np.ndarray:
    """Return the PQ signals of luminances in cd/m2."""
    root = np.power(np.asarray(light) / 10_000, _M1)
    return np.power((_C1 + _C2 * root) / (1 + _C3 * root), _M2)


_M1, _M2 = 2610 / 16384, 2523 / 32
_C1, _C2, _C3 = 3424 / 4096, 2413 / 128, 2392 / 128
