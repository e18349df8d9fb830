"""Orders of an answer other than by score: fused ranks and diversity."""

from collections.abc import Mapping, Sequence

import numpy as np

from bachata_assets.search.similarity import combine

RANK_CONSTANT = 60
"""Number added to every rank, so that the first few of one list do not outweigh the other list."""
DIGITS = 5
"""Number of score digits that count for ranks; further digits differ between backends. Equal scores share a rank."""


def fused(lists: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Fuse several ranked lists by reciprocal rank.

    A key gets 1 / (60 + rank) from every list that has it (Cormack, Clarke and Büttcher, SIGIR 2009).

    Parameters
    ----------
    lists : key -> score, one mapping per list

    Returns
    -------
    key -> share of the best possible sum, 0..1; best first, equals sorted by key

    Examples
    --------
    >>> {key: round(share, 2) for key, share in fused([{"a": 0.9, "b": 0.8}, {"b": 1.0}]).items()}
    {'b': 0.99, 'a': 0.5}
    """
    shares: dict[str, float] = {}
    for scores in lists:
        rounded = {key: round(score, DIGITS) for key, score in scores.items()}
        ordered = sorted(rounded.values(), reverse=True)
        rank = {score: place for place, score in reversed(list(enumerate(ordered, 1)))}
        for key, score in rounded.items():
            shares[key] = shares.get(key, 0.0) + (RANK_CONSTANT + 1) / (RANK_CONSTANT + rank[score]) / len(lists)
    return dict(sorted(shares.items(), key=lambda item: (-round(item[1], DIGITS), item[0])))


def diverse(scores: np.ndarray, likeness: np.ndarray, size: int, diversity: float) -> list[int]:
    """Return the rows of a diverse answer, which ten takes of one move do not fill.

    Each row maximises its score minus its likeness to the most similar earlier row (maximal marginal relevance:
    Carbonell and Goldstein, SIGIR 1998). Both are cosines; the likeness is squared. Without the square, after a first
    answer that equals the question, score and likeness would cancel for all other rows.

    Parameters
    ----------
    scores : float (N,), 0..1, descending
    likeness : float (N, N), 0..1, similarity of each pair; NaN where it is unknown
    size : number of rows
    diversity : weight of the likeness, 0..1; the score has the rest

    Examples
    --------
    >>> import numpy as np
    >>> likeness = np.array([[1, 0.99, 0.5], [0.99, 1, 0.5], [0.5, 0.5, 1]])
    >>> diverse(np.array([0.9, 0.89, 0.7]), likeness, 2, 0.5)
    [0, 2]
    """
    relevance = 2 * scores - 1
    known = np.maximum(2 * np.nan_to_num(likeness) - 1, 0) ** 2
    closest = np.zeros(len(scores))
    left, chosen = list(range(len(scores))), list[int]()
    while left and len(chosen) < size:
        gains = (1 - diversity) * relevance[left] - diversity * closest[left]
        row = left.pop(int(gains.argmax()))
        chosen.append(row)
        closest = np.maximum(closest, known[row])
    return chosen


def likeness_of(vectors: Sequence[Mapping[str, np.ndarray]], weights: Mapping[str, float]) -> np.ndarray:
    """Return the similarity of each pair of documents, as a search with these weights would score it.

    Parameters
    ----------
    vectors : family -> float (D,), for each of the N documents
    weights : family -> weight

    Returns
    -------
    float64 (N, N), 0..1; NaN for a pair with no family in common
    """
    count = len(vectors)
    pairs = []
    for family in weights:
        size = next((len(one[family]) for one in vectors if family in one), 1)
        absent = np.full(size, np.nan)
        rows = np.array([one.get(family, absent) for one in vectors], float).reshape(count, size)
        units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        pairs.append(((1 + units @ units.T) / 2).ravel())
    scores = np.stack(pairs, axis=1)
    return combine(scores, np.array(list(weights.values()))).reshape(count, count)
