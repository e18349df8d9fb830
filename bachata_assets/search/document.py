"""`ClipDocument`: what is stored for a clip, in the mission's fields, and its JSON.

How it is stored is each backend's concern (`elasticsearch_index.py`, `lancedb_index.py`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bachata_assets.families import DIMENSIONS
from bachata_assets.search.errors import InvalidDocumentError

VECTOR_FIELDS = {family: f"{family}_embedding" for family in ("audio", "lead", "follow", "interaction", "text")}
"""Embedding family -> its field, in the document's order."""
PROVENANCE_FIELDS = ("processing_time", "created_at")
"""How and when a document came about: not part of its content."""
ID_BYTES = 512
"""Longest `_id` that Elasticsearch takes; one longer id refuses the whole bulk request."""


@dataclass(frozen=True, eq=False)
class ClipDocument:
    """One clip as it is searched for; an absent family is None, never zeros.

    Raises
    ------
    InvalidDocumentError
        Naming clip and field: a vector of the wrong length, with NaN or Inf, or all zeros (so without a
        cosine); a number that is not finite; an id that is empty or longer than 512 bytes.
    """

    clip_id: str
    video_path: str
    audio_embedding: np.ndarray | None
    lead_embedding: np.ndarray | None
    follow_embedding: np.ndarray | None
    interaction_embedding: np.ndarray | None
    text_embedding: np.ndarray | None
    move_label: str
    difficulty: str
    energy_level: str
    lead_follow_roles: str
    estimated_tempo: float
    quality_score: float
    detection_rate: float
    frame_count: int
    processing_time: float
    version: str
    created_at: datetime

    def __post_init__(self) -> None:
        if not self.clip_id or len(self.clip_id.encode()) > ID_BYTES:
            raise InvalidDocumentError(f"clip id {self.clip_id[:80]!r}: must be 1 to {ID_BYTES} bytes long")
        for family, name in VECTOR_FIELDS.items():
            vector = getattr(self, name)
            if vector is not None:
                object.__setattr__(self, name, _checked(vector, DIMENSIONS[family], f"{self.clip_id}: {name}"))
        for name in ("estimated_tempo", "quality_score", "detection_rate", "processing_time"):
            if not np.isfinite(getattr(self, name)):
                raise InvalidDocumentError(f"{self.clip_id}: {name} is {getattr(self, name)}, not a finite number")
        if self.created_at.tzinfo is None:
            raise InvalidDocumentError(f"{self.clip_id}: created_at {self.created_at} has no time zone")

    @property
    def vectors(self) -> dict[str, np.ndarray]:
        """The families that are there, family -> float32 (D,)."""
        found = {family: getattr(self, name) for family, name in VECTOR_FIELDS.items()}
        return {family: vector for family, vector in found.items() if vector is not None}

    def to_source(self) -> dict[str, Any]:
        """Return the document as plain values in the mission's order; an absent vector is None."""
        source: dict[str, Any] = json.loads(self.to_json())
        return source

    def to_json(self) -> str:
        """Return the JSON as sent to Elasticsearch; its vectors read back as the same float32."""
        values = {column.name: getattr(self, column.name) for column in fields(self)}
        values["created_at"] = self.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        parts = [f'"{name}":{_json(value)}' for name, value in values.items()]
        return "{" + ",".join(parts) + "}"

    @classmethod
    def from_source(cls, source: Mapping[str, Any]) -> "ClipDocument":
        """Return the document of a `to_source` or of a JSON read back; foreign fields are ignored."""
        values: dict[str, Any] = {column.name: source.get(column.name) for column in fields(cls)}
        for name in VECTOR_FIELDS.values():
            values[name] = None if values[name] is None else np.asarray(values[name], np.float32)
        if isinstance(values["created_at"], str):
            values["created_at"] = datetime.fromisoformat(values["created_at"])
        return cls(**values)

    @cached_property
    def content_hash(self) -> str:
        """Sha256 of all but processing_time and created_at, which re-making the same content changes."""
        excluded = (*PROVENANCE_FIELDS, *VECTOR_FIELDS.values())
        content = {c.name: getattr(self, c.name) for c in fields(self) if c.name not in excluded}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
        for family, vector in self.vectors.items():
            digest.update(family.encode() + vector.tobytes())
        return digest.hexdigest()


def _checked(vector: np.ndarray, size: int, name: str) -> np.ndarray:
    """Return a vector as read-only float32 (size,) that has a direction."""
    checked = np.array(vector, np.float32)
    if checked.shape != (size,):
        raise InvalidDocumentError(f"{name} has shape {checked.shape}, must be ({size},)")
    if not np.isfinite(checked).all():
        raise InvalidDocumentError(f"{name} holds NaN or Inf")
    if not np.linalg.norm(checked) > 0:
        raise InvalidDocumentError(f"{name} is all zeros; an absent vector is None")
    checked.flags.writeable = False
    return checked


def _json(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    # Arrow writes the shortest text that is the same float32 again, ten times as fast as json writes doubles.
    numbers = pa.ListArray.from_arrays(pa.array([0, len(value)], pa.int32()), pa.array(value).cast(pa.string()))
    return f"[{pc.binary_join(numbers, ',')[0]}]"
