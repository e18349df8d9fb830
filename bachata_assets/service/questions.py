"""Questions to the search index over HTTP: their parameters, and the routes that answer them."""

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from bachata_assets.clip_record import COLUMNS
from bachata_assets.search.asking.example import Example
from bachata_assets.search.continuation import Chain, Continuation
from bachata_assets.search.continuation.chain import LONGEST, SHORTEST
from bachata_assets.search.filters import Filters
from bachata_assets.search.index import SearchIndex
from bachata_assets.search.moments.record import MomentMatch
from bachata_assets.search.similarity import MAX_SIZE, Match, parse_weights
from bachata_assets.service.answers import CHAIN, CLIP, CONTINUATIONS, MATCHES, MOMENTS, ClipDocument, described


class Conditions(BaseModel):
    """Conditions for the clips of an answer; unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    move_label: tuple[str, ...] = Field((), description="One of these labels.", examples=[["basic_step"]])
    difficulty: tuple[str, ...] = Field((), description="One of these difficulties.", examples=[["beginner"]])
    energy_level: tuple[str, ...] = Field((), description="One of these energy levels.")
    min_tempo: float | None = Field(None, description="Lowest tempo, beats per minute.", examples=[100])
    max_tempo: float | None = Field(None, description="Highest tempo, beats per minute.", examples=[130])
    min_quality: float | None = Field(None, description="Lowest quality, 0..1.", examples=[0.6])
    near_tempo: float | None = Field(None, description="Tempo of a song: it, its double or its half within 4 %.")

    def filters(self) -> Filters:
        """Return the conditions as filters of the index."""
        return Filters.of({name: value for name in Conditions.model_fields if (value := getattr(self, name))})


class Weighed(Conditions):
    """What to compare, and how many answers to return."""

    by: str | None = Field(None, description="What to compare.", examples=["move"])
    weights: str | None = Field(None, description="Weight of each family, e.g. lead=0.5,follow=0.5, instead of `by`.")
    size: int = Field(10, ge=1, le=MAX_SIZE, description="Number of answers.")

    def wanted(self) -> dict[str, Any]:
        """Return the parameters common to all questions to the index."""
        weights = parse_weights(self.weights) if self.weights else None
        return {"by": self.by, "weights": weights, "filters": self.filters(), "size": self.size}


class Ranking(Weighed):
    """Which clips to return, and in which order."""

    other_song: bool = Field(False, description="Leave out clips with the same recording.")
    diverse: bool = Field(False, description="Prefer clips that also differ from one another.")

    def answer(self, index: SearchIndex, **asked: Any) -> list[dict[str, Any]]:
        """Return the clips that the index finds; `asked` is the clip, the vectors or the sentence."""
        found = index.find_similar(other_song=self.other_song, diverse=self.diverse, **self.wanted(), **asked)
        return [match.to_dict() for match in found]


class SimilarQuestion(Ranking):
    """A question for similar clips: by a clip or by a sentence."""

    clip_id: str | None = Field(None, description="A clip of the collection.", examples=["basic_step_1"])
    text: str | None = Field(None, description="A sentence, instead of a clip.", max_length=10_000)


class MomentsQuestion(Weighed):
    """A question about the moments most like a part of a clip."""

    clip_id: str = Field(description="A clip of the collection.", examples=["basic_step_1"])
    start: float | None = Field(None, description="Start of the part, s; by default that of the clip.", examples=[2])
    end: float | None = Field(None, description="End of the part, s; by default that of the clip.", examples=[6])
    per_clip: int = Field(2, ge=1, le=MAX_SIZE, description="Most moments of one clip.")
    own_clip: bool = Field(False, description="Also search in the clip itself.")
    why: bool = Field(False, description="Explain what the similarity of each comes from.")


class NextQuestion(Conditions):
    """A question about clips that can follow a clip."""

    clip_id: str = Field(description="A clip of the collection.", examples=["basic_step_1"])
    size: int = Field(10, ge=1, le=MAX_SIZE, description="Number of clips.")

    def answer(self, index: SearchIndex, song: Example | None = None) -> list[dict[str, Any]]:
        """Return what the index finds; clips must fit the tempo of the song."""
        found = index.find_next(self.clip_id, filters=self.filters(), song=song, size=self.size)
        return [one.to_dict() for one in found]


class ChainQuestion(Conditions):
    """A question about a sequence of clips."""

    clip_id: str = Field(description="The first clip.", examples=["basic_step_1"])
    length: int = Field(6, ge=SHORTEST, le=LONGEST, description="Number of clips.")

    def answer(self, index: SearchIndex, song: Example | None = None) -> dict[str, Any]:
        """Return what the index finds; clips must fit the tempo of the song."""
        return index.find_chain(self.clip_id, length=self.length, filters=self.filters(), song=song).to_dict()


def question_routes(index: SearchIndex) -> APIRouter:
    """Return the routes that answer from an index."""
    router = APIRouter(tags=["finding"])

    @router.get("/similar", response_model=list[Match], responses=described(MATCHES, 404, 422, 503))
    def similar(question: Annotated[SimilarQuestion, Query()]) -> Any:
        """Return the clips most like a clip, or those that a sentence describes; best first."""
        return JSONResponse(question.answer(index, clip_id=question.clip_id, text=question.text))

    @router.get("/moments", response_model=list[MomentMatch], responses=described(MOMENTS, 404, 422, 503))
    def moments(question: Annotated[MomentsQuestion, Query()]) -> Any:
        """Return the moments of other clips that are most like a part of a clip; best first."""
        found = index.find_moments(
            question.clip_id,
            start=question.start,
            end=question.end,
            per_clip=question.per_clip,
            own_clip=question.own_clip,
            why=question.why,
            **question.wanted(),
        )
        return JSONResponse([match.to_dict() for match in found])

    @router.get("/next", response_model=list[Continuation], responses=described(CONTINUATIONS, 404, 422, 503))
    def follows(question: Annotated[NextQuestion, Query()]) -> Any:
        """Return the clips that can follow a clip, with what fits and what jumps; best first."""
        return JSONResponse(question.answer(index))

    @router.get("/chain", response_model=Chain, responses=described(CHAIN, 404, 422, 503))
    def chain(question: Annotated[ChainQuestion, Query()]) -> Any:
        """Return a sequence of clips that flows, with the cost of each transition."""
        return JSONResponse(question.answer(index))

    @router.get("/clips/{clip_id:path}", response_model=ClipDocument, responses=described(CLIP, 404, 422, 503))
    def clip(
        request: Request, clip_id: str, vectors: Annotated[bool, Query(description="With the five vectors.")] = False
    ) -> Response:
        """Return the document of a clip; its `ETag`, sent as `If-None-Match`, asks whether it has changed."""
        document = index.get_embedding_by_id(clip_id)
        if document is None:
            raise HTTPException(404, f"no clip {clip_id!r} in the index")
        source = document.to_source()
        if not vectors:
            source = {name: value for name, value in source.items() if not COLUMNS[name].is_vector}
        content = json.dumps(source, ensure_ascii=False).encode()
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in (one.strip() for one in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="application/json", headers=headers)

    return router
