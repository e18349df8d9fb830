"""`ClipRecord`: everything that is known about a clip, in one row.

Each field has a `Column` that defines it in all forms of the row: the table `embeddings` (`schemas.py`), the document
of the search index and its JSON (this module), the mapping in Elasticsearch (`search/elasticsearch/mapping.py`), the
table in LanceDB (`search/lancedb/backend.py`) and the rows of the report. `collection/clip_tables.py` gathers a record
from the tables of a clip.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Annotated, Any, Literal, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bachata_assets.families import DIMENSIONS

ID_BYTES = 512
"""Maximum length of a clip id, bytes: one longer `_id` makes Elasticsearch refuse the whole bulk request."""

EDGE_DIMENSIONS = 64
"""Length of the vectors of a clip's beginning and ending."""

TRUSTED_CONFIDENCE = 0.5
"""Minimum confidence of a heard tempo, and of beats that serve as a clock."""

ElasticsearchType = Literal["keyword", "text", "float", "integer", "date", "dense_vector"]
Analyzer = Literal["simple", "standard"]


class InvalidRecordError(ValueError):
    """A record is invalid for a search; the message names clip and field."""


@dataclass(frozen=True)
class Column:
    """Definition of a field of `ClipRecord` in all its forms.

    Attributes
    ----------
    description : description of the field, a phrase
    arrow : type in the table `embeddings`; None: not in the table
    elasticsearch : type in the document; None: not in the document
    words : analyzer for full-text queries in Elasticsearch, of a field of type `text` or of another field's sub-field
        `text`; None: there is no sub-field. `simple` splits at every non-letter, `standard` splits sentences into words
    optional : may be null; vectors always may
    unit : unit of the numbers
    provenance : says how and when the record was made; `ClipRecord.content_hash` leaves it out
    only_searched : in the document, not in the table `embeddings`
    """

    description: str
    arrow: pa.DataType | None = None
    elasticsearch: ElasticsearchType | None = None
    words: Analyzer | None = None
    optional: bool = False
    unit: str | None = None
    provenance: bool = False
    only_searched: bool = False

    @property
    def is_vector(self) -> bool:
        """Whether the field is a vector, which may be absent: an embedding, or an edge of the clip."""
        return self.elasticsearch == "dense_vector"

    @property
    def is_nullable(self) -> bool:
        """Whether the field may be null."""
        return self.is_vector or self.optional

    def arrow_field(self, name: str) -> pa.Field:
        """Return the Arrow field of the column, with its unit."""
        unit = {"unit": self.unit} if self.unit else None
        return pa.field(name, self.arrow, nullable=self.is_nullable, metadata=unit)


def _vector(family: str, description: str) -> Column:
    return Column(description, pa.list_(pa.float32(), DIMENSIONS[family]), "dense_vector")


