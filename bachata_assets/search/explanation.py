"""The measurements and body parts that make two clips similar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from bachata_assets.music import embedding as audio
from bachata_assets.pose.embeddings import explain as explain_movement
from bachata_assets.pose.embeddings.explain import block_of, names_of, part_of

SENTENCE = "sentence"
"""The only block of the text family: sentences are compared as a whole."""
EXPLAINED = ("lead", "follow", "interaction", "audio")
"""Families whose dimensions have names; the 384 numbers of a language model have none."""


@dataclass(frozen=True)
class FamilyExplanation:
    """The cosine of one family as a sum of shares.

    Attributes
    ----------
    cosine : cosine of the two vectors, -1..1
    blocks : kind of measurement -> its share of the cosine, largest first
    parts : body part -> its share of the cosine, largest first; empty for the audio and text families
    """

    cosine: float
    blocks: dict[str, float]
    parts: dict[str, float]


def explain(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> dict[str, FamilyExplanation]:
    """Return the measurements and body parts that the similarity of two clips comes from.

    The cosine of two unit vectors is the sum of the products of their elements. This function sums the products by what
    their dimensions measure, so the shares add up to the cosine.

    Parameters
    ----------
    a, b : family -> float (D,), unit vectors; for example `ClipRecord.vectors` of two clips

    Returns
    -------
    family -> its explanation, for every family that both clips have; the text family has one share, the whole cosine

    Examples
    --------
    >>> import numpy as np
    >>> clip = {"audio": np.full(128, 128**-0.5), "text": np.full(384, 384**-0.5)}
    >>> explained = explain(clip, clip)
    >>> list(explained)
    ['audio', 'text']
    >>> round(explained["audio"].cosine, 6)
    1.0
    >>> blocks = explained["audio"].blocks
    >>> list(blocks)[:2], round(sum(blocks.values()), 6)
    (['rhythm', 'mfcc'], 1.0)
    >>> explained["text"].blocks.keys()
    dict_keys(['sentence'])
    """
    found = {}
    for family in ("lead", "follow", "interaction"):
        if family in a and family in b:
            movement = explain_movement(a[family], b[family], family)
            found[family] = FamilyExplanation(movement.similarity, movement.blocks, movement.parts)
    if "audio" in a and "audio" in b:
        products = np.asarray(a["audio"], float) * np.asarray(b["audio"], float)
        blocks: dict[str, float] = {}
        for name, share in zip(audio.feature_names(), products, strict=True):
            block = _audio_block(name)
            blocks[block] = blocks.get(block, 0.0) + float(share)
        largest = dict(sorted(blocks.items(), key=lambda item: -item[1]))
        found["audio"] = FamilyExplanation(float(products.sum()), largest, {})
    if "text" in a and "text" in b:
        cosine = float(np.asarray(a["text"], float) @ np.asarray(b["text"], float))
        found["text"] = FamilyExplanation(cosine, {SENTENCE: cosine}, {})
    return found


@dataclass(frozen=True)
class Groups:
    """The dimensions of a family in groups, for explaining many pairs at once.

    Attributes
    ----------
    names : names of the G groups
    membership : float32 (D, G), 1 where a dimension is in a group
    """

    names: tuple[str, ...]
    membership: np.ndarray

    def largest(self, products: np.ndarray) -> np.ndarray:
        """Return the group that contributes most to each cosine.

        Parameters
        ----------
        products : float (N, D), elementwise products of two unit vectors, one pair per row

        Returns
        -------
        int (N,), index of the group
        """
        return np.asarray((products @ self.membership).argmax(axis=1))


@cache
def groups(family: str) -> tuple[Groups, Groups | None]:
    """Return the dimensions of an `EXPLAINED` family by kind of measurement, and by body part (None for audio)."""
    if family == "audio":
        return _grouped(map(_audio_block, audio.feature_names())), None
    names = names_of(family)
    return _grouped(map(block_of, names)), _grouped(map(part_of, names))


def _grouped(keys: Iterable[str]) -> Groups:
    names, index = np.unique(list(keys), return_inverse=True)
    return Groups(tuple(map(str, names)), np.eye(len(names), dtype=np.float32)[index])


def _audio_block(name: str) -> str:
    return name.split(".", maxsplit=1)[0]
