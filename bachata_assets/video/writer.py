"""`VideoWriter`: an mp4 file of pictures and sound, written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.video.files import file_url


class VideoWriter:
    """Writes an mp4 file: H.264 (yuv420p), and AAC for sound. Create it with `VideoWriter.open`."""

    def __init__(self, container: Any, pictures: Any, time_base: Fraction) -> None:
        self._container = container
        self._pictures = pictures
        self._time_base = time_base
        self._sound: Any = None

    @classmethod
    @contextmanager
    def open(
        cls,
        path: Path,
        size: tuple[int, int],
        rate: Fraction,
        options: dict[str, str],
        *,
        time_base: Fraction | None = None,
        threads: int = 0,
    ) -> "Iterator[VideoWriter]":
        """Open a file for writing, as a context.

        The file has a temporary name beside `path` and moves there at the end of the context. After an error, nothing
        new is left, and an earlier file stays.

        Parameters
        ----------
        path : Path
            The file; its folder must exist.
        size : tuple of int
            Width and height of the pictures, px, both even.
        rate : Fraction
            Frames per second that the file announces.
        options : dict of str
            Options of x264, such as `crf` and `preset`.
        time_base : Fraction or None
            Unit of the pictures' times, s; None: one frame at `rate`.
        threads : int
            Number of encoder threads; 0: one per core. x264's rate control depends on it, so a file that must be the
            same on every machine needs a fixed number.
        """
        import av

        time_base = time_base or 1 / rate
        temporary = path.with_name(f".{path.name}.part")
        try:
            with av.open(file_url(temporary), "w", format="mp4") as container:
                pictures: Any = container.add_stream("libx264", rate=rate, options=options)
                (pictures.width, pictures.height), pictures.pix_fmt = size, "yuv420p"
                pictures.thread_count = threads
                pictures.codec_context.time_base = time_base
                writer = cls(container, pictures, time_base)
                yield writer
                writer._flush()
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def open_sound(self, rate: int, layout: str, bit_rate: int | None = None) -> None:
        """Add a sound track; call it before the first picture.

        Parameters
        ----------
        rate : int
            Samples per second.
        layout : str
            FFmpeg's name of the channel layout, such as `mono`.
        bit_rate : int or None
            Bits per second; None: the encoder's choice.
        """
        self._sound = self._container.add_stream("aac", rate=rate, layout=layout)
        if bit_rate:
            self._sound.bit_rate = bit_rate

    def add_sound(self, samples: np.ndarray, time_s: float) -> None:
        """Add a piece of sound to the track from `open_sound`.

        Parameters
        ----------
        samples : np.ndarray
            float32 (channels, n), -1..1.
        time_s : float
            Time of the first sample, s.
        """
        import av

        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=self._sound.layout.name)
        frame.sample_rate = self._sound.rate
        frame.pts = round(time_s * self._sound.rate)
        self._container.mux(self._sound.encode(frame))

    def add_picture(self, picture: np.ndarray, time_s: float) -> None:
        """Add the next picture.

        Parameters
        ----------
        picture : np.ndarray
            uint8 (H, W, 3), BGR.
        time_s : float
            Presentation time, s; later than that of the previous picture.
        """
        import av

        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = round(time_s / self._time_base), self._time_base
        self._container.mux(self._pictures.encode(frame))

    def _flush(self) -> None:
        """Write what the encoders still buffer."""
        self._container.mux(self._pictures.encode())
        if self._sound:
            self._container.mux(self._sound.encode())
