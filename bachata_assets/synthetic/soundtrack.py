"""Bachata-like music of exactly known tempo: guitar arpeggio, bass, bongo and güira on a grid of sixteenths.

Every onset is on its grid point to the sample, so the beat times are exact.
"""

from dataclasses import dataclass

import numpy as np

STEPS = 16
"""Number of sixteenths in a bar of 4 beats."""


@dataclass(frozen=True)
class Rhythm:
    """One bar as strokes on 16 sixteenths: `.` silent, `x` plain, `X` accented.

    Attributes
    ----------
    guitar : arpeggio of the requinto
    bass : bass notes
    bongo : high strokes of the martillo
    low : low strokes of the bongo, which mark beat 4
    guira : scraper
    """

    guitar: str
    bass: str
    bongo: str
    low: str
    guira: str


RHYTHMS = {
    "derecho": Rhythm(
        guitar="X.x.x.x.X.x.x.x.",
        bass="X.......x...x...",
        bongo="X.x.x.x.X.x.x...",
        low="............X.x.",
        guira="X.xxX.xxX.xxX.xx",
    ),
    "majao": Rhythm(
        guitar="X...x.x.X...x.x.",
        bass="X...x...x...x...",
        bongo="X.x.X.x.X.x.X...",
        low="............X...",
        guira="X...X...X...X.x.",
    ),
    "mambo": Rhythm(
        guitar="X.xxx.x.X.xxx.x.",
        bass="X.....x.x...x.x.",
        bongo="X.xxX.x.X.xxX...",
        low="......x.....X.X.",
        guira="X.x.X.x.X.x.X.xx",
    ),
    "bolero": Rhythm(
        guitar="x.x.x.x.x.x.x.x.",
        bass="X.......x...X...",
        bongo="X...x.x.x...x...",
        low="............X...",
        guira="X...x.x.x...X.x.",
    ),
}
"""The sections of a bachata by their usual names, and the older bolero-bachata."""

CHORDS = ((57, 60, 64), (55, 59, 62), (53, 57, 60), (52, 56, 59))
"""Chords as MIDI notes, one per bar: Am G F E, the descent of many bachatas."""


@dataclass(frozen=True)
class Track:
    """Rendered music.

    Attributes
    ----------
    samples : np.ndarray
        float32 (n,), mono, -1..1.
    rate : int
        Samples per second.
    tempo : float
        Beats per minute.
    beats : np.ndarray
        float64 (k,), beat times, s; the first and every fourth after it is a count 1.
    """

    samples: np.ndarray
    rate: int
    tempo: float
    beats: np.ndarray


def render_track(
    tempo: float,
    rhythm: str = "derecho",
    seconds: float = 15.0,
    *,
    first_beat: float = 0.2,
    seed: int = 0,
    noise_db: float | None = None,
    rate: int = 44100,
) -> Track:
    """Return music of exactly `tempo` beats per minute.

    Parameters
    ----------
    tempo : float
        Beats per minute.
    rhythm : str
        Key of `RHYTHMS`.
    seconds : float
        Length, s.
    first_beat : float
        Time of the first count 1, s.
    seed : int
        Seed of the melody's octaves, the transposition, loudness and noise.
    noise_db : float or None
        Level of added noise relative to the music, dB; its power falls by 3 dB per octave. None: no noise.
    rate : int
        Samples per second.

    Raises
    ------
    KeyError
        The rhythm does not exist.

    Examples
    --------
    >>> track = render_track(120, "mambo", seconds=4.0, first_beat=0.5)
    >>> track.beats.tolist()
    [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    >>> track.samples.shape, track.rate
    ((176400,), 44100)
    """
    pattern = RHYTHMS[rhythm]
    rng = np.random.default_rng(seed)
    total = round(seconds * rate)
    mix = np.zeros(total)
    key = int(rng.integers(-4, 5))
    beats = first_beat + np.arange(int(np.ceil((seconds - first_beat) * tempo / 60)) + 1) * 60 / tempo
    step_seconds = 60 / tempo / 4
    for step in range(int((seconds - first_beat) / step_seconds) + 1):
        start = round((first_beat + step * step_seconds) * rate)
        for sound in _strokes(pattern, step, key, step_seconds, rate=rate, rng=rng):
            part = sound[: max(total - start, 0)]
            mix[start : start + len(part)] += part
    mix *= 0.5 / max(float(np.abs(mix).max()), 1e-9)
    if noise_db is not None:
        mix += _room_noise(rng, total) * np.sqrt(np.mean(mix**2)) * 10 ** (noise_db / 20)
        mix *= 0.5 / float(np.abs(mix).max())
    return Track(mix.astype(np.float32), rate, tempo, beats[beats < seconds])


