"""Questions by a video or a song that a caller sends; read in worker processes within limits, and not kept."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from bachata_assets.commands.embed import song_of, video_of
from bachata_assets.pipeline.examples import ExampleError
from bachata_assets.search.asking.example import Example
from bachata_assets.search.index import SearchIndex
from bachata_assets.search.similarity import Match
from bachata_assets.service.bodies import write_body
from bachata_assets.service.questions import Ranking
from bachata_assets.settings import Settings, SettingsError

LONGEST_QUEUE = 8
"""Most files that wait for their turn; each lies on the disk meanwhile."""


class FileQuestion(Ranking):
    """A question by a file, which is the body of the request."""

    name: str = Field(max_length=255, description="Name of the file; its ending says what it is.", examples=["a.mp4"])


class SongQuestion(FileQuestion):
    """A question by a song, or by a part of it."""

    start: float | None = Field(None, ge=0, description="Where the part begins, s.")
    end: float | None = Field(None, gt=0, description="Where the part ends, s.")


def upload_routes(settings: Settings, index: SearchIndex) -> APIRouter:
    """Return the routes that take files; they answer 403 where these are not switched on."""
    router = APIRouter(tags=["finding"])
    # One file at a time: its worker processes take all cores.
    worked = settings.model_copy(update={"clip_seconds": settings.upload_seconds, "workers": "processes"})
    turn = asyncio.Semaphore(1)
    waiting = 0

    async def answered(request: Request, question: FileQuestion, read: Callable[[Path], Example]) -> list[Match]:
        nonlocal waiting
        if not settings.serve_uploads:
            raise HTTPException(403, "files are not taken here: set BACHATA_SERVE_UPLOADS=true")
        if waiting >= LONGEST_QUEUE:
            raise HTTPException(503, "too many files are waiting: try again later", {"Retry-After": "30"})
        waiting += 1
        try:
            with tempfile.TemporaryDirectory(prefix="bachata-upload-") as folder:
                # The name alone counts, and of it the ending: no caller chooses a place on this machine.
                path = Path(folder) / f"file{PurePosixPath(question.name).suffix[:10]}"
                with path.open("wb") as file:
                    await write_body(request, file, settings.upload_megabytes * 1e6)
                async with turn:
                    example = await run_in_threadpool(read, path)
            return await run_in_threadpool(question.answer, index, vectors=example)
        except (ExampleError, SettingsError) as error:
            raise HTTPException(422, str(error).replace(str(path), question.name)) from None
        finally:
            waiting -= 1

    @router.post("/similar/song", response_model=list[Match])
    async def song(request: Request, question: Annotated[SongQuestion, Query()]) -> list[Match]:
        """Return the clips whose music is most like a song, which is the body: mp3, wav, m4a, flac, ogg, or a video."""
        return await answered(request, question, lambda path: song_of(path, question.start, question.end, worked))

    @router.post("/similar/video", response_model=list[Match])
    async def video(request: Request, question: Annotated[FileQuestion, Query()]) -> list[Match]:
        """Return the clips most like a video that is not in the collection, which is the body; nothing is kept."""
        return await answered(request, question, lambda path: video_of(path, worked))

    return router
