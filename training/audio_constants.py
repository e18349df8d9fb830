"""Fit `bachata_assets/music/audio_constants.json`: centre and scale of every audio feature.

It reads the sound of real clips in windows of three lengths, and rendered tracks of all rhythms and tempi, so that both
count. It is written by `training/fit.py`.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bachata_assets.families import Absent
from bachata_assets.music import beats
from bachata_assets.music.beats import find_beats
from bachata_assets.music.embedding import CONSTANTS, audio_features
from bachata_assets.music.sound import RATE, Sound, load_sound
from bachata_assets.music.timbre import Features
from bachata_assets.synthetic.soundtrack import RHYTHMS, render_track

WINDOWS = (4.0, 8.0, 16.0)
"""Seconds: short, usual and long clips."""
REAL_SHARE = 0.8
"""Weight of real music; rendered music keeps features alive that the few real clips hardly vary."""
TARGET = Path(__file__).parents[1] / "bachata_assets" / "music" / CONSTANTS


def real_features(paths: Sequence[Path]) -> list[Features]:
    """Return the features of every window of clips."""
    found = []
    for path in paths:
        sound = load_sound(path)
        if isinstance(sound, Absent):
            continue
        for window in WINDOWS:
            step = int(window * RATE)
            for start in range(0, max(len(sound.samples) - step, 0) + 1, step // 2):
                piece = Sound(sound.samples[start : start + step])
                found.append(audio_features(piece, find_beats(piece)))
    return found


def rendered_features() -> list[Features]:
    """Return the features of rendered tracks in all rhythms."""
    found = []
    for index, rhythm in enumerate(RHYTHMS):
        for tempo in range(100, 156, 8):
            track = render_track(tempo, rhythm, 10.0, seed=tempo + index, noise_db=-20.0, rate=RATE)
            sound = Sound(track.samples)
            found.append(audio_features(sound, find_beats(sound)))
    return found


def write(paths: Sequence[Path]) -> Path:
    """Write the constants into the package; return their file."""
    tables = [real_features(paths), rendered_features()]
    names = list(tables[0][0])
    values = [np.array([[features[name] for name in names] for features in table]) for table in tables]
    weights = np.array([REAL_SHARE, 1 - REAL_SHARE])
    means = np.stack([np.nanmean(table, axis=0) for table in values])
    squares = np.stack([np.nanmean(table**2, axis=0) for table in values])
    centre = weights @ means
    scale = np.sqrt(weights @ squares - centre**2)
    lines = [f"{json.dumps(name)}: [{c:.6g}, {s:.6g}]" for name, c, s in zip(names, centre, scale, strict=True)]
    text = f'{{"beats_version": "{beats.VERSION}", "features": {{\n' + ",\n".join(lines) + "\n}}\n"
    TARGET.write_text(text, encoding="utf-8")
    return TARGET
