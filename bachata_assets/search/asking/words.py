"""The words of a query sentence, and how well the sentences of documents match them.

The backends only find documents that contain a word. This module scores them, so both backends give the same answers.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping

MOST_WORDS = 64
"""Maximum number of words to look for in one question."""
LONGEST_WORD = 40
"""Maximum number of characters of a word to look for; LanceDB's index leaves out longer ones."""
MOST_HITS = 1000
"""Maximum number of documents that a backend returns for the words of a question."""
LEAST_SHARE = 0.5
"""Share of the best score that a document needs to count as found by its words."""
SATURATION, LENGTH = 1.2, 0.75
"""BM25's k1 and b, the same values as in Lucene and LanceDB."""
STOP_WORDS = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "into", "is", "it", "not", "of", "on", "or",
     "the", "to", "too", "very", "with", "without", "that", "this", "dance", "move", "beats", "per", "minute",
     "difficulty", "energy"}
)  # fmt: skip
"""Words that do not distinguish clips: function words, and words that every annotation's sentence has."""


def words_of(text: str) -> list[str]:
    """Split a text into words as both backends' analyzers do: lower case, split at every non-letter.

    Examples
    --------
    >>> words_of("Lady's left_turn, 2nd!")
    ['lady', 's', 'left', 'turn', 'nd']
    """
    return re.findall(r"[^\W\d_]+", text.lower())


def asked_words(text: str) -> tuple[str, ...]:
    """Return the distinct words to look for in a question, in singular and plural.

    Examples
    --------
    >>> asked_words("a slow dip for beginners")
    ('slow', 'slows', 'dip', 'dips', 'beginners', 'beginner')
    """
    words = dict.fromkeys(word for word in words_of(text) if word not in STOP_WORDS and 1 < len(word) <= LONGEST_WORD)
    forms = [form for word in list(words)[:MOST_WORDS] for form in (word, _other_number(word))]
    return tuple(dict.fromkeys(forms))


def word_scores(asked: tuple[str, ...], sentences: Mapping[str, str], total: int) -> dict[str, float]:
    """Return each document's BM25 score for the words of a question, as a share of the best score.

    Parameters
    ----------
    asked : from `asked_words`
    sentences : key -> sentence, of every document that has one of the words
    total : number of documents in the index

    Returns
    -------
    key -> 0..1, of the documents that reach `LEAST_SHARE`
    """
    counts = {key: Counter(words_of(sentence)) for key, sentence in sentences.items()}
    lengths = {key: sum(count.values()) for key, count in counts.items()}
    usual = sum(lengths.values()) / max(len(lengths), 1)
    scores = dict.fromkeys(sentences, 0.0)
    for word in asked:
        having = [key for key, count in counts.items() if word in count]
        rarity = math.log(1 + (max(total, len(sentences)) - len(having) + 0.5) / (len(having) + 0.5))
        for key in having:
            often = counts[key][word]
            scores[key] += rarity * often / (often + SATURATION * (1 - LENGTH + LENGTH * lengths[key] / usual))
    most = max(scores.values(), default=0.0)
    return {key: score / most for key, score in scores.items() if score > 0 and score >= LEAST_SHARE * most}


def _other_number(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else f"{word}s"
