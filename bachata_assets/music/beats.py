"""The beats of a clip's music: their times, their tempo, and how far to trust them.

The pose embeddings use `Beats` as their clock. `tempo.py` finds the tempo; `beat_tracking.py` places the beats.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.clip_record import TRUSTED_CONFIDENCE
from bachata_assets.families import Absent
from bachata_assets.music.beat_tracking import place_beats, steadied, without_stray_ends
from bachata_assets.music.onsets import HOP, frame_rate, onset_bands
from bachata_assets.music.sound import Sound
from bachata_assets.music.tempo import estimate_tempo

VERSION = "2"
"""Version of everything in `Beats`; raise it when the same sound gives other beats."""
METADATA_KEY = b"beats"
"""Key of tempo, confidence, duration and reason, as JSON, in a beats table's schema metadata."""
CLARITY_AT_HALF = 0.12
"""Pulse clarity of a confidence of 0.5; noise reaches about 0.03, real bachata 0.2-0.7."""
SHORTEST = 2.5
"""Minimum length of sound for a tempo, s (about five beats)."""
FEWEST = 4
"""Minimum number of beats to count as found and to serve as a clock."""


@dataclass(frozen=True, repr=False)
class Beats:
    """The beats of a clip.

    Attributes
    ----------
    times : np.ndarray
        float64 (B,), s, ascending.
    tempo : float or None
        Beats per minute; None without beats.
    confidence : float
        How clearly the music repeats at this tempo, 0..1.
    duration : float
        Length of the sound, s.
    reason : str or None
        Why there are no beats; None with beats.
    """

    times: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tempo: float | None = None
    confidence: float = 0.0
    duration: float = 0.0
    reason: str | None = None

    def __repr__(self) -> str:
        tempo = f"{self.tempo:.1f} beats per minute" if self.tempo else self.reason or "no tempo"
        return f"Beats({len(self.times)} in {self.duration:.1f} s, {tempo}, confidence {self.confidence:.2f})"

    @property
    def trusted(self) -> bool:
        """Whether the beats may serve as a clock."""
        return self.confidence >= TRUSTED_CONFIDENCE and len(self.times) >= FEWEST

    def to_table(self) -> pa.Table:
        """Return a table with the schema `schemas.beats` and the scalars in its metadata."""
        scalars = {
            "tempo": self.tempo,
            "confidence": self.confidence,
            "duration": self.duration,
            "reason": self.reason,
        }
        table = pa.table({"time_s": self.times}, schema=schemas.beats)
        return table.replace_schema_metadata({METADATA_KEY: json.dumps(scalars)})

    @classmethod
    def from_table(cls, table: pa.Table) -> "Beats":
        """Return the beats of a table that `to_table` wrote."""
        return cls(times=table.column("time_s").to_numpy(), **beats_summary(table))


def beats_summary(table: pa.Table) -> dict[str, Any]:
    """Return `tempo`, `confidence`, `duration` and `reason` of a beats table, without the beats."""
    summary: dict[str, Any] = json.loads(table.schema.metadata[METADATA_KEY])
    return summary


def find_beats(sound: Sound | Absent) -> Beats:
    """Return the beats of a clip's sound, or the reason why there are none.

    The tempo is the one at which the onsets of all frequency bands repeat best, at single and multiple beats, weighed
    with a prior for bachata and evidence of four-beat bars. Dynamic programming (Ellis 2007) then places the beats.

    Parameters
    ----------
    sound : Sound or Absent
        Result of `load_sound`.

    Returns
    -------
    Beats
        Beats with times on the video's clock, s.

    Examples
    --------
    >>> from pathlib import Path
    >>> from bachata_assets.music.sound import load_sound
    >>> beats = find_beats(load_sound(Path("data/sample/videos/basic_steps/basic_step_1.mp4")))
    >>> round(beats.tempo), beats.trusted
    (120, True)
    >>> beats.times[:4].round(2).tolist()
    [0.3, 0.8, 1.3, 1.8]
    """
    if isinstance(sound, Absent):
        return Beats(reason=sound.reason)
    if sound.duration < SHORTEST:
        return Beats(duration=sound.duration, reason=f"{sound.duration:.1f} s of sound are too short for a tempo")
    bands = onset_bands(sound)
    tempo, clarity = estimate_tempo(bands, frame_rate(sound))
    times = place_beats(bands.mean(axis=0), frame_rate(sound), tempo) * HOP / sound.rate
    times = steadied(without_stray_ends(times, 60 / tempo), 60 / tempo)
    times = times[(times >= 0) & (times <= sound.duration)]
    if len(times) < FEWEST:
        return Beats(duration=sound.duration, reason="no beats were found in the sound")
    confidence = clarity**2 / (clarity**2 + CLARITY_AT_HALF**2)
    return Beats(times, _refined(times, tempo), confidence, sound.duration)


def _refined(times: np.ndarray, tempo: float) -> float:
    """Return the tempo of a line through the placed beats if it agrees with `tempo`, else `tempo`."""
    kept = 60 / float(np.polyfit(np.arange(len(times)), times, 1)[0])
    return kept if abs(kept / tempo - 1) < 0.02 else tempo
