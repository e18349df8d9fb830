"""Why two clips are alike: where the cosine of each family comes from. Numpy only, so that it is quick to ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from bachata_assets.music import embedding as audio
from bachata_assets.pose.embeddings import explain
from bachata_assets.pose.embeddings.explain import block_of, names_of, part_of

EXPLAINED = ("lead", "follow", "interaction", "audio")
"""The families whose dimensions have names. The 384 numbers of a language model have none: the sentences say more."""


@dataclass(frozen=True)
class Why:
    """One family's similarity taken apart; shares are of the cosine, largest first.

    Attributes
    ----------
    blocks : kind of measurement -> share
    parts : body part -> share; empty for the audio family
    """

    cosine: float
    blocks: dict[str, float]
    parts: dict[str, float]


def why_alike(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> dict[str, Why]:
    """Return where the similarity of two clips comes from, for every family of `EXPLAINED` that both have.

    Parameters
    ----------
    a, b : family -> float (D,), unit vectors
    """
    found = {}
    for family in ("lead", "follow", "interaction"):
        if family in a and family in b:
            said = explain(a[family], b[family], family)
            found[family] = Why(said.similarity, said.blocks, said.parts)
    if "audio" in a and "audio" in b:
        products = np.asarray(a["audio"], float) * np.asarray(b["audio"], float)
        blocks: dict[str, float] = {}
        for name, share in zip(audio.feature_names(), products, strict=True):
            block = _audio_block(name)
            blocks[block] = blocks.get(block, 0.0) + float(share)
        largest = dict(sorted(blocks.items(), key=lambda item: -item[1]))
        found["audio"] = Why(float(products.sum()), largest, {})
    return found


@dataclass(frozen=True)
class Groups:
    """The dimensions of a family in groups, for many pairs at once.

    Attributes
    ----------
    names : of the G groups
    membership : float32 (D, G), 1 where a dimension is in a group
    """

    names: tuple[str, ...]
    membership: np.ndarray

    def largest(self, products: np.ndarray) -> np.ndarray:
        """Return for rows of products (N, D) of two unit vectors the group most of the cosine comes from: (N,)."""
        return np.asarray((products @ self.membership).argmax(axis=1))


@cache
def groups(family: str) -> tuple[Groups, Groups | None]:
    """Return the dimensions of a family of `EXPLAINED` by kind of measurement, and by body part (none for audio)."""
    if family == "audio":
        return _grouped(map(_audio_block, audio.feature_names())), None
    names = names_of(family)
    return _grouped(map(block_of, names)), _grouped(map(part_of, names))


def _grouped(keys: Iterable[str]) -> Groups:
    names, index = np.unique(list(keys), return_inverse=True)
    return Groups(tuple(map(str, names)), np.eye(len(names), dtype=np.float32)[index])


def _audio_block(name: str) -> str:
    return name.split(".", maxsplit=1)[0]
