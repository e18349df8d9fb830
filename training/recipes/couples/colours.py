"""Changes of colour and of picture quality."""

import cv2
import numpy as np


def recoloured(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return other clothes and another skin: hue, saturation and brightness changed, now and then channels swapped."""
    if rng.random() < 0.12:
        picture = picture[..., rng.permutation(3)]
    hue = rng.uniform(-90, 90) if rng.random() < 0.3 else rng.uniform(-10, 10)
    ramp = np.arange(256, dtype=np.float32)
    tables = [(ramp + hue) % 180, ramp * rng.uniform(0.3, 1.6), 255 * (ramp / 255) ** rng.uniform(0.6, 1.7)]
    table = np.clip(np.stack(tables, axis=-1), 0, 255).astype(np.uint8)[None]
    hsv = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2HSV)
    return np.asarray(cv2.cvtColor(cv2.LUT(hsv, table), cv2.COLOR_HSV2BGR))


def relit(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the picture under another light: gain, offset and gamma of each channel."""
    ramp = np.arange(256, dtype=np.float32)[:, None] / 255
    gain = rng.uniform(0.6, 1.4) * rng.uniform(0.88, 1.12, 3)
    table = 255 * (gain * ramp ** rng.uniform(0.7, 1.4) + rng.uniform(-0.12, 0.12))
    return np.asarray(cv2.LUT(picture, np.clip(table, 0, 255).astype(np.uint8)[None]))


def degraded(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the picture as a worse camera or a stronger compression would show it."""
    height, width = picture.shape[:2]
    if rng.random() < 0.25:
        factor = rng.uniform(0.3, 0.8)
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.15:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.12:
        picture = _moved(picture, rng)
    if rng.random() < 0.2:
        noise = np.empty(picture.shape, np.int16)
        cv2.setRNGSeed(int(rng.integers(2**31)))
        cv2.randn(noise, 0, rng.uniform(2, 14))  # type: ignore[call-overload]  # the arrays it asks for draw other noise
        picture = cv2.add(picture, noise, dtype=cv2.CV_8U)
    if rng.random() < 0.05:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < 0.1:
        _, code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 70))])
        picture = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))
    return picture


def _moved(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the picture blurred along a line, as by a moving dancer."""
    length = int(rng.integers(3, 9))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, np.pi)
    half = (length - 1) / 2
    end = half * np.array([np.cos(angle), np.sin(angle)])
    start, stop = (tuple(int(v) for v in (half + sign * end).round()) for sign in (-1, 1))
    cv2.line(kernel, start, stop, 1.0)
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()))