def _strokes(
    pattern: Rhythm, step: int, key: int, step_seconds: float, *, rate: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return the sounds that start on one sixteenth."""
    bar, place = divmod(step, STEPS)
    chord = [note + key for note in CHORDS[bar % len(CHORDS)]]
    sounds = []
    for name, level in (("guitar", 0.5), ("bass", 0.8), ("bongo", 0.45), ("low", 0.9), ("guira", 0.22)):
        stroke = getattr(pattern, name)[place]
        if stroke == ".":
            continue
        loud = level * (1.0 if stroke == "X" else 0.6) * rng.uniform(0.9, 1.1)
        if name == "guitar":
            note = chord[(place // 2) % 3] + 12 * int(rng.integers(0, 2))
            sounds.append(loud * _plucked(note, 2.2 * step_seconds, 8, rate))
        elif name == "bass":
            note = chord[0] - 24 if place == 0 else chord[2] - 24
            sounds.append(loud * _plucked(note, 3 * step_seconds, 4, rate))
        elif name == "guira":
            sounds.append(loud * _scrape(rng, rate))
        else:
            sounds.append(loud * _drum(420.0 if name == "bongo" else 190.0, rate))
    return sounds


def _plucked(note: int, seconds: float, partials: int, rate: int) -> np.ndarray:
    """Return a plucked string: partials that decay faster the higher they are."""
    t = np.arange(round(seconds * rate)) / rate
    frequency = 440.0 * 2 ** ((note - 69) / 12)
    wave = sum(np.sin(2 * np.pi * frequency * k * t) * np.exp(-t * (4 + 3 * k)) / k for k in range(1, partials + 1))
    return _faded(np.asarray(wave), rate)


def _drum(frequency: float, rate: int) -> np.ndarray:
    """Return a hand drum: a short tone of slightly falling pitch, and the slap of the hand."""
    t = np.arange(round(0.16 * rate)) / rate
    tone = np.sin(2 * np.pi * frequency * (t - 0.6 * t**2)) * np.exp(-t * 28)
    slap = np.sin(2 * np.pi * frequency * 5.3 * t) * np.exp(-t * 220)
    return _faded(tone + 0.5 * slap, rate)


def _scrape(rng: np.random.Generator, rate: int) -> np.ndarray:
    """Return a scrape of the güira: a burst of high noise."""
    t = np.arange(round(0.07 * rate)) / rate
    noise = np.diff(rng.standard_normal(len(t) + 1))
    return _faded(noise * np.exp(-t * 55), rate)


def _faded(wave: np.ndarray, rate: int) -> np.ndarray:
    """Return the wave with its last 4 ms faded out, so that its end does not click."""
    tail = min(round(0.004 * rate), len(wave))
    wave[len(wave) - tail :] *= np.linspace(1, 0, tail)
    return wave


def _room_noise(rng: np.random.Generator, total: int) -> np.ndarray:
    """Return noise of unit power that falls by 3 dB per octave."""
    spectrum = np.fft.rfft(rng.standard_normal(total))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 20))
    noise = np.fft.irfft(spectrum, total)
    return np.asarray(noise / noise.std())