_edge = partial(Column, arrow=pa.list_(pa.float32(), EDGE_DIMENSIONS), elasticsearch="dense_vector", only_searched=True)
_label = partial(Column, arrow=pa.string(), elasticsearch="keyword")
_number = partial(Column, arrow=pa.float64(), elasticsearch="float")
_sentence = partial(Column, arrow=pa.string(), elasticsearch="text", words="simple", optional=True)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ClipRecord:
    """One clip for search, export and report.

    The document in the search index is the record without the three fields that only a data dir has: `avg_confidence`,
    `absent` and `timeline`. A record from an index has their defaults.

    Vectors are float32 (D,), read-only, and None if the family is absent, never zeros.

    Raises
    ------
    InvalidRecordError
        A vector has the wrong length, NaN or Inf, or is all zeros (and has no cosine); a number is not finite; a time
        has no time zone; an id is empty or longer than 512 bytes. The message names clip and field.
    """

    clip_id: Annotated[str, _label("name of the clip, also the document's _id")]
    video_path: Annotated[str, _label("path of the video, with forward slashes", words="simple")]
    audio_embedding: Annotated[np.ndarray | None, _vector("audio", "sound of the music")]
    lead_embedding: Annotated[np.ndarray | None, _vector("lead", "movement of the lead")]
    follow_embedding: Annotated[np.ndarray | None, _vector("follow", "movement of the follow")]
    interaction_embedding: Annotated[np.ndarray | None, _vector("interaction", "movement of the two together")]
    text_embedding: Annotated[np.ndarray | None, _vector("text", "sentence made from the annotation")]
    move_label: Annotated[str, _label("name of the move", words="simple")]
    difficulty: Annotated[str, _label("beginner, intermediate or advanced, as annotated")]
    energy_level: Annotated[str, _label("low, medium or high, as annotated")]
    lead_follow_roles: Annotated[str, _label("whom the clip teaches: lead_focus, follow_focus or both, as annotated")]
    estimated_tempo: Annotated[float, _number("tempo of the music, as annotated", unit="beats per minute")]
    heard_tempo: Annotated[
        float | None, _number("tempo of the music, as heard", unit="beats per minute", optional=True)
    ] = None
    heard_tempo_confidence: Annotated[
        float | None,
        _number("how clearly the music repeats at this tempo; from 0.5 it is trusted", unit="0..1", optional=True),
    ] = None
    beginning: Annotated[np.ndarray | None, _edge("how both stand and move where the clip begins")] = None
    ending: Annotated[np.ndarray | None, _edge("the same where it ends; near the beginnings that continue it")] = None
    edges: Annotated[
        str | None,
        _label("JSON: facts about beginning and ending, or why there is none", optional=True, only_searched=True),
    ] = None
    notes: Annotated[str | None, _label("free text of the annotation", words="standard", optional=True)] = None
    sentence: Annotated[str | None, _sentence("the sentence of the text embedding")] = None
    quality_score: Annotated[float, _number("0.6 x detection_rate + 0.4 x avg_confidence", unit="0..1")]
    detection_rate: Annotated[float, _number("share of the frames in which both dancers are found", unit="0..1")]
    avg_confidence: Annotated[
        float | None, Column("mean keypoint score of the dancers that are found", pa.float64(), unit="0..1")
    ] = None
    frame_count: Annotated[int, Column("number of sampled frames", pa.int32(), "integer", unit="frames at 15 fps")]
    processing_time: Annotated[float, _number("time that making its tables took", unit="s", provenance=True)]
    version: Annotated[str, _label("version of the pipeline, as in the specification")]
    code_versions: Annotated[
        str | None,
        _label(
            "code, constants and models that made its vectors; only vectors with equal values are comparable, and "
            "null means a document of another program",
            optional=True,
        ),
    ] = None
    created_at: Annotated[
        datetime, Column("when the last of its tables was made", pa.timestamp("us", tz="UTC"), "date", provenance=True)
    ]
    absent: Annotated[Mapping[str, str], Column("family -> why it has no vector")] = field(default_factory=dict)
    timeline: Annotated[str, Column("where both dancers are found, see `pose.detection_timeline`")] = ""

    def __repr__(self) -> str:
        families = ", ".join(self.vectors) or "no"
        return f"ClipRecord({self.clip_id!r}, {self.move_label}, quality {self.quality_score:.2f}, {families} vectors)"

    def __post_init__(self) -> None:
        if not self.clip_id or len(self.clip_id.encode()) > ID_BYTES:
            raise InvalidRecordError(f"clip id {self.clip_id[:80]!r}: must be 1 to {ID_BYTES} bytes long")
        for name, size in _SIZES.items():
            vector = getattr(self, name)
            if vector is not None:
                object.__setattr__(self, name, with_direction(vector, size, f"{self.clip_id}: {name}"))
        for name in _NUMBERS:
            value = getattr(self, name)
            if not (np.isfinite(value) if value is not None else COLUMNS[name].optional):
                raise InvalidRecordError(f"{self.clip_id}: {name} is {value}, not a finite number")
        if self.created_at.tzinfo is None:
            raise InvalidRecordError(f"{self.clip_id}: created_at {self.created_at} has no time zone")

    @property
    def vectors(self) -> dict[str, np.ndarray]:
        """The families that the clip has, family -> float32 (D,)."""
        found = {family: getattr(self, name) for family, name in VECTOR_FIELDS.items()}
        return {family: vector for family, vector in found.items() if vector is not None}

    @property
    def tempo(self) -> float:
        """The heard tempo if it is trusted, else the annotated one, beats per minute."""
        return trusted_tempo(self.heard_tempo, self.heard_tempo_confidence) or self.estimated_tempo

    def scalars(self) -> dict[str, Any]:
        """Return the row of the table `embeddings` without its vectors, as JSON values."""
        row = {name: getattr(self, name) for name in TABLE_FIELDS if not COLUMNS[name].is_vector}
        return {**row, "created_at": _as_text(self.created_at)}

    def to_source(self) -> dict[str, Any]:
        """Return the document as plain values in the specification's order, with None for an absent vector."""
        source: dict[str, Any] = json.loads(self.to_json())
        return source

    def to_json(self) -> str:
        """Return the document as sent to Elasticsearch; the vectors survive the round trip exactly as float32."""
        values = {name: getattr(self, name) for name in DOCUMENT_FIELDS} | {"created_at": _as_text(self.created_at)}
        return json_of(values)

    @classmethod
    def from_source(cls, source: Mapping[str, Any], **beside: Any) -> "ClipRecord":
        """Return the record from the result of `to_source` or from parsed JSON; unknown fields are ignored.

        Parameters
        ----------
        source : values of the document
        beside : values of fields that are not in the document
        """
        values: dict[str, Any] = {name: source.get(name) for name in DOCUMENT_FIELDS}
        for name in _SIZES:
            values[name] = None if values[name] is None else np.asarray(values[name], np.float32)
        if isinstance(values["created_at"], str):
            values["created_at"] = datetime.fromisoformat(values["created_at"])
        return cls(**values, **beside)

    @classmethod
    def from_stored(cls, source: Mapping[str, Any]) -> "ClipRecord":
        """Return the record of a document in an index, including documents of the earlier pipeline.

        Those have no time zone in `created_at`, which is then UTC, and zeros for an absent vector.

        Parameters
        ----------
        source : values of the document

        Raises
        ------
        InvalidRecordError
            It is not a record in the earlier form either; the message names clip and field.
        """
        values = dict(source)
        try:
            for name in VECTOR_FIELDS.values():
                vector = values.get(name)
                if vector is not None and not np.any(np.asarray(vector, np.float32)):
                    values[name] = None
            moment = values["created_at"]
            moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
            values["created_at"] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return cls.from_source(values)
        except InvalidRecordError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidRecordError(f"{values.get('clip_id')}: {type(error).__name__}: {error}") from error

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the document without `processing_time` and `created_at`, which differ each time it is made."""
        said = [name for name in DOCUMENT_FIELDS if not (COLUMNS[name].provenance or COLUMNS[name].is_vector)]
        content = {name: getattr(self, name) for name in said}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
        for family, vector in self.vectors.items():
            digest.update(family.encode() + vector.tobytes())
        for name in EDGES:
            digest.update(b"" if getattr(self, name) is None else name.encode() + getattr(self, name).tobytes())
        return digest.hexdigest()


COLUMNS: dict[str, Column] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(ClipRecord, include_extras=True).items()
}
"""Field of `ClipRecord` -> its column, in the order of the fields."""

DOCUMENT_FIELDS = tuple(name for name, column in COLUMNS.items() if column.elasticsearch)
"""Fields of the document: the specification's in its order, with further ones between them."""

