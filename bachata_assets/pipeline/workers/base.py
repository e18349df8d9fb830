"""Where stages run: in this process, or in worker processes that a file cannot take the platform down with.

The decoders and models that read a video are written in C and C++: a file that is damaged, or made for it, can crash
them, stop them for ever or eat the memory. In a worker process that fails one clip, by name; the platform's own process
keeps the books. `Workers` is the one seam: another place to run a stage (a cluster's actors) is another subclass.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.failure import named
from bachata_assets.pipeline.retries import with_retries
from bachata_assets.pipeline.stage import ClipStage, Made, Tables
from bachata_assets.pipeline.tools import Models

T = TypeVar("T")

Make = Callable[[Clip, Tables, Models], Made]


class Timed(NamedTuple):
    """What was made, and what it took.

    Attributes
    ----------
    seconds : on the clock
    cpu_seconds : of all cores; None where it cannot be told from other work of the process
    """

    made: Made
    seconds: float
    cpu_seconds: float | None = None


class Workers(ABC):
    """Runs the stages of clips.

    As a context manager it ends, however it is left, what is still being made.
    """

    @property
    def ahead(self) -> int:
        """Number of clips after the present one that are worth beginning; it may grow in the course of a run."""
        return 1

    def fetches(self, clip: Clip) -> bool:  # noqa: ARG002  # only other machines do
        """Tell whether whoever works on a clip of a bucket fetches it, so that it need not come to this machine."""
        return False

    @abstractmethod
    def begin(self, clip: Clip, stages: Iterable[ClipStage]) -> None:
        """Begin those stages of a clip that are worth it and take no tables, unless they are begun."""

    @abstractmethod
    def make(self, clip: Clip, stage: ClipStage, tables: Tables) -> Timed:
        """Return what the stage makes of a clip, or raise what it raises."""

    @abstractmethod
    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Return what a function of this package makes of a file from outside, or raise what it raises."""

    @abstractmethod
    def require_able(self) -> None:
        """Raise a `SettingsError` where poses cannot be found in the collection's precision and within the limits."""

    @abstractmethod
    def end(self) -> None:
        """End what is still being made."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.end()


class InThisProcess(Workers):
    """Runs stages here, for notebooks and debugging; those worth it in a thread of its own, for the next clip.

    While poses are found all cores are busy; tables, events, sound and sentences keep one.
    """

    def __init__(self, models: Models) -> None:
        self._ended = Event()
        self._models = replace(models, ended=self._ended)
        self._thread = ThreadPoolExecutor(1, "prefetch")
        self._begun: dict[tuple[str, str], Future[Timed]] = {}

    def begin(self, clip: Clip, stages: Iterable[ClipStage]) -> None:
        """Begin the stages that take all cores; each waits for those begun before."""
        for stage in stages:
            key = (clip.clip_id, stage.name)
            if stage.prefetch and key not in self._begun:
                self._begun[key] = self._thread.submit(self._make, clip, stage, Tables({}))

    def make(self, clip: Clip, stage: ClipStage, tables: Tables) -> Timed:
        """See `Workers.make`."""
        begun = self._begun.pop((clip.clip_id, stage.name), None)  # kept no longer than needed: clips are many
        return begun.result() if begun else self._make(clip, stage, tables)

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """See `Workers.call`."""
        return function(*arguments)

    def require_able(self) -> None:
        """See `Workers.require_able`; there is no limit here."""
        self._models.pose.require_precision()

    def end(self) -> None:
        """See `Workers.end`."""
        self._ended.set()
        self._thread.shutdown(cancel_futures=True)

    def _make(self, clip: Clip, stage: ClipStage, tables: Tables) -> Timed:
        # The prefetch thread and this one share the processor time of the process.
        return made_here(stage.make, clip, tables, self._models)._replace(cpu_seconds=None)


def made_here(make: Make, clip: Clip, tables: Tables, models: Models) -> Timed:
    """Make a table in this process; whatever goes wrong names the clip."""
    start, cpu_start = time.perf_counter(), time.process_time()
    try:
        made = with_retries(lambda: make(clip, tables, models))
        return Timed(made, time.perf_counter() - start, time.process_time() - cpu_start)
    except Exception as error:
        if (same := named(error, clip.path)) is error:
            raise
        raise same from error
