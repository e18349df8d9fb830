"""The couple's keypoints and the three embeddings made from them."""

import logging
import time
from collections.abc import Callable

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.collection import layout
from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.stage import ClipStage, Figures, Made, Tables
from bachata_assets.pipeline.stages.vectors import vector_figures, vector_made
from bachata_assets.pipeline.tools import Models
from bachata_assets.pose import embeddings, estimator
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.drawing.preview_picture import preview_picture
from bachata_assets.pose.no_couple import NoCoupleError

logger = logging.getLogger(__name__)

TOLD_EVERY_S = 0.5
"""Time between two progress reports for a clip, s."""


def stages(model_fingerprint: str) -> list[ClipStage]:
    """Return the pose stages; the models' fingerprint is part of the code version of the keypoints."""
    keypoints = ClipStage(
        name="keypoints",
        inputs=("clip_file",),
        schema=schemas.keypoints,
        code_version=f"{estimator.code_version()}+{model_fingerprint}",
        description="Both dancers' 17 COCO keypoints at 15 fps, who leads, and how well they were seen.",
        group="pose",
        kinds=("python", "pytorch", "parquet"),
        make=make_keypoints,
        reads_files=True,
        figures=_figures,
        prefetch=True,
    )
    described = {
        "lead": "How the lead moves, 512 numbers.",
        "follow": "How the follow moves, 512 numbers.",
        "interaction": "How the two move together: distance, facing, hands, synchrony; 256 numbers.",
    }
    return [keypoints, *(_embedding_stage(family, text) for family, text in described.items())]


def make_keypoints(clip: Clip, _tables: Tables, models: Models) -> Made:
    """Find the couple in the clip's frames."""
    said = clip.annotation
    if said.couple == "none":
        raise NoCoupleError.said(clip.path)
    models.pose.require_precision()
    estimate = models.pose.estimator()
    watch = _tell_share(clip.clip_id)
    couple, pictures = estimate.with_pictures(
        clip.path, said.lead, said.couple, models.ended, models.limits, watch, said.swapped_at, clip.couple
    )
    preview = preview_picture(clip.clip_id, couple, pictures)
    return Made(couple.to_table(), couple.summary(), {layout.preview_picture(clip.clip_id): preview})


def _tell_share(clip_id: str) -> Callable[[float], None]:
    """Return a function that logs, from time to time, which share of a clip is done."""
    told = -TOLD_EVERY_S

    def watch(share: float) -> None:
        nonlocal told
        now = time.monotonic()
        if now - told >= TOLD_EVERY_S:
            told = now
            text = f"{clip_id}: keypoints, {share:.0%}"
            logger.info(text, extra={"live": True, "clip_doing": clip_id, "share": share})

    return watch


def _figures(table: pa.Table) -> Figures:
    return CoupleKeypoints.from_table(table).summary()


def _embedding_stage(family: str, description: str) -> ClipStage:
    return ClipStage(
        name=f"{family}_embedding",
        inputs=("keypoints", "beats"),
        schema=schemas.embedding(family),
        code_version=embeddings.VERSION,
        description=description,
        group="pose",
        kinds=("python", "numpy", "parquet"),
        make=_embedding_of(family),
        figures=vector_figures,
    )


def _embedding_of(family: str) -> Callable[[Clip, Tables, Models], Made]:
    def make(clip: Clip, tables: Tables, _models: Models) -> Made:
        from bachata_assets.music.beats import Beats

        couple = tables.decoded("keypoints", CoupleKeypoints.from_table)
        beats = tables.decoded("beats", Beats.from_table)
        if family == "interaction":
            vector = embeddings.interaction_embedding(couple, beats)
        else:
            vector = embeddings.dancer_embedding(couple, family, beats)
        return vector_made(family, clip.clip_id, vector, {"clock": embeddings.clock_of(beats).kind})

    return make
