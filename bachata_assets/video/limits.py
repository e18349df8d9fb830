"""`MediaLimits`: how much of a file is read at most; a small file can announce days of pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bachata_assets.video.errors import UnreadableVideoError


@dataclass(frozen=True)
class MediaLimits:
    """What a clip may be; the settings that change them are named in each message.

    Attributes
    ----------
    clip_s : float
        Longest clip, s.
    picture_px : float
        Largest picture, px (width times height); 8K has 33 million.
    gap_s : float
        Longest time that one picture is shown, s.
    frames : int
        Most pictures.
    sound_s : float
        Longest sound, s: what is computed of it takes about a megabyte a second.
    """

    clip_s: float = 900.0
    picture_px: float = 40e6
    gap_s: float = 10.0
    frames: int = 250_000
    sound_s: float = 900.0

    def require_picture(self, path: Path, width: int, height: int) -> None:
        """Raise `UnreadableVideoError` where a picture is too large."""
        if width * height > self.picture_px:
            raise UnreadableVideoError(
                path,
                f"its pictures of {width}x{height} are larger than the {self.picture_px / 1e6:g} megapixels allowed",
                "Export it smaller, or raise BACHATA_LARGEST_PICTURE_MEGAPIXELS.",
            )

    def require_count(self, path: Path, count: int) -> None:
        """Raise `UnreadableVideoError` where there are too many pictures."""
        if count > self.frames:
            raise UnreadableVideoError(
                path, f"holds more than the {self.frames} pictures allowed", "Cut it, or raise BACHATA_MOST_FRAMES."
            )

    def require_gap(self, path: Path, seconds: float) -> None:
        """Raise `UnreadableVideoError` where a picture is shown too long."""
        if seconds > self.gap_s:
            raise UnreadableVideoError(
                path,
                f"shows one picture for {seconds:.0f} s, longer than the {self.gap_s:g} s allowed",
                "Export it again, or raise BACHATA_LONGEST_GAP_SECONDS.",
            )

    def require_length(self, path: Path, seconds: float) -> None:
        """Raise `UnreadableVideoError` where a clip is too long."""
        if seconds > self.clip_s:
            raise UnreadableVideoError(
                path,
                f"is {seconds:.0f} s long, longer than the {self.clip_s:g} s allowed",
                "Cut it, or raise BACHATA_LONGEST_CLIP_SECONDS.",
            )

    def require_times(self, path: Path, times: np.ndarray) -> None:
        """Raise `UnreadableVideoError` where a clip is too long, or a picture is shown too long.

        Parameters
        ----------
        path : Path
            The file, for the message.
        times : np.ndarray
            float64 (n,), s: when each picture is shown, ascending, and when the last one ends.
        """
        self.require_gap(path, float(np.diff(times).max(initial=0.0)))
        self.require_length(path, float(times[-1] - times[0]))


DEFAULT_LIMITS = MediaLimits()
"""Limits where no settings say otherwise."""
