"""The clock that a clip's motion is measured on.

It counts beats where the music allows, else halves of a second. Beats are found in `music/beats.py`; what is measured
on the clock is in `summaries.py`.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

SECONDS_PER_UNIT = 0.5
"""Length of a beat where beats are not trusted, s: that of 120 beats per minute, inside bachata's 100-150."""

SAMPLES_PER_BEAT = 6
"""Samples of the grid per beat: about the keypoints' 15 frames per second at 120-150 beats per minute."""

REACH = 100_000
"""Number of beats by which the clock goes on before the first and after the last beat heard."""


class BeatTimes(Protocol):
    """What is needed of `music.beats.Beats`."""

    @property
    def times(self) -> np.ndarray:
        """Beat times (B,), s, rising."""

    @property
    def trusted(self) -> bool:
        """Whether the beats are good enough to be a clock."""


@dataclass(frozen=True)
class Clock:
    """Time in s against position in beats: straight lines between knots.

    Attributes
    ----------
    kind : "beats" or "seconds"
        With "seconds", a position counts halves of a second.
    knots : np.ndarray
        float (K,), s, strictly rising.
    positions : np.ndarray
        float (K,), positions of the knots, beats.
    """

    kind: Literal["beats", "seconds"]
    knots: np.ndarray
    positions: np.ndarray

    def grid(self, first: float, last: float) -> np.ndarray:
        """Return times at which motion is sampled, `SAMPLES_PER_BEAT` a beat.

        Parameters
        ----------
        first, last : float
            First and last time of the clip, s.

        Returns
        -------
        np.ndarray
            float (N,), s, from `first` up to `last`.
        """
        start, stop = np.interp([first, last], self.knots, self.positions)
        count = int((stop - start) * SAMPLES_PER_BEAT + 1e-6) + 1
        positions = start + np.arange(count) / SAMPLES_PER_BEAT
        return np.asarray(np.interp(positions, self.positions, self.knots))


def clock_of(beats: BeatTimes | None) -> Clock:
    """Return the clock of a clip.

    Parameters
    ----------
    beats : BeatTimes or None
        The clip's beats; where they are trusted they are the clock, else seconds are.
    """
    if beats is None or not beats.trusted or len(beats.times) < 2:
        reach = REACH * SECONDS_PER_UNIT
        return Clock("seconds", np.array([-reach, reach]), np.array([-REACH, REACH], float))
    times = np.asarray(beats.times, float)
    reach = REACH * float(np.median(np.diff(times)))
    count = len(times)
    positions = np.concatenate([[-REACH], np.arange(count), [count - 1 + REACH]]).astype(float)
    return Clock("beats", np.concatenate([[times[0] - reach], times, [times[-1] + reach]]), positions)
