"""Orders of an answer other than by score: two lists fused, and answers that are unlike one another."""

from collections.abc import Mapping, Sequence

import numpy as np

from bachata_assets.search.similarity import combine

RANK_CONSTANT = 60
"""Rank that is added to each, so that the first few of one list do not outweigh the other one."""
DIGITS = 5
"""Digits of scores that count for ranks: the last ones differ between backends, and equals have the same rank."""


def fused(lists: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the keys of several lists by reciprocal rank, best first, each with its share of the best possible.

    A key has 1 / (60 + rank) for every list that it is in (Cormack, Clarke and Büttcher, SIGIR 2009).

    Parameters
    ----------
    lists : key -> score

    Returns
    -------
    key -> 0..1, sorted; among equals by key

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
    """Return the rows of an answer in which ten takes of one move are not the whole answer.

    Each row maximises its score less its likeness to the most alike of those before (maximal marginal relevance:
    Carbonell and Goldstein, SIGIR 1998), both as cosines, the likeness squared: unsquared, everything beside a first
    answer that equals the question gains the same.

    Parameters
    ----------
    scores : float (N,), 0..1, descending
    likeness : float (N, N), 0..1, of each pair; NaN where nothing is known of it
    size : number of rows
    diversity : weight of the likeness, 0..1; the score weighs the rest

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
    """Return how alike documents are, pair by pair, as a search with these weights would score them.

    Parameters
    ----------
    vectors : of each of the N documents, family -> float (D,)
    weights : family -> weight

    Returns
    -------
    float64 (N, N), 0..1; NaN where two have no family in common
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
