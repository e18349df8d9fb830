"""`MediaLimits`: the maximum to read of a file, because a small file can announce days of pictures."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bachata_assets.video.errors import UnreadableVideoError


@dataclass(frozen=True)
class MediaLimits:
    """Limits on a clip; each message names the setting that changes the limit.

    Attributes
    ----------
    clip_s : float
        Maximum length of a clip, s.
    picture_px : float
        Maximum size of a picture, px (width times height); 8K has 33 million.
    gap_s : float
        Maximum time for which one picture is displayed, s.
    frames : int
        Maximum number of pictures.
    sound_s : float
        Maximum length of sound, s; its processing takes about a megabyte of memory per second.
    """

    clip_s: float = 900.0
    picture_px: float = 40e6
    gap_s: float = 10.0
    frames: int = 250_000
    sound_s: float = 900.0

    def require_picture(self, path: Path, width: int, height: int) -> None:
        """Raise `UnreadableVideoError` if a picture is too large."""
        if width * height > self.picture_px:
            raise UnreadableVideoError(
                path,
                f"its pictures of {width}x{height} are larger than the {self.picture_px / 1e6:g} megapixels allowed",
                "Export it smaller, or raise BACHATA_LARGEST_PICTURE_MEGAPIXELS.",
            )

    def require_count(self, path: Path, count: int) -> None:
        """Raise `UnreadableVideoError` if there are too many pictures."""
        if count > self.frames:
            raise UnreadableVideoError(
                path, f"has more than the {self.frames} pictures allowed", "Cut it, or raise BACHATA_MOST_FRAMES."
            )

    def require_gap(self, path: Path, seconds: float) -> None:
        """Raise `UnreadableVideoError` if a picture is displayed too long."""
        if seconds > self.gap_s:
            raise UnreadableVideoError(
                path,
                f"shows one picture for {seconds:.0f} s, longer than the {self.gap_s:g} s allowed",
                "Export it again, or raise BACHATA_LONGEST_GAP_SECONDS.",
            )

    def require_length(self, path: Path, seconds: float) -> None:
        """Raise `UnreadableVideoError` if a clip is too long."""
        if seconds > self.clip_s:
            raise UnreadableVideoError(
                path,
                f"is {seconds:.0f} s long, longer than the {self.clip_s:g} s allowed",
                "Cut it, or raise BACHATA_LONGEST_CLIP_SECONDS.",
            )

    def require_times(self, path: Path, times: np.ndarray) -> None:
        """Raise `UnreadableVideoError` if a clip is too long or a picture is displayed too long.

        Parameters
        ----------
        path : Path
            The file, for the message.
        times : np.ndarray
            float64 (n,), s, ascending: the time of each picture, then the end of the last.
        """
        self.require_gap(path, float(np.diff(times).max(initial=0.0)))
        self.require_length(path, float(times[-1] - times[0]))


DEFAULT_LIMITS = MediaLimits()
"""The default limits."""
