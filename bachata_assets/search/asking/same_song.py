"""Clips danced to the same recording, found by sound, not by name.

docs/measurements/finding.md says how often that is right on real clips.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bachata_assets.clip_record import ClipRecord, trusted_tempo
from bachata_assets.search.backend import Backend
from bachata_assets.search.errors import QueryError
from bachata_assets.search.filters import Filters
from bachata_assets.search.similarity import MAX_SIZE, Query

SAME_TEMPO = 0.01
"""Maximum relative difference between two tempi heard in the same recording."""
ALIKE = 0.25
"""Minimum cosine of the audio vectors at which two clips with the same heard tempo count as one recording.

It is low because two parts of a song sound different. An answer loses little by a clip that is wrongly left out.
"""
SURELY_ALIKE = 0.75
"""Minimum cosine at which two clips count as one recording whatever their heard tempi."""


def to_the_same_song(backend: Backend[ClipRecord], audio: np.ndarray | None, tempo: float | None) -> frozenset[str]:
    """Return the clips that sound like the recording of the question.

    Parameters
    ----------
    backend : backend of the clips
    audio : float32 (128,), the question's audio vector
    tempo : the question's heard and trusted tempo, beats per minute

    Raises
    ------
    QueryError
        The question has no sound.
    """
    if audio is None:
        raise QueryError("the question has no sound, so other songs cannot be recognised: leave out --other-song")
    found: set[str] = set()
    while True:
        query = Query({"audio": audio}, {"audio": 1.0}, Filters(), MAX_SIZE, frozenset(found))
        alike = [one for one in backend.nearest(query) if 2 * one.score - 1 >= ALIKE]
        same = {one.key for one in alike if 2 * one.score - 1 >= SURELY_ALIKE or _is_tempo(one.shown, tempo)}
        found |= same
        if len(same) < MAX_SIZE / 2:  # else ask again without these
            return frozenset(found)


def _is_tempo(shown: Mapping[str, Any], tempo: float | None) -> bool:
    heard = trusted_tempo(shown["heard_tempo"], shown["heard_tempo_confidence"])
    return heard is not None and tempo is not None and abs(heard / tempo - 1) <= SAME_TEMPO
