"""The clock of a clip's motion: beats where the music allows, else half seconds.

`music/beats.py` finds the beats; `summaries.py` measures motion on the clock.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

SECONDS_PER_UNIT = 0.5
"""Length of a unit if beats are not trusted, s: a beat at 120 beats per minute, inside bachata's 100-150."""

SAMPLES_PER_BEAT = 6
"""Grid samples per beat: about the keypoints' 15 frames per second at 120-150 beats per minute."""

REACH = 100_000
"""Number of beats by which the clock extends before the first and after the last heard beat."""


class BeatTimes(Protocol):
    """The part of `music.beats.Beats` that the clock needs."""

    @property
    def times(self) -> np.ndarray:
        """Beat times, float (B,), s, ascending."""

    @property
    def trusted(self) -> bool:
        """Whether the beats are good enough for a clock."""


@dataclass(frozen=True)
class Clock:
    """Mapping between time in s and position in beats, linear between knots.

    Attributes
    ----------
    kind : "beats" or "seconds"
        With "seconds", positions count half seconds.
    knots : np.ndarray
        float (K,), times of the knots, s, strictly ascending.
    positions : np.ndarray
        float (K,), positions of the knots, beats.
    """

    kind: Literal["beats", "seconds"]
    knots: np.ndarray
    positions: np.ndarray

    def grid(self, first: float, last: float) -> np.ndarray:
        """Return the times at which motion is sampled, `SAMPLES_PER_BEAT` per beat.

        Parameters
        ----------
        first, last : float
            First and last time of the clip, s.

        Returns
        -------
        np.ndarray
            float (N,), from `first` up to `last`, s.
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
        The clip's beats, which are the clock if they are trusted; otherwise seconds are.
    """
    if beats is None or not beats.trusted or len(beats.times) < 2:
        reach = REACH * SECONDS_PER_UNIT
        return Clock("seconds", np.array([-reach, reach]), np.array([-REACH, REACH], float))
    times = np.asarray(beats.times, float)
    reach = REACH * float(np.median(np.diff(times)))
    count = len(times)
    positions = np.concatenate([[-REACH], np.arange(count), [count - 1 + REACH]]).astype(float)
    return Clock("beats", np.concatenate([[times[0] - reach], times, [times[-1] + reach]]), positions)
