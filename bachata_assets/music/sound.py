"""The sound of a clip: decoding it to mono samples on the video's clock."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bachata_assets.families import Absent
from bachata_assets.video.files import open_media

RATE = 22050
"""Samples per second, librosa's own default."""
SILENCE = 1e-4
"""Peak below which a track counts as silent (-80 dBFS)."""


class SoundError(ValueError):
    """The sound of a file cannot be decoded."""


@dataclass(frozen=True)
class Sound:
    """Mono sound.

    Attributes
    ----------
    samples : np.ndarray
        float32 (n,), -1..1; sample 0 is at time 0 of the video.
    rate : int
        Samples per second.
    """

    samples: np.ndarray
    rate: int = RATE

    @property
    def duration(self) -> float:
        """Length in s."""
        return len(self.samples) / self.rate


def load_sound(path: Path) -> Sound | Absent:
    """Return the first audio stream of a file as mono at 22,050 Hz.

    Sound that starts after the video is padded, sound before it dropped, so that times agree with the pictures'.

    Returns
    -------
    Sound or Absent
        Absent with the reason where there is no audio stream, or nothing to hear in it.

    Raises
    ------
    SoundError
        The file or its audio cannot be decoded.
    """
    import av

    try:
        with open_media(path) as container:
            if not container.streams.audio:
                return Absent("the file has no audio stream")
            samples = _decoded(container)
    except (av.FFmpegError, OSError) as error:
        raise SoundError(
            f"{path}: its sound cannot be decoded ({error.strerror}); re-encode the file or remove the audio"
        ) from error
    if samples.size == 0:
        return Absent("the audio stream is empty")
    if not np.isfinite(samples).all():
        raise SoundError(f"{path}: its sound holds NaN or Inf; re-encode the file")
    if float(np.abs(samples).max()) < SILENCE:
        return Absent("the audio is silent")
    return Sound(samples)


def _decoded(container: "av.container.InputContainer") -> np.ndarray:  # type: ignore[name-defined] # noqa: F821
    """Return the samples (n,) of the first audio stream, sample 0 at presentation time 0."""
    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    pieces: list[np.ndarray] = []
    start = 0.0
    for frame in container.decode(audio=0):
        if not pieces:
            start = float(frame.time or 0.0)
        # Presentation times of some files jitter; the resampler would fill such gaps with silence.
        frame.pts = None
        pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    samples = np.concatenate([np.zeros(0, np.float32), *pieces]).astype(np.float32)
    offset = round(start * RATE)
    return np.pad(samples, (offset, 0)) if offset > 0 else samples[-offset:]
