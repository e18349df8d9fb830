"""The audio embedding: 128 named, standardised numbers that describe how music sounds.

`timbre.py` and `rhythm.py` compute the features. `training/fit.py` fits the constants, never on the user's collection,
so adding clips changes no vector.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from bachata_assets.families import Absent, require_finite
from bachata_assets.music.beats import Beats
from bachata_assets.music.rhythm import rhythm_features
from bachata_assets.music.sound import Sound
from bachata_assets.music.timbre import Features, timbre_features

VERSION = "2"
"""Version of the audio embedding's features and constants; raise it when the same sound gives another vector."""
SHORTEST = 1.0
"""Minimum length of sound for an audio embedding, s."""
LIMIT = 4.0
"""Limit of a standardised feature, standard deviations, so that no single one dominates the vector."""
NEED_BEATS = ("chroma.alike", "tempo.", "beat.", "rhythm.")
"""Prefixes of the names of features that need beats and may be unknown."""
CONSTANTS = "audio_constants.json"
"""Name of the constants file."""


@dataclass(frozen=True)
class Standard:
    """The constants that standardise the features.

    Attributes
    ----------
    names : tuple of str
        Names of the 128 dimensions.
    centre, scale : np.ndarray
        float64 (128,), mean and standard deviation of each feature.
    """

    names: tuple[str, ...]
    centre: np.ndarray
    scale: np.ndarray


@cache
def standard() -> Standard:
    """Return the shipped constants."""
    content = json.loads((resources.files(__package__) / CONSTANTS).read_text(encoding="utf-8"))
    names = tuple(content["features"])
    table = np.array([content["features"][name] for name in names])
    return Standard(names, table[:, 0], table[:, 1])


def feature_names() -> tuple[str, ...]:
    """Return the names of the 128 dimensions: block, feature, statistic."""
    return standard().names


def audio_features(sound: Sound, beats: Beats) -> Features:
    """Return the features by name, not standardised; features that need beats are NaN without beats."""
    return {**timbre_features(sound, beats), **rhythm_features(sound, beats)}


def audio_embedding(sound: Sound | Absent, beats: Beats) -> np.ndarray | Absent:
    """Return the audio embedding.

    The shipped constants standardise the features, which are clipped at 4 standard deviations. A feature that needs
    more beats than the sound has takes its usual value, 0.

    Parameters
    ----------
    sound : Sound or Absent
        Result of `load_sound`.
    beats : Beats
        Result of `find_beats` for the same sound.

    Returns
    -------
    np.ndarray or Absent
        float32 (128,) of Euclidean length 1, in the order of `feature_names`; Absent, with the reason, without enough
        sound.

    Raises
    ------
    NonFiniteVectorError
        A feature that needs no beats is NaN or Inf; the message names the dimensions.
    """
    if isinstance(sound, Absent):
        return sound
    if sound.duration < SHORTEST:
        return Absent(f"{sound.duration:.1f} s of sound are too short")
    constants = standard()
    features = audio_features(sound, beats)
    raw = np.array([features[name] for name in constants.names])
    unknown = np.isnan(raw) & [name.startswith(NEED_BEATS) for name in constants.names]
    known = require_finite(np.where(unknown, constants.centre, raw), constants.names)
    standardised = np.clip((known - constants.centre) / constants.scale, -LIMIT, LIMIT)
    return np.asarray(standardised / max(float(np.linalg.norm(standardised)), 1e-9), np.float32)
