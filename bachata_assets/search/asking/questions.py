"""The question of a search, and how its answer is made: words, songs to leave out, and diversity."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from bachata_assets.clip_record import ClipRecord, trusted_tempo
from bachata_assets.search.answers import SHOWN_FIELDS
from bachata_assets.search.asking.example import Example
from bachata_assets.search.asking.ranking import diverse, fused, likeness_of
from bachata_assets.search.asking.same_song import to_the_same_song
from bachata_assets.search.asking.words import asked_words, word_scores
from bachata_assets.search.backend import Backend
from bachata_assets.search.errors import QueryError, UnknownClipError
from bachata_assets.search.filters import Filters
from bachata_assets.search.results import Found
from bachata_assets.search.similarity import (
    MAX_SIZE,
    Match,
    Matches,
    Query,
    checked_vector,
    combine,
    family_scores,
)

POOL = 50
"""Minimum number of clips to choose a diverse answer from, and to fuse ranks by words and by vector from."""
POOL_PER_MATCH = 5
"""Number of clips in the pool for each requested match, where that is more than `POOL`."""
DIVERSITY = 0.5
"""Default weight of diversity."""
LONGEST_TEXT = 10_000
"""Maximum number of characters in a query sentence."""


@dataclass(frozen=True)
class Question:
    """What clips are compared with.

    Attributes
    ----------
    vectors : family -> float32 (D,)
    clip_id : id of the clip that is asked about; the answer leaves it out
    words : words of the query sentence
    tempo : heard and trusted tempo, beats per minute; None without one
    is_song : the question is a song, whose tempo the clips must fit
    """

    vectors: Mapping[str, np.ndarray]
    clip_id: str | None = None
    words: tuple[str, ...] = ()
    tempo: float | None = None
    is_song: bool = False


@dataclass(frozen=True)
class Wanted:
    """Requirements on an answer.

    Attributes
    ----------
    weights : family -> weight above 0
    size : maximum number of matches
    filters : conditions on the clips
    other_song : leave out clips to the same recording
    diversity : weight of diversity among the answers, 0..1
    """

    weights: Mapping[str, float]
    size: int
    filters: Filters = field(default_factory=Filters)
    other_song: bool = False
    diversity: float = 0.0


def question_of_text(text: str) -> Question:
    """Return the question that a sentence asks; the first use loads the text model.

    Raises
    ------
    QueryError
        The sentence is empty, too long or not valid text.
    """
    if not text.strip():
        raise QueryError("the text to search for is empty")
    if len(text) > LONGEST_TEXT:
        raise QueryError(f"the text to search for has {len(text):,} characters; {LONGEST_TEXT:,} are allowed")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise QueryError("the text to search for contains bytes that are not UTF-8") from None
    from bachata_assets.language.encoder import text_encoder

    return Question({"text": text_encoder().encode([text])[0]}, words=asked_words(text))


def question_of_vectors(vectors: Mapping[str, np.ndarray]) -> Question:
    """Return the question that vectors ask; an `Example` adds its tempo and words."""
    checked = {family: checked_vector(family, vector) for family, vector in vectors.items()}
    if isinstance(vectors, Example):
        return Question(checked, words=vectors.words, tempo=vectors.tempo, is_song=vectors.is_song)
    return Question(checked)


def question_of(
    backend: Backend[ClipRecord], clip_id: str | None, vectors: Mapping[str, np.ndarray] | None, text: str | None
) -> Question:
    """Return the question that exactly one of a clip, vectors and a sentence asks.

    Raises
    ------
    QueryError
        None or more than one is given, or it is invalid.
    UnknownClipError
        The clip is not in the index.
    """
    if sum(given is not None for given in (clip_id, vectors, text)) != 1:
        raise QueryError("give exactly one of: a clip, vectors, or a text")
    if text is not None:
        return question_of_text(text)
    if clip_id is None:
        return question_of_vectors(vectors or {})
    document = document_of(backend, clip_id)
    heard = trusted_tempo(document.heard_tempo, document.heard_tempo_confidence)
    return Question(document.vectors, clip_id, tempo=heard)


def document_of(backend: Backend[ClipRecord], clip_id: str) -> ClipRecord:
    """Return the document of a clip.

    Raises
    ------
    UnknownClipError
        The clip is not in the index; the message names clips with similar ids.
    """
    document = backend.get(clip_id)
    if document is None:
        near = get_close_matches(clip_id, backend.ids())
        hint = f"did you mean {' or '.join(near)}?" if near else "`bachata-assets status` names the clips"
        raise UnknownClipError(f"no clip {clip_id!r} in the index: {hint}")
    return document


def weights_of(by: str | None, presets: Mapping[str, Mapping[str, float]]) -> Mapping[str, float] | None:
    """Return the weights that `by` names; None without `by`, for the default weights.

    Raises
    ------
    QueryError
        `by` is unknown.
    """
    if by is not None and by not in presets:
        raise QueryError(f"by: no {by!r}; choose from {', '.join(presets)}")
    return None if by is None else presets[by]


def checked_diversity(diverse: bool | float) -> float:
    """Return the weight of diversity, `DIVERSITY` for True; raises `QueryError` if it is invalid."""
    weight = DIVERSITY if diverse is True else float(diverse)
    if not 0 <= weight <= 1:
        raise QueryError(f"diverse is {diverse!r}, must be true, false or a number from 0 to 1")
    return weight


def answer(backend: Backend[ClipRecord], question: Question, wanted: Wanted) -> Matches:
    """Return the clips that answer a question, best first.

    Raises
    ------
    QueryError
        The question has none of the families with a weight.
    """
    vectors = {family: question.vectors[family] for family in wanted.weights if family in question.vectors}
    if not vectors:
        has, weighs = ", ".join(question.vectors) or "nothing", ", ".join(wanted.weights)
        raise QueryError(f"nothing to compare: the query has {has}, the weights {weighs}")
    filters = wanted.filters
    if question.is_song and question.tempo is not None and not filters.names_tempo:
        filters = replace(filters, near_tempo=question.tempo)
    exclude = frozenset() if question.clip_id is None else frozenset({question.clip_id})
    if wanted.other_song:
        exclude |= to_the_same_song(backend, question.vectors.get("audio"), question.tempo)
    words = question.words if "text" in vectors else ()
    pool = wanted.size
    if words:
        pool = max(POOL, pool)
    if wanted.diversity:
        pool = min(MAX_SIZE, max(POOL, POOL_PER_MATCH * wanted.size))
    query = Query(vectors, {family: wanted.weights[family] for family in vectors}, filters, pool, exclude)
    found = backend.nearest(query)
    if words:
        found = _with_words(backend, query, words, found)
    if wanted.diversity:
        found = _of_variety(backend, query, found, wanted)
    return Matches(
        Match(clip_id=one.key, score=one.score, scores=one.scores, **one.shown) for one in found[: wanted.size]
    )


def _with_words(
    backend: Backend[ClipRecord], query: Query, words: tuple[str, ...], by_vector: list[Found]
) -> list[Found]:
    """Return the clips found by vector or by word, ordered by both ranks; unchanged if no word is found.

    A clip that only the words find is scored by its vectors too.
    """
    sentences = backend.containing(words, query.filters)
    by_word = word_scores(
        words, {key: text for key, text in sentences.items() if key not in query.exclude}, backend.count()
    )
    if not by_word:
        return by_vector
    known = {one.key: one for one in by_vector}
    missing = sorted((key for key in by_word if key not in known), key=lambda key: (-by_word[key], key))[: query.size]
    for record in backend.scan(Filters(), missing) if missing else ():
        known[record.clip_id] = _scored(record, query)
    by_word = {key: share for key, share in by_word.items() if key in known}
    shares = fused([{key: one.score for key, one in known.items()}, by_word])
    return [
        replace(known[key], score=share, scores={**known[key].scores, "words": by_word.get(key, 0.0)})
        for key, share in shares.items()
    ]


def _scored(record: ClipRecord, query: Query) -> Found:
    """Return a clip with the score that a backend would give it."""
    scores = {
        family: float(family_scores(vector, record.vectors[family][None])[0])
        for family, vector in query.vectors.items()
        if family in record.vectors
    }
    row = np.array([[scores.get(family, np.nan) for family in query.weights]])
    score = float(np.nan_to_num(combine(row, query.weight_vector)[0]))
    shown: dict[str, Any] = {name: getattr(record, name) for name in SHOWN_FIELDS}
    return Found(record.clip_id, score, scores, shown)


def _of_variety(backend: Backend[ClipRecord], query: Query, found: list[Found], wanted: Wanted) -> list[Found]:
    vectors = {record.clip_id: record.vectors for record in backend.scan(Filters(), [one.key for one in found])}
    found = [one for one in found if one.key in vectors]  # the others have been deleted since
    if not found:
        return found
    likeness = likeness_of([vectors[one.key] for one in found], query.weights)
    rows = diverse(np.array([one.score for one in found]), likeness, wanted.size, wanted.diversity)
    return [found[row] for row in rows]
