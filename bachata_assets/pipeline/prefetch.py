"""The stage that takes all cores, begun for the next clip while the rest of this one is made.

While poses are found all cores are busy; tables, events, sound and sentences keep one. In which order clips and stages
come, and what becomes of what was made, is in `runner.py`.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import Self

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.retries import with_retries
from bachata_assets.pipeline.stage import ClipStage, Made, Tables
from bachata_assets.pipeline.tools import Tools

Timed = tuple[Made, float]
"""What was made, and in how many seconds."""


class Prefetch:
    """Makes tables; those that were begun, in a thread of its own, one after the other.

    As a context manager it ends, however it is left, what is still being made.
    """

    def __init__(self, tools: Tools) -> None:
        self._ended = Event()
        self._tools = replace(tools, ended=self._ended)
        self._worker = ThreadPoolExecutor(1, "prefetch")
        self._begun: dict[tuple[str, str], Future[Timed]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._ended.set()
        self._worker.shutdown(cancel_futures=True)

    def begin(self, clip: Clip, stage: ClipStage) -> None:
        """Begin a stage that takes no tables, unless it is begun; it waits for those begun before."""
        key = (clip.clip_id, stage.name)
        if key not in self._begun:
            self._begun[key] = self._worker.submit(self._make, clip, stage, Tables({}))

    def make(self, clip: Clip, stage: ClipStage, tables: Tables) -> Timed:
        """Return what the stage makes of a clip, or raise what it raises."""
        begun = self._begun.pop((clip.clip_id, stage.name), None)  # kept no longer than needed: clips are many
        return begun.result() if begun else self._make(clip, stage, tables)

    def _make(self, clip: Clip, stage: ClipStage, tables: Tables) -> Timed:
        start = time.perf_counter()
        return with_retries(lambda: stage.make(clip, tables, self._tools)), time.perf_counter() - start
