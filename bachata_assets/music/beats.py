"""Beats and tempo of a clip's music, free of octave errors where the music allows.

Bachata is danced at about 100-150 beats per minute and its bars have four beats with an accent on the fourth: both
decide between a tempo and its double. `Beats` is what the pose embeddings use as their clock.
"""

import json
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.families import Absent
from bachata_assets.music.compiled import load_librosa
from bachata_assets.music.onsets import HOP, frame_rate, later, onset_bands, repetition
from bachata_assets.music.sound import Sound

METADATA_KEY = b"beats"
TRUSTED_CONFIDENCE = 0.5
USUAL_TEMPI = (100.0, 150.0)
"""Beats per minute of nearly all bachata: no tempo within is preferred to another."""
OCTAVES_OUTSIDE = 0.25
"""Deviation of the prior outside of `USUAL_TEMPI`, in octaves."""
TEMPI = np.geomspace(58, 220, 700)
"""Tempi that are considered; two neighbours differ by 0.2 %."""
CLARITY_AT_HALF = 0.12
"""Pulse clarity that counts as a confidence of 0.5; noise reaches about 0.03, real bachata 0.2-0.7."""
CLEAR_BAR = 0.08
"""Bar evidence below this is partly noise and counts the less."""
BAR_WEIGHT = 1.2
"""How much full evidence of bars weighs against the logarithm of the prior."""
CLARITY_WEIGHT = 2.0
"""The same of the logarithm of pulse clarity."""
STEADY_OVER = 11
"""Beats over which the pulse is taken as steady."""
SHORTEST = 2.5
"""Seconds of sound below which no tempo is looked for (about five beats)."""


@dataclass(frozen=True)
class Beats:
    """The beats of a clip.

    Attributes
    ----------
    times : float64 (B,), s
    tempo : beats per minute, None without beats
    confidence : 0..1, how clearly the music repeats at this tempo
    duration : s, of the sound
    reason : why there are no beats
    """

    times: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tempo: float | None = None
    confidence: float = 0.0
    duration: float = 0.0
    reason: str | None = None

    @property
    def trusted(self) -> bool:
        """Whether the beats may serve as a clock."""
        return self.confidence >= TRUSTED_CONFIDENCE and len(self.times) >= 4

    def to_table(self) -> pa.Table:
        """Return the table of `schemas.beats`, the scalars in its metadata."""
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
        """Return the beats that `to_table` wrote."""
        return cls(times=table.column("time_s").to_numpy(), **json.loads(table.schema.metadata[METADATA_KEY]))


def find_beats(sound: Sound | Absent) -> Beats:
    """Return the beats of a clip's sound; without any, the reason is given.

    The tempo is the one at whose beats (and their multiples) the onsets of all frequency bands repeat best, under a
    prior for bachata and with the evidence of a four-beat bar (`bar_evidence`). The beats are then placed by
    dynamic programming (Ellis 2007, as in librosa) with that tempo.
    """
    if isinstance(sound, Absent):
        return Beats(reason=sound.reason)
    if sound.duration < SHORTEST:
        return Beats(duration=sound.duration, reason=f"{sound.duration:.1f} s of sound are too short for a tempo")
    bands = onset_bands(sound)
    tempo, clarity = estimate_tempo(bands, frame_rate(sound))
    times = _placed(bands, sound.rate, tempo)
    times = times[(times >= 0) & (times <= sound.duration)]
    if len(times) < 4:
        return Beats(duration=sound.duration, reason="no beats were found in the sound")
    confidence = clarity**2 / (clarity**2 + CLARITY_AT_HALF**2)
    return Beats(times, _refined(times, tempo), confidence, sound.duration)


def estimate_tempo(bands: np.ndarray, rate: float) -> tuple[float, float]:
    """Return the tempo in beats per minute and its pulse clarity.

    Pulse clarity is the mean correlation at multiples of the beat, 0..1. First the octave family is chosen (a tempo
    with its double or half), by clarity and prior, then the member of the family, by prior and four-beat bars.

    Parameters
    ----------
    bands : (K, T) onset strength
    rate : values a second
    """
    correlation = repetition(bands, int(0.6 * bands.shape[1]))
    best, best_score = TEMPI[:1], -np.inf
    for tempo in _peaks(_clarity(correlation, 60 * rate / TEMPI)):
        slow = tempo / 2 if tempo / 2 >= TEMPI[0] else tempo
        family = np.array([slow, 2 * slow]) if 2 * slow <= TEMPI[-1] else np.array([slow])
        clarity = _clarity(correlation, 60 * rate / family)
        score = 4 * np.log(clarity).mean() + _log_prior(family).max()
        if score > best_score:
            best, best_score = family, score
    tempo = float(best[_octave(bands, best, rate, _clarity(correlation, 60 * rate / best))])
    return tempo, float(_clarity(correlation, np.array([60 * rate / tempo]))[0])


