"""`MomentRecord`: a moment of a clip as a document; `MomentMatch`: a moment that was found.

A document carries the labels of its clip, so the filters for clips work for moments too.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.clip_record import (
    COLUMNS,
    ID_BYTES,
    VECTOR_FIELDS,
    ClipRecord,
    Column,
    json_of,
    with_direction,
)
from bachata_assets.families import DIMENSIONS
from bachata_assets.pose.embeddings.moments import FAMILIES
from bachata_assets.search.answers import Answer, Answers
from bachata_assets.search.explanation import FamilyExplanation
from bachata_assets.search.kind import Kind


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MomentRecord:
    """A moment of a clip as a document of the index.

    Attributes
    ----------
    moment_id : clip id and number of the moment, also the document's _id
    clip_id, video_path, move_label, difficulty, energy_level, lead_follow_roles, estimated_tempo, heard_tempo,
    heard_tempo_confidence, frame_count :
        fields of its clip, for filters and answers, and the clip's length in frames
    moment : its number in the clip, from 0
    moments : number of moments in the clip
    start_s, end_s : start and end, s
    start_beat, end_beat : start and end in beats, None without trusted beats
    lead_embedding, follow_embedding, interaction_embedding : float32 (D,), None if seen for less than a second
    quality_score, detection_rate : quality score and detection rate of the moment, 0..1

    Raises
    ------
    InvalidRecordError
        A vector has the wrong length, NaN or Inf, or is all zeros; the message names moment and field.
    """

    moment_id: str
    clip_id: str
    moment: int
    moments: int
    start_s: float
    end_s: float
    start_beat: float | None
    end_beat: float | None
    lead_embedding: np.ndarray | None
    follow_embedding: np.ndarray | None
    interaction_embedding: np.ndarray | None
    video_path: str
    move_label: str
    difficulty: str
    energy_level: str
    lead_follow_roles: str
    estimated_tempo: float
    heard_tempo: float | None
    heard_tempo_confidence: float | None
    frame_count: int
    quality_score: float
    detection_rate: float

    def __repr__(self) -> str:
        return f"MomentRecord({self.moment_id!r}, {self.start_s:.1f} to {self.end_s:.1f} s)"

    def __post_init__(self) -> None:
        for family, name in _VECTORS.items():
            vector = getattr(self, name)
            if vector is not None:
                checked = with_direction(vector, DIMENSIONS[family], f"{self.moment_id}: {name}")
                object.__setattr__(self, name, checked)

    @property
    def vectors(self) -> dict[str, np.ndarray]:
        """The families that the moment has, family -> float32 (D,)."""
        found = {family: getattr(self, name) for family, name in _VECTORS.items()}
        return {family: vector for family, vector in found.items() if vector is not None}

    def to_json(self) -> str:
        """Return the document as sent to Elasticsearch; the vectors survive the round trip exactly as float32."""
        return json_of({name: getattr(self, name) for name in MOMENTS.columns})

    @classmethod
    def from_source(cls, source: Mapping[str, Any]) -> Self:
        """Return the record of a document."""
        values: dict[str, Any] = {name: source.get(name) for name in MOMENTS.columns}
        for name in _VECTORS.values():
            values[name] = None if values[name] is None else np.asarray(values[name], np.float32)
        return cls(**values)

    @classmethod
    def from_stored(cls, source: Mapping[str, Any]) -> Self:
        """Return the record of a document; no other program writes moments."""
        return cls.from_source(source)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the document."""
        said = {name: getattr(self, name) for name in MOMENTS.columns if name not in _VECTORS.values()}
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
        for family, vector in self.vectors.items():
            digest.update(family.encode() + vector.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True, repr=False)
class MomentMatch(Answer):
    """A moment that was found.

    Attributes
    ----------
    start_s, end_s : start and end in the clip, s
    start_beat, end_beat : start and end in beats from the first heard beat, None without trusted beats
    score : weighted mean of `scores`, 0..1
    scores : family -> (1 + cosine) / 2, only the families that both the question and the moment have
    quality_score : quality score of the moment, 0..1
    why : family -> what its cosine comes from; None if not requested
    """

    moment: int
    start_s: float
    end_s: float
    start_beat: float | None
    end_beat: float | None
    scores: dict[str, float]
    why: dict[str, FamilyExplanation] | None = None

    def __repr__(self) -> str:
        part = f"{self.start_s:.1f} to {self.end_s:.1f} s"
        return f"MomentMatch({self.clip_id!r}, {part}, {self.move_label}, score {self.score:.3f})"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; `why` only if it was requested."""
        values = super().to_dict()
        if self.why is None:
            del values["why"]
        return values


class MomentMatches(Answers[MomentMatch]):
    """The moments that were found, best first."""


def moment_records(clip: ClipRecord, table: pa.Table) -> list[MomentRecord]:
    """Return the documents of a clip's moments.

    Parameters
    ----------
    clip : the document of the clip
    table : its table with the schema `schemas.moments`
    """
    said = {name: getattr(clip, name) for name in _OF_THE_CLIP}
    vectors: dict[str, Any] = {name: _vectors(table.column(name)) for name in _VECTORS.values()}
    rows = table.select(list(schemas.MOMENT)).to_pylist()
    return [
        MomentRecord(
            moment_id=_key(clip.clip_id, number),
            moments=len(rows),
            **row,
            **{name: of_all[number] for name, of_all in vectors.items()},
            **said,
        )
        for number, row in enumerate(rows)
    ]


def _vectors(column: pa.ChunkedArray) -> Sequence[np.ndarray | None]:
    return [None if not one.is_valid else one.values.to_numpy() for one in column]


def _key(clip_id: str, number: int) -> str:
    """Return the id of a moment's document; it has a hash in place of a very long clip id."""
    key = f"{clip_id}#{number}"
    return key if len(key.encode()) <= ID_BYTES else f"{hashlib.sha256(clip_id.encode()).hexdigest()}#{number}"


_VECTORS = {family: VECTOR_FIELDS[family] for family in FAMILIES}
_NOT_OF_THE_CLIP = (*schemas.MOMENT, *_VECTORS.values())
_OF_THE_CLIP = tuple(
    one.name for one in fields(MomentRecord) if one.name in COLUMNS and one.name not in _NOT_OF_THE_CLIP
)
_TYPES = {pa.int32(): "integer", pa.float64(): "float"}


def _column(name: str) -> Column:
    of_table = schemas.MOMENT[name]
    said = {key.decode(): value.decode() for key, value in (of_table.metadata or {}).items()}
    kind: Any = _TYPES[of_table.type]
    return Column(said["description"], of_table.type, kind, optional=of_table.nullable, unit=said.get("unit"))


_OWN = {
    "moment_id": Column("clip id and number of the moment, also the document's _id", pa.string(), "keyword"),
    "moments": Column("number of the clip's moments", pa.int32(), "integer"),
    **{name: _column(name) for name in schemas.MOMENT},
}
MOMENTS = Kind(
    MomentRecord,
    "moment_id",
    {one.name: _OWN[one.name] if one.name in _OWN else COLUMNS[one.name] for one in fields(MomentRecord)},
    tuple(one.name for one in fields(MomentMatch) if one.name not in ("score", "scores", "why")),
    suffix="_moments",
)
"""Moments, in an index of their own."""
