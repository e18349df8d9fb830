"""Words of a sentence that is asked, and how well the sentences of documents answer them.

The backends only find the documents that hold a word; they are scored here, so that both give the same answers.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping

MOST_WORDS = 64
"""Most words of a question that are looked for."""
LONGEST_WORD = 40
"""Most characters of a word that is looked for: LanceDB's index leaves out longer ones."""
MOST_HITS = 1000
"""Most documents that a backend returns for the words of a question."""
LEAST_SHARE = 0.5
"""Share of the best score below which a document does not count as found by its words."""
SATURATION, LENGTH = 1.2, 0.75
"""BM25's k1 and b, the values that Lucene and LanceDB take too."""
STOP_WORDS = frozenset(
    {"a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "into", "is", "it", "not", "of", "on", "or",
     "the", "to", "too", "very", "with", "without", "that", "this", "dance", "move", "beats", "per", "minute",
     "difficulty", "energy"}
)  # fmt: skip
"""Words that tell no clip from another: small ones, and those of every sentence that an annotation makes."""


def words_of(text: str) -> list[str]:
    """Return the words of a text as the analyzers of both backends do: in lower case, split at what is no letter.

    Examples
    --------
    >>> words_of("Lady's left_turn, 2nd!")
    ['lady', 's', 'left', 'turn', 'nd']
    """
    return re.findall(r"[^\W\d_]+", text.lower())


def asked_words(text: str) -> tuple[str, ...]:
    """Return the words of a question that are looked for, each once, in singular and plural.

    Examples
    --------
    >>> asked_words("a slow dip for beginners")
    ('slow', 'slows', 'dip', 'dips', 'beginners', 'beginner')
    """
    words = dict.fromkeys(word for word in words_of(text) if word not in STOP_WORDS and 1 < len(word) <= LONGEST_WORD)
    forms = [form for word in list(words)[:MOST_WORDS] for form in (word, _other_number(word))]
    return tuple(dict.fromkeys(forms))


def word_scores(asked: tuple[str, ...], sentences: Mapping[str, str], total: int) -> dict[str, float]:
    """Return how well documents answer the words of a question, by BM25, as shares of the best.

    Parameters
    ----------
    asked : of `asked_words`
    sentences : key -> sentence of every document that has one of the words
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
