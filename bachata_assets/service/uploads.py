"""Questions with an uploaded video or song; worker processes read it within limits, and it is not kept."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from bachata_assets.commands.embed import song_of, video_of
from bachata_assets.pipeline.examples import ExampleError
from bachata_assets.search.asking.example import Example
from bachata_assets.search.continuation import Chain, Continuation
from bachata_assets.search.index import SearchIndex
from bachata_assets.search.similarity import Match
from bachata_assets.service.answers import CHAIN, CONTINUATIONS, FILE, MATCHES, described
from bachata_assets.service.bodies import write_body
from bachata_assets.service.questions import ChainQuestion, NextQuestion, Ranking
from bachata_assets.settings import Settings, SettingsError

LONGEST_QUEUE = 8
"""Maximum number of waiting files, which are on the disk meanwhile."""


def taking(example: Any) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route that accepts a file, for its description."""
    return described(example, 403, 404, 413, 422, 503)


class File(BaseModel):
    """A file, which is the body of the request."""

    name: str = Field(max_length=255, description="Name of the file; its suffix gives its type.", examples=["a.mp4"])


class Song(File):
    """A song, or a part of it."""

    start: float | None = Field(None, ge=0, description="Start of the part of the song, s.")
    end: float | None = Field(None, gt=0, description="End of the part of the song, s.")


class SimilarSong(Ranking, Song):
    """A question about clips that fit a song."""


class SimilarVideo(Ranking, File):
    """A question about clips like a video."""


class NextSong(NextQuestion, Song):
    """A question about clips that can follow a clip and fit a song."""


class ChainSong(ChainQuestion, Song):
    """A question about a sequence of clips that fits a song."""


def upload_routes(settings: Settings, index: SearchIndex) -> APIRouter:
    """Return the routes that accept files; they answer 403 if uploads are not enabled."""
    router = APIRouter(tags=["finding"])
    # One file at a time: its worker processes use all cores.
    worked = settings.model_copy(update={"clip_seconds": settings.upload_seconds, "workers": "processes"})
    turn = asyncio.Semaphore(1)
    waiting = 0

    async def answered(
        request: Request, file: File, read: Callable[[Path], Example], answer: Callable[[Example], Any]
    ) -> Response:
        nonlocal waiting
        if not settings.serve_uploads:
            raise HTTPException(403, "uploads are not enabled here: set BACHATA_SERVE_UPLOADS=true")
        if waiting >= LONGEST_QUEUE:
            raise HTTPException(503, "too many files are waiting: try again later", {"Retry-After": "30"})
        waiting += 1
        try:
            with tempfile.TemporaryDirectory(prefix="bachata-upload-") as folder:
                # Only the suffix of the name is used, so that a caller cannot choose a path on this machine.
                path = Path(folder) / f"file{PurePosixPath(file.name).suffix[:10]}"
                with path.open("wb") as written:
                    await write_body(request, written, settings.upload_megabytes * 1e6)
                async with turn:
                    example = await run_in_threadpool(read, path)
            return JSONResponse(await run_in_threadpool(answer, example))
        except (ExampleError, SettingsError) as error:
            raise HTTPException(422, str(error).replace(str(path), file.name)) from None
        finally:
            waiting -= 1

    def heard(song: Song) -> Callable[[Path], Example]:
        return lambda path: song_of(path, song.start, song.end, worked)

    @router.post("/similar/song", response_model=list[Match], responses=taking(MATCHES), openapi_extra=FILE)
    async def similar_song(request: Request, question: Annotated[SimilarSong, Query()]) -> Any:
        """Return the clips whose music is most like a song, which is the body: mp3, wav, m4a, flac, ogg, or a video."""
        return await answered(request, question, heard(question), lambda song: question.answer(index, vectors=song))

    @router.post("/similar/video", response_model=list[Match], responses=taking(MATCHES), openapi_extra=FILE)
    async def similar_video(request: Request, question: Annotated[SimilarVideo, Query()]) -> Any:
        """Return the clips most like a video that is not in the collection, which is the body; nothing is kept."""
        return await answered(
            request, question, lambda path: video_of(path, worked), lambda video: question.answer(index, vectors=video)
        )

    @router.post("/next/song", response_model=list[Continuation], responses=taking(CONTINUATIONS), openapi_extra=FILE)
    async def next_song(request: Request, question: Annotated[NextSong, Query()]) -> Any:
        """Return the clips that can follow a clip and fit the tempo of a song, which is the body; best first."""
        return await answered(request, question, heard(question), lambda song: question.answer(index, song))

    @router.post("/chain/song", response_model=Chain, responses=taking(CHAIN), openapi_extra=FILE)
    async def chain_song(request: Request, question: Annotated[ChainSong, Query()]) -> Any:
        """Return a sequence of clips that flows and fits the tempo of a song, which is the body."""
        return await answered(request, question, heard(question), lambda song: question.answer(index, song))

    return router
