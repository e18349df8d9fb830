"""Clips that are danced to the same recording: found by sound, not by name.

How often that is right on real clips: docs/measurements/finding.md.
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
"""Share by which two tempi that are heard in one recording may differ."""
ALIKE = 0.25
"""Minimum cosine of the audio vectors of two clips of the same heard tempo, to count as one recording.

Another part of a song sounds otherwise: lower, more of it is found; what is wrongly left out costs an answer little.
"""
SURELY_ALIKE = 0.75
"""Minimum cosine from which two clips count as one recording whatever tempi are heard."""


def to_the_same_song(backend: Backend[ClipRecord], audio: np.ndarray | None, tempo: float | None) -> frozenset[str]:
    """Return the clips that sound as if they were danced to the recording that is asked about.

    Parameters
    ----------
    backend : of clips
    audio : float32 (128,), of the question
    tempo : that is heard in it and trusted, beats per minute

    Raises
    ------
    QueryError
        The question has no sound.
    """
    if audio is None:
        raise QueryError("the question has no sound, so clips to other songs cannot be told: leave out --other-song")
    found: set[str] = set()
    while True:
        query = Query({"audio": audio}, {"audio": 1.0}, Filters(), MAX_SIZE, frozenset(found))
        alike = [one for one in backend.nearest(query) if 2 * one.score - 1 >= ALIKE]
        same = {one.key for one in alike if 2 * one.score - 1 >= SURELY_ALIKE or _is_tempo(one.shown, tempo)}
        found |= same
        if len(same) < MAX_SIZE / 2:  # else the question is asked again without these
            return frozenset(found)


def _is_tempo(shown: Mapping[str, Any], tempo: float | None) -> bool:
    heard = trusted_tempo(shown["heard_tempo"], shown["heard_tempo_confidence"])
    return heard is not None and tempo is not None and abs(heard / tempo - 1) <= SAME_TEMPO
