"""Where stages run: in this process, or in worker processes, so that a file cannot crash the platform.

The decoders and models that read a video are written in C and C++: a damaged or malicious file can crash them, hang
them or exhaust the memory. In a worker process, this fails one clip, by name; the platform's own process does the
bookkeeping. `Workers` is the only interface: another place to run a stage (a cluster's actors) is another subclass.
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
    seconds : elapsed time, s
    cpu_seconds : processor time of all cores, s; None if it cannot be separated from other work of the process
    """

    made: Made
    seconds: float
    cpu_seconds: float | None = None


class Workers(ABC):
    """Runs the stages of clips.

    As a context manager, it ends unfinished work on exit.
    """

    @property
    def ahead(self) -> int:
        """Number of clips to start ahead of the present one; it may grow during a run."""
        return 1

    def fetches(self, clip: Clip) -> bool:  # noqa: ARG002  # only other machines do
        """Tell whether the worker itself fetches a clip from a bucket, so that this machine need not."""
        return False

    @abstractmethod
    def begin(self, clip: Clip, stages: Iterable[ClipStage]) -> None:
        """Start the stages of a clip that are worth starting ahead and take no tables, unless already started."""

    @abstractmethod
    def make(self, clip: Clip, stage: ClipStage, tables: Tables) -> Timed:
        """Return the result of a stage for a clip, or raise its error."""

    @abstractmethod
    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """Return the result of a function of this package that reads a file from outside, or raise its error."""

    @abstractmethod
    def require_able(self) -> None:
        """Raise a `SettingsError` if poses cannot be found in the collection's precision and within the limits."""

    @abstractmethod
    def end(self) -> None:
        """End unfinished work."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.end()


class InThisProcess(Workers):
    """Runs stages in this process, for notebooks and debugging; prefetched stages of the next clip run in a thread.

    Pose estimation uses all cores; tables, events, sound and sentences use one.
    """

    def __init__(self, models: Models) -> None:
        self._ended = Event()
        self._models = replace(models, ended=self._ended)
        self._thread = ThreadPoolExecutor(1, "prefetch")
        self._begun: dict[tuple[str, str], Future[Timed]] = {}

    def begin(self, clip: Clip, stages: Iterable[ClipStage]) -> None:
        """Start the stages that use all cores; each waits for those started before."""
        for stage in stages:
            key = (clip.clip_id, stage.name)
            if stage.prefetch and key not in self._begun:
                self._begun[key] = self._thread.submit(self._make, clip, stage, Tables({}))

    def make(self, clip: Clip, stage: ClipStage, tables: Tables) -> Timed:
        """See `Workers.make`."""
        begun = self._begun.pop((clip.clip_id, stage.name), None)  # kept no longer than needed: there are many clips
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
    """Make a table in this process; every error names the clip."""
    start, cpu_start = time.perf_counter(), time.process_time()
    try:
        made = with_retries(lambda: make(clip, tables, models))
        return Timed(made, time.perf_counter() - start, time.process_time() - cpu_start)
    except Exception as error:
        if (same := named(error, clip.path)) is error:
            raise
        raise same from error
