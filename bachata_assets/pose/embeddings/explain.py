"""Why two clips are similar: the kinds of measurement and parts of the body that their cosine comes from."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.embeddings.measurements import Name, couple_names, dancer_names

MOVEMENT = ("lead", "follow", "interaction")
"""Families that describe movement."""

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
"""Word in the name of a measure -> kind of measurement."""

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
"""Word in the name of a signal -> part of the body; the first match counts, and without one it is the whole body."""


@dataclass(frozen=True)
class Explanation:
    """A cosine split in three ways, each of which sums to it.

    Attributes
    ----------
    similarity : float
        The cosine, -1..1.
    blocks : dict
        Kind of measurement -> its share of the cosine, largest first.
    parts : dict
        Part of the body -> its share of the cosine, largest first.
    dimensions : dict
        Named dimension -> its share of the cosine, largest first.
    """

    similarity: float
    blocks: dict[str, float]
    parts: dict[str, float]
    dimensions: dict[str, float]


def explain(a: np.ndarray, b: np.ndarray, family: str) -> Explanation:
    """Split the cosine of two vectors by kind of measurement, part of the body and dimension.

    Parameters
    ----------
    a, b : np.ndarray
        float (D,), of Euclidean length 1.
    family : str
        Family of both: "lead", "follow" or "interaction".

    Raises
    ------
    ValueError
        The family is another one; `bachata_assets.explain` explains all of them.

    Examples
    --------
    >>> from pathlib import Path
    >>> from bachata_assets.pose.embeddings import dancer_embedding
    >>> from bachata_assets.pose.estimator import CouplePoseEstimator
    >>> from bachata_assets.pose.models.pose_models import PoseModels
    >>> estimate = CouplePoseEstimator(PoseModels.load(precision="f32"))
    >>> couple = estimate(Path("data/sample/videos/basic_steps/basic_step_1.mp4"))
    >>> lead, follow = (dancer_embedding(couple, role, None) for role in ("lead", "follow"))
    >>> explanation = explain(lead, follow, "lead")
    >>> list(explanation.blocks)  # doctest: +ELLIPSIS
    [...'motion by period'...]
    >>> abs(sum(explanation.blocks.values()) - explanation.similarity) < 1e-6
    True
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
    """Return the names of the dimensions of a family.

    Parameters
    ----------
    family : str
        "lead", "follow" or "interaction".

    Raises
    ------
    ValueError
        The family is another one, which does not describe movement.
    """
    if family not in MOVEMENT:
        raise ValueError(f"family {family!r}: {', '.join(MOVEMENT)} describe movement")
    return couple_names() if family == "interaction" else dancer_names()


def block_of(name: Name) -> str:
    """Return the kind of measurement of a dimension."""
    words = set(name.measure.split()) or {""}
    return next(block for word, block in BLOCKS.items() if word in words)


def part_of(name: Name) -> str:
    """Return the part of the body that a dimension measures."""
    return next((PARTS[word] for word in name.signal.split() if word in PARTS), "whole body")


def _summed(keys: Iterable[str], values: np.ndarray) -> dict[str, float]:
    """Return key -> sum of its values, largest first."""
    sums: dict[str, float] = {}
    for key, value in zip(keys, values, strict=True):
        sums[key] = sums.get(key, 0.0) + float(value)
    return dict(sorted(sums.items(), key=lambda item: -item[1]))
