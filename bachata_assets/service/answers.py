"""The answers of the service for its OpenAPI page: the schema of each, with an example."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field, create_model

from bachata_assets.clip_record import COLUMNS, DOCUMENT_FIELDS, Column
from bachata_assets.search.continuation import Chain, Change, Continuation
from bachata_assets.search.moments.record import MomentMatch
from bachata_assets.search.similarity import Match


class Problem(BaseModel):
    """Why a request is refused."""

    detail: str = Field(description="One line that says what is wrong.")


class Health(BaseModel):
    """The index answers."""

    clips: int = Field(description="Number of clips in the index.")


class ChangedField(BaseModel):
    """A change of one clip's annotation by a patch."""

    clip_id: str
    field: str
    before: Any
    after: Any


class Changes(BaseModel):
    """What a patch did, or would do."""

    annotations: str = Field(description="The annotation file.")
    written: bool = Field(description="Whether the file was changed.")
    changes: list[ChangedField]
    to_be_made: dict[str, list[str]] = Field(description="Clip -> what `generate` makes again for it.")
    left_out: list[str] = Field(description="Clips that are no longer part of the collection.")


def _values_of(column: Column) -> Any:
    """Return the Python type and the description of a field of the document."""
    kinds: dict[str, Any] = {"float": float, "integer": int, "dense_vector": list[float]}
    kind = kinds.get(column.elasticsearch or "", str)
    said = Field(... if not column.is_vector else None, description=column.description)
    return (kind | None if column.is_nullable else kind, said)


ClipDocument = create_model(
    "ClipDocument",
    __doc__="The document of a clip; with its vectors only on request.",
    **{name: _values_of(COLUMNS[name]) for name in DOCUMENT_FIELDS},
)

_CLIP: dict[str, Any] = {
    "clip_id": "basic_step_2",
    "video_path": "Bachata_steps/basic_steps/basic_step_2.mp4",
    "move_label": "basic_step",
    "difficulty": "beginner",
    "energy_level": "medium",
    "estimated_tempo": 120.0,
    "quality_score": 0.9,
    "heard_tempo": 127.0,
    "heard_tempo_confidence": 0.8,
}
_SCORES = {"lead": 0.71, "follow": 0.64, "interaction": 0.69}
_MATCH = Match(score=0.68, scores=_SCORES, **_CLIP)
_MOMENT = MomentMatch(
    score=0.68, moment=2, start_s=4.1, end_s=8.0, start_beat=8.0, end_beat=16.0, scores=_SCORES, **_CLIP
)
_NEXT = Continuation(
    score=0.4,
    cost=0.35,
    changes=(
        Change("distance", 0.8, 0.235, "torsos", "farther apart"),
        Change("tempo", 0.3, 4.0, "%", "tempo 127 to 127"),
    ),
    **_CLIP,
)
_DOCUMENT = _CLIP | {
    "lead_follow_roles": "both",
    "edges": '{"beginning": {"distance": 0.74}, "ending": {"distance": 0.81}}',
    "notes": "slow",
    "sentence": "Dance move: basic step, beginner difficulty, medium energy.",
    "detection_rate": 0.97,
    "frame_count": 210,
    "processing_time": 12.5,
    "version": "mmpose_v1",
    "code_versions": "pose-4",
    "created_at": "2026-01-31T20:15:00Z",
}

MATCHES = [_MATCH.to_dict()]
MOMENTS = [_MOMENT.to_dict()]
CONTINUATIONS = [_NEXT.to_dict()]
CHAIN = Chain.of("basic_step_1", [_NEXT]).to_dict()
CLIP = {name: _DOCUMENT[name] for name in DOCUMENT_FIELDS if not COLUMNS[name].is_vector}
HEALTH = {"clips": 75}
PATCH = {
    "format": "bachata-annotations-patch",
    "version": 1,
    "changes": [{"clip_id": "basic_step_2", "set": {"difficulty": "intermediate"}}],
}
ANNOTATED = {
    "annotations": "annotations.json",
    "written": True,
    "changes": [{"clip_id": "basic_step_2", "field": "difficulty", "before": "beginner", "after": "intermediate"}],
    "to_be_made": {"basic_step_2": ["text_embedding", "search_index"]},
    "left_out": [],
}
FIGURES = 'bachata_http_answers_total{method="GET",route="/similar",status="200"} 12.0\n'

_REFUSALS = {
    403: "Not enabled or not allowed here.",
    404: "The clip does not exist.",
    413: "The body is too large.",
    422: "The question cannot be answered in this form.",
    503: "The index does not answer now, or too many files are waiting.",
}


def described(example: Any, *refused: int, form: str = "application/json") -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route for its description: an example, and the possible refusals.

    Parameters
    ----------
    example : an example of an answer
    refused : status of each refusal
    form : media type of the answer
    """
    answers: dict[int | str, dict[str, Any]] = {200: {"content": {form: {"example": example}}}}
    return answers | {status: {"model": Problem, "description": _REFUSALS[status]} for status in refused}


def body(form: str, schema: Mapping[str, Any], example: Any = None) -> dict[str, Any]:
    """Return the description of the body of a route, which reads it itself."""
    content = {"schema": dict(schema)} | ({} if example is None else {"example": example})
    return {"requestBody": {"required": True, "content": {form: content}}}


FILE = body("application/octet-stream", {"type": "string", "format": "binary"})
"""The description of an uploaded file."""
