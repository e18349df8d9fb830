"""Clips whose beginning and ending are directions in one plane."""

import json
from typing import Any

import numpy as np

from bachata_assets.clip_record import ClipRecord
from bachata_assets.pose.transitions.facts import EdgeFacts
from bachata_assets_tests.support.documents import document

FACTS = EdgeFacts(
    distance=1.0, side=1.0, hold=0.3, lead_facing=0.1, follow_facing=-0.1, lead_level=1.5, follow_level=1.5,
    phase=0.1, tempo=120.0, posture=(0.5,) * 60, motion=(0.0,) * 60,
)  # fmt: skip


def direction(degrees: float) -> np.ndarray:
    """A vector (64,) in one plane."""
    vector = np.zeros(64, np.float32)
    vector[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vector


def clip_with_edges(
    name: str,
    begins: float | None,
    ends: float | None,
    seed: int = 0,
    estimated_tempo: float | None = None,
    **facts: Any,
) -> ClipRecord:
    """A clip whose edges point to some degrees, None: not seen; `facts` are of its beginning."""
    said = FACTS.to_dict() | {"absent_reason": None}
    edges = {"beginning": said | facts, "ending": said}
    if ends is None:
        edges["ending"] = dict.fromkeys(said) | {"absent_reason": "the lead cannot be seen where the clip ends"}
    return document(
        name,
        seed,
        beginning=None if begins is None else direction(begins),
        ending=None if ends is None else direction(ends),
        edges=json.dumps(edges),
        **({} if estimated_tempo is None else {"estimated_tempo": estimated_tempo}),
    )
