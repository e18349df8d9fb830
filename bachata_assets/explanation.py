"""Why two clips are alike: where the cosine of each family comes from. Numpy only, so that it is quick to ask."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bachata_assets.music import embedding as audio
from bachata_assets.pose.embeddings import explain


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
    """Return where the similarity of two clips comes from, for every family that both have but the text.

    The 384 numbers of a language model have no meaning of their own: the two sentences say more.

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
            block = name.split(".")[0]
            blocks[block] = blocks.get(block, 0.0) + float(share)
        largest = dict(sorted(blocks.items(), key=lambda item: -item[1]))
        found["audio"] = Why(float(products.sum()), largest, {})
    return found
