"""Poses and beats of four real clips, as the pose models and the beat tracker found them.

They are made by `scripts/take_real_poses.py`; where they are from is said in the README beside them.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow.parquet as pq

from bachata_assets.music.beats import Beats
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings import dancer_embedding, interaction_embedding
from bachata_assets_tests.support.vectors import present

FOLDER = Path(__file__).parents[1] / "data" / "real_poses"
VECTORS = FOLDER / "vectors.npz"

CLIPS: dict[str, Literal["left", "right"]] = {
    "lady_left_turn_2": "left",
    "hammerlock_2": "right",
    "shadow_position_1": "right",
    "body_roll_3": "right",
}
"""Clip -> side of the picture on which the lead stands 0.5 s from the start, seen by eye."""


@cache
def real_couple(clip: str) -> CoupleKeypoints:
    return CoupleKeypoints.from_table(pq.read_table(FOLDER / f"{clip}.keypoints.parquet"))


@cache
def real_beats(clip: str) -> Beats:
    return Beats.from_table(pq.read_table(FOLDER / f"{clip}.beats.parquet"))


@cache
def expected_vectors(clip: str) -> dict[str, np.ndarray]:
    """Return the lead, follow and interaction vector as they are kept."""
    with np.load(VECTORS) as kept:
        return {name.removeprefix(f"{clip}/"): kept[name] for name in kept.files if name.startswith(f"{clip}/")}


def computed_vectors(clip: str) -> dict[str, np.ndarray]:
    """Return the vectors as the code makes them now."""
    return vectors_of(real_couple(clip), real_beats(clip))


def vectors_of(couple: CoupleKeypoints, beats: Beats | None) -> dict[str, np.ndarray]:
    return {
        "lead": present(dancer_embedding(couple, "lead", beats)),
        "follow": present(dancer_embedding(couple, "follow", beats)),
        "interaction": present(interaction_embedding(couple, beats)),
    }
