"""The moments of a clip: what happens where in it."""

import json

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.collection.clip import Clip
from bachata_assets.families import Absent
from bachata_assets.music.beats import Beats
from bachata_assets.pipeline.stage import ClipStage, Figures, Made, Tables
from bachata_assets.pipeline.stages.vectors import ABOUT_KEY
from bachata_assets.pipeline.tools import Models
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings.clock import clock_of
from bachata_assets.pose.embeddings.moments import VERSION, Moment, moments_of


def stages() -> list[ClipStage]:
    """Return the stage of the moments."""
    return [
        ClipStage(
            name="moments",
            inputs=("keypoints", "beats"),
            schema=schemas.moments,
            code_version=VERSION,
            description="How both move in each window of 8 beats, every 4 beats: three vectors per moment.",
            group="pose",
            kinds=("python", "numpy", "parquet"),
            make=make_moments,
            figures=_figures,
        )
    ]


def make_moments(clip: Clip, tables: Tables, _models: Models) -> Made:
    """Describe each window of the clip."""
    couple = tables.decoded("keypoints", CoupleKeypoints.from_table)
    beats = tables.decoded("beats", Beats.from_table)
    rows = [_row(clip.clip_id, number, moment) for number, moment in enumerate(moments_of(couple, beats))]
    table = pa.Table.from_pylist(rows, schema=schemas.moments)
    table = table.replace_schema_metadata({ABOUT_KEY: json.dumps({"clock": clock_of(beats).kind})})
    return Made(table, _figures(table))


def _row(clip_id: str, number: int, moment: Moment) -> dict[str, object]:
    vectors = {
        f"{family}_embedding": None if isinstance(vector, Absent) else vector
        for family, vector in moment.vectors.items()
    }
    said = {name: getattr(moment, name) for name in schemas.MOMENT if name != "moment"}
    return {"clip_id": clip_id, "moment": number, **said, **vectors}


def _figures(table: pa.Table) -> Figures:
    clock = json.loads((table.schema.metadata or {}).get(ABOUT_KEY, b"{}"))
    return {**clock, "moments": table.num_rows}
