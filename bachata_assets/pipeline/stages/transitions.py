"""How a clip begins and ends, so that others can follow it."""

from typing import Any

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.collection.clip import Clip
from bachata_assets.families import Absent
from bachata_assets.music.beats import Beats
from bachata_assets.pipeline.stage import ClipStage, Figures, Made, Tables
from bachata_assets.pipeline.tools import Models
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.transitions import VERSION, transition_of
from bachata_assets.pose.transitions.edges import SIDES


def stages() -> list[ClipStage]:
    """Return the stage of the transitions."""
    return [
        ClipStage(
            name="transitions",
            inputs=("keypoints", "beats"),
            schema=schemas.transitions,
            code_version=VERSION,
            description="How both stand and move where the clip begins and ends, to find clips that can follow it.",
            group="pose",
            kinds=("python", "numpy", "parquet"),
            make=make_transitions,
            figures=_figures,
        )
    ]


def make_transitions(clip: Clip, tables: Tables, _models: Models) -> Made:
    """Describe both edges of the clip."""
    couple = tables.decoded("keypoints", CoupleKeypoints.from_table)
    transition = transition_of(couple, tables.decoded("beats", Beats.from_table))
    row: dict[str, Any] = {"clip_id": clip.clip_id}
    for side in SIDES:
        edge = getattr(transition, side)
        if isinstance(edge, Absent):
            row[f"{side}_absent_reason"] = edge.reason
        else:
            row |= {side: edge.vector} | {f"{side}_{name}": value for name, value in edge.facts.to_dict().items()}
    table = pa.Table.from_pylist([row], schema=schemas.transitions)
    return Made(table, _figures(table))


def _figures(table: pa.Table) -> Figures:
    return {side: table.column(f"{side}_absent_reason")[0].as_py() or "seen" for side in SIDES}