def _octave(bands: np.ndarray, family: np.ndarray, rate: float, clarity: np.ndarray) -> int:
    """Return the index of the tempo, of one or of two an octave apart, that prior, pulse and bars speak for."""
    if len(family) == 1:
        return 0
    bar_slow, bar_fast = (bar_evidence(bands, 60 * rate / tempo) for tempo in family)
    strongest = max(bar_slow, bar_fast, 1e-9)
    # Where the slow one is right its bars are nearly as evident as its half bars; where the fast one is right, two of
    # its bars are alike and leave the slow one little evidence. In between lies 0.4; weak evidence counts less.
    for_slow = np.clip(4 * (bar_slow / strongest - 0.4), -1, 1) * min(strongest / CLEAR_BAR, 1)
    score = _log_prior(family) + CLARITY_WEIGHT * np.log(clarity) + [BAR_WEIGHT * for_slow, 0]
    return int(score.argmax())


def _clarity(correlation: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Return the mean correlation at 1..8 beats, as many as the clip holds, for each period."""
    multiples = np.arange(1, 9)[:, None] * periods
    values = np.interp(multiples, np.arange(len(correlation)), correlation)
    held = multiples < len(correlation)
    mean = (values * held).sum(axis=0) / np.maximum(held.sum(axis=0), 1)
    return np.asarray(np.maximum(mean, 1e-3))


def _peaks(clarity: np.ndarray) -> np.ndarray:
    """Return the tempi at local maxima that reach a third of the highest, at most 12."""
    inner = np.flatnonzero((clarity[1:-1] >= clarity[:-2]) & (clarity[1:-1] > clarity[2:])) + 1
    inner = inner[clarity[inner] >= clarity.max() / 3]
    best = inner[np.argsort(-clarity[inner])][:12] if inner.size else [int(clarity.argmax())]
    return np.asarray(TEMPI[best])


def bar_evidence(bands: np.ndarray, period: float) -> float:
    """Return how consistently the two halves of a four-beat bar differ, -1..1.

    What repeats every two beats is taken away (a difference at two beats); what is left repeats every four beats
    when these are a bar, and is noise when they are not.
    """
    after = later(bands, 2 * period)
    difference = bands[:, : after.shape[1]] - after
    found = []
    for beats in (4, 8, 12):
        again = later(difference, beats * period)
        first = difference[:, : again.shape[1]]
        if again.shape[1] >= 4 * period:
            power = np.sqrt((first**2).sum() * (again**2).sum())
            found.append(float((first * again).sum() / max(power, 1e-9)))
    return float(np.mean(found)) if found else 0.0


def _log_prior(tempi: np.ndarray) -> np.ndarray:
    outside = np.maximum(np.log2(USUAL_TEMPI[0] / tempi), np.log2(tempi / USUAL_TEMPI[1]))
    prior: np.ndarray = -0.5 * (np.maximum(outside, 0) / OCTAVES_OUTSIDE) ** 2
    return prior


def _placed(bands: np.ndarray, rate: int, tempo: float) -> np.ndarray:
    """Return the beat times (B,) in s."""
    librosa = load_librosa()

    _, times = librosa.beat.beat_track(
        onset_envelope=bands.mean(axis=0), sr=rate, hop_length=HOP, bpm=tempo, trim=False, units="time"
    )
    times = np.asarray(times, np.float64)
    return _steadied(_without_stray_ends(times, 60 / tempo), 60 / tempo)


def _without_stray_ends(times: np.ndarray, period: float) -> np.ndarray:
    """Return the beats without a first or last one that is far off the others' grid.

    The tracker puts a beat near the first and the last value of the sound whether or not one is there.
    """
    regular = np.abs(np.diff(times) / period - 1) < 0.3
    start = 0 if regular[:1].all() else 1
    end = len(times) if regular[-1:].all() else len(times) - 1
    return times[start:end]


def _steadied(times: np.ndarray, period: float) -> np.ndarray:
    """Return the beats with single ones that fell beside the grid put back on it.

    Music for dancing keeps its time: how far each beat is from an even grid changes slowly, so the running median of
    that is kept. The tracker errs most at the ends, where it has no neighbours to weigh against.
    """
    from scipy.ndimage import median_filter

    if len(times) < 4:
        return times
    steps = np.maximum(np.round(np.diff(times) / period), 1)
    grid = period * np.concatenate([[0.0], np.cumsum(steps)])
    width = min(STEADY_OVER, len(times) // 2 * 2 - 1)
    return np.asarray(grid + median_filter(times - grid, size=width, mode="mirror"))


def _refined(times: np.ndarray, tempo: float) -> float:
    """Return the tempo that the placed beats keep (a straight line), where it agrees with `tempo`."""
    kept = 60 / float(np.polyfit(np.arange(len(times)), times, 1)[0])
    return kept if abs(kept / tempo - 1) < 0.02 else tempo
