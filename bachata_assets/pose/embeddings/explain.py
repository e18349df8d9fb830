"""Why two clips are similar: which kinds of measurement and which body parts their cosine comes from."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.embeddings.measurements import Name, couple_names, dancer_names

BLOCKS = {
    "level": "posture",
    "energy": "motion by period",
    "speed": "motion by period",
    "repeats": "regularity",
    "later": "order in time",
    "livelier": "order in time",
    "rises": "order in time",
    "": "events",
}
"""Word of a measure -> block."""

PARTS = {
    "hand": "hands",
    "hands": "hands",
    "wrist": "hands",
    "elbow": "arms",
    "knee": "legs",
    "ankle": "legs",
    "shoulders'": "shoulders",
    "hips'": "hips",
    "nose": "head",
    "head": "head",
    "heads": "head",
    "ears'": "head",
    "face": "head",
    "faces": "facing",
    "front": "facing",
    "fronts": "facing",
    "turns": "turning",
    "looks": "facing",
}
"""Word of a signal -> body part; the first that fits counts, anything else is the whole body."""


@dataclass(frozen=True)
class Explanation:
    """A cosine taken apart; each of the three sums to it."""

    similarity: float
    blocks: dict[str, float]
    """Kind of measurement -> its share of the cosine, largest first."""
    parts: dict[str, float]
    """Body part -> its share, largest first."""
    dimensions: dict[str, float]
    """Named dimension -> its share, largest first."""


def explain(a: np.ndarray, b: np.ndarray, family: str) -> Explanation:
    """Return where the cosine of two vectors of `lead`, `follow` or `interaction` comes from.

    Parameters
    ----------
    a, b : float (D,), unit vectors of the same family
    """
    names = names_of(family)
    products = np.asarray(a, float) * np.asarray(b, float)
    return Explanation(
        float(products.sum()),
        _summed(map(block_of, names), products),
        _summed(map(part_of, names), products),
        _summed(map(str, names), products),
    )


def names_of(family: str) -> list[Name]:
    """Return the names of the dimensions of `lead`, `follow` or `interaction`."""
    return couple_names() if family == "interaction" else dancer_names()


def block_of(name: Name) -> str:
    """Return the kind of measurement that a dimension is."""
    words = set(name.measure.split()) or {""}
    return next(block for word, block in BLOCKS.items() if word in words)


def part_of(name: Name) -> str:
    """Return the body part that a dimension measures."""
    return next((PARTS[word] for word in name.signal.split() if word in PARTS), "whole body")


def _summed(keys: Iterable[str], values: np.ndarray) -> dict[str, float]:
    """Return key -> sum of its values, largest first."""
    sums: dict[str, float] = {}
    for key, value in zip(keys, values, strict=True):
        sums[key] = sums.get(key, 0.0) + float(value)
    return dict(sorted(sums.items(), key=lambda item: -item[1]))