TABLE_FIELDS = tuple(name for name, column in COLUMNS.items() if column.arrow and not column.only_searched)
"""Fields of the table `embeddings`."""

VECTOR_FIELDS = {name.removesuffix("_embedding"): name for name in TABLE_FIELDS if COLUMNS[name].is_vector}
"""Embedding family -> its field, in the document's order."""

EDGES = ("beginning", "ending")
"""Vector fields of no family: the cosine of an ending and a beginning says how well the one continues the other."""

_SIZES = {name: DIMENSIONS[family] for family, name in VECTOR_FIELDS.items()} | dict.fromkeys(EDGES, EDGE_DIMENSIONS)
_NUMBERS = tuple(name for name, column in COLUMNS.items() if column.elasticsearch == "float")


def trusted_tempo(tempo: float | None, confidence: float | None) -> float | None:
    """Return a heard tempo, or None if it is not trusted or there is none."""
    return tempo if confidence is not None and confidence >= TRUSTED_CONFIDENCE else None


def with_direction(vector: np.ndarray, size: int, name: str) -> np.ndarray:
    """Return a vector as read-only float32 (size,).

    Raises
    ------
    InvalidRecordError
        The vector has another length, NaN or Inf, or is all zeros; the message names it.
    """
    checked = np.array(vector, np.float32)
    if checked.shape != (size,):
        raise InvalidRecordError(f"{name} has shape {checked.shape}, must be ({size},)")
    if not np.isfinite(checked).all():
        raise InvalidRecordError(f"{name} holds NaN or Inf")
    if not np.linalg.norm(checked) > 0:
        raise InvalidRecordError(f"{name} is all zeros; an absent vector is None")
    checked.flags.writeable = False
    return checked


def _as_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def json_of(values: Mapping[str, Any]) -> str:
    """Return the JSON of a document; the vectors survive the round trip exactly as float32."""
    return "{" + ",".join(f'"{name}":{_json(value)}' for name, value in values.items()) + "}"


def _json(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    # Arrow writes the shortest text that parses to the same float32, ten times as fast as json writes doubles.
    numbers = pa.ListArray.from_arrays(pa.array([0, len(value)], pa.int32()), pa.array(value).cast(pa.string()))
    return f"[{pc.binary_join(numbers, ',')[0]}]"
