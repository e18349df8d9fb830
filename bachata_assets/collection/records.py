"""`ClipRecord`: everything that is known of a clip in one row, gathered from the tables of its stages.

The search document and the `embeddings` table are both made of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from pydantic_core import from_json

from bachata_assets import schemas
from bachata_assets.collection.annotation_file import Annotation
from bachata_assets.collection.dataset import provenance_of
from bachata_assets.families import DIMENSIONS
from bachata_assets.pipeline.stage import Clip
from bachata_assets.pipeline.stages.vectors import vector_of
from bachata_assets.pose.couple_keypoints import couple_summary, found_dancers
from bachata_assets.pose.detection_timeline import detection_timeline

VERSION = "mmpose_v1"
"""The mission's `version` of a document. What exactly made it is in the tables' provenance."""

RECORD_INPUTS = ("keypoints", *(f"{family}_embedding" for family in DIMENSIONS))
"""The tables a record is gathered from."""
_AT_ONCE = 1000
"""Records that are made into a table at once: bounds the memory."""


@dataclass(frozen=True)
class ClipRecord:
    """One clip, as searched and as exported; vectors are float32, None where absent."""

    clip_id: str
    video_path: str
    annotation: Annotation
    quality_score: float
    detection_rate: float
    avg_confidence: float
    frame_count: int
    processing_time: float
    """Seconds that its tables took to make."""
    created_at: datetime
    """When the last of its tables was made."""
    vectors: Mapping[str, np.ndarray | None]
    absent: Mapping[str, str]
    """Family -> why it has no vector."""
    timeline: str
    """Where in the clip both dancers are found, see `report.timeline`."""

    @classmethod
    def gather(cls, clip: Clip, tables: Mapping[str, pa.Table]) -> "ClipRecord":
        """Return the record of a clip.

        Parameters
        ----------
        tables : the tables of RECORD_INPUTS, and any other whose time counts
        """
        couple = couple_summary(tables["keypoints"])
        made = [provenance_of(table) for table in tables.values()]
        families = {family: tables[f"{family}_embedding"] for family in DIMENSIONS}
        reasons = {family: table.column("absent_reason")[0].as_py() for family, table in families.items()}
        return cls(
            clip_id=clip.clip_id,
            video_path=clip.video_path,
            annotation=clip.annotation,
            quality_score=couple["quality_score"],
            detection_rate=couple["detection_rate"],
            avg_confidence=couple["avg_confidence"],
            frame_count=couple["frame_count"],
            processing_time=round(sum(one["seconds"] for one in made), 3),
            created_at=datetime.fromtimestamp(max(one["made_at"] for one in made), UTC),
            vectors={family: vector_of(table) for family, table in families.items()},
            absent={family: reason for family, reason in reasons.items() if reason},
            timeline=detection_timeline(found_dancers(tables["keypoints"])),
        )

    @classmethod
    def indexed(cls, clip: Clip, table: pa.Table) -> "ClipRecord":
        """Return the record of a clip from the one table of its document: far cheaper than from all its tables.

        Parameters
        ----------
        clip : as it was when it was indexed; its document says nothing of notes
        """
        (row,) = table.to_pylist()
        sent = from_json(row["document"])  # in a quarter of the time that json takes
        vectors = {family: sent[f"{family}_embedding"] for family in DIMENSIONS}
        return cls(
            clip_id=clip.clip_id,
            video_path=clip.video_path,
            annotation=clip.annotation,
            quality_score=sent["quality_score"],
            detection_rate=sent["detection_rate"],
            avg_confidence=row["avg_confidence"],
            frame_count=sent["frame_count"],
            processing_time=sent["processing_time"],
            created_at=datetime.fromisoformat(sent["created_at"]),
            vectors={
                family: None if vector is None else np.asarray(vector, np.float32) for family, vector in vectors.items()
            },
            absent=json.loads(row["absent"]),
            timeline=row["timeline"],
        )

    def scalars(self) -> dict[str, object]:
        """Return what the document says beside its vectors, with `avg_confidence`."""
        row = {name: value for name, value in self.row().items() if not name.endswith("_embedding")}
        return {**row, "created_at": self.created_at.isoformat().replace("+00:00", "Z")}

    def row(self) -> dict[str, object]:
        """Return the record as a row of `schemas.embeddings`."""
        return {
            "clip_id": self.clip_id,
            "video_path": self.video_path,
            **self.annotation.model_dump(exclude={"lead"}),
            "quality_score": self.quality_score,
            "detection_rate": self.detection_rate,
            "avg_confidence": self.avg_confidence,
            "frame_count": self.frame_count,
            "processing_time": self.processing_time,
            "version": VERSION,
            "created_at": self.created_at,
            **{f"{family}_embedding": vector for family, vector in self.vectors.items()},
        }


def embeddings_table(records: Sequence[ClipRecord]) -> pa.Table:
    """Return the table of `schemas.embeddings`, one row a clip."""
    parts = [
        pa.Table.from_pylist([record.row() for record in records[start : start + _AT_ONCE]], schema=schemas.embeddings)
        for start in range(0, len(records), _AT_ONCE)
    ]
    return pa.concat_tables([schemas.embeddings.empty_table(), *parts])
