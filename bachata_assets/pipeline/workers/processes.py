"""`WorkerProcesses`: runs stages that read files from outside in separate processes.

One process finds poses, one does the rest; each keeps its models from clip to clip. A process that crashes, is killed
or takes too long is replaced, and its clip fails by name. The processes do not know the platform's secrets.
"""

import logging
import signal
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
from pebble import ProcessExpired

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.failure import ClipError, Failure, named
from bachata_assets.pipeline.stage import ClipStage, Tables
from bachata_assets.pipeline.tools import Models
from bachata_assets.pipeline.workers.answers import Answer
from bachata_assets.pipeline.workers.base import Make, Timed, Workers, made_here
from bachata_assets.pipeline.workers.memory import (
    OVER,
    OVER_WITH_MODELS,
    ROOM,
    has_ample,
    in_use,
    models_are_loaded,
    too_little_for_models,
    too_much_for_clip,
)
from bachata_assets.pipeline.workers.pool import POSES, Limits, WorkerPool, pool
from bachata_assets.settings import SettingsError

logger = logging.getLogger(__name__)

T = TypeVar("T")

ATTEMPTS = 2
"""Number of worker processes that a clip may crash before its failure is permanent."""


class WorkerProcesses(Workers):
    """Runs the stages that read files from outside in worker processes, the others in this process."""

    def __init__(self, models: Models, limits: Limits | None = None) -> None:
        self._models = models
        self._limits = limits or Limits()
        self._begun: dict[tuple[str, str], Future[Answer]] = {}

    def begin(self, clip: Clip, stages: Iterable[ClipStage]) -> None:
        """Start every stage that reads a file."""
        for stage in stages:
            key = (clip.clip_id, stage.name)
            if stage.reads_files and not stage.table_inputs and key not in self._begun:
                self._begun[key] = self._schedule(clip, stage, Tables({}))

    def make(self, clip: Clip, stage: ClipStage, tables: Tables) -> Timed:
        """See `Workers.make`.

        Raises
        ------
        ClipError
            Says why the stage failed, or how its worker process ended.
        NonFiniteVectorError
        """
        if not stage.reads_files:
            return made_here(stage.make, clip, tables, self._models)
        future = self._begun.pop((clip.clip_id, stage.name), None) or self._schedule(clip, stage, tables)
        return self._answer(future, str(clip.path), lambda: self._schedule(clip, stage, tables)).timed()

    def call(self, function: Callable[..., T], *arguments: object) -> T:
        """See `Workers.call`."""

        def schedule() -> "Future[T]":
            return self._pool("rest").schedule(function, arguments, self._limits.seconds)

        name = next((str(one) for one in arguments if isinstance(one, Path)), function.__name__)
        return self._answer(schedule(), name, schedule)

    def require_able(self) -> None:
        """Start the process for poses; load its models if the limit is not ample.

        Raises
        ------
        SettingsError
            This machine computes in another precision, no process can start, or the models exceed the limit or leave no
            room for a clip.
        """
        self._models.pose.require_precision()
        limit_gb = self._limits.memory_gb
        self._pool(POSES).begin()
        if has_ample(limit_gb):
            return
        try:
            self._pool(POSES).schedule(_load, (self._models, limit_gb), self._limits.seconds).result()
        except (ProcessExpired, BrokenProcessPool, MemoryError, TooLittleForModelsError):
            raise SettingsError(too_little_for_models(limit_gb)) from None

    def end(self) -> None:
        """See `Workers.end`; processes with unfinished work are ended."""
        for future in self._begun.values():
            future.cancel()
        self._begun.clear()

    def _schedule(self, clip: Clip, stage: ClipStage, tables: Tables) -> "Future[Answer]":
        task = (stage.make, clip, dict(tables), self._models)
        workers = self._pool(POSES if stage.prefetch else "rest")
        if stage.prefetch and not has_ample(self._limits.memory_gb):
            return workers.schedule(_make_after_loading, (*task, self._limits.memory_gb), self._limits.seconds)
        return workers.schedule(_make, task, self._limits.seconds)

    def _pool(self, name: str) -> WorkerPool:
        return pool(name, self._limits.memory_gb)

    def _answer(self, future: "Future[T]", name: str, again: Callable[[], "Future[T]"]) -> T:
        """Return the answer of a worker process; if the process has ended, ask a new one once.

        A process that ended before it began a task says nothing about the clip.
        """
        ended = unbegun = 0
        while True:
            try:
                return future.result()
            except TimeoutError:
                raise ClipError(
                    f"{name}: not done after {self._limits.seconds:g} s, so its worker process was stopped; "
                    "cut the clip, or raise BACHATA_CLIP_SECONDS"
                ) from None
            except ProcessExpired as error:
                how, ended = _how_it_ended(error.exitcode), ended + 1
                logger.debug("%s: its worker process %s (attempt %d)", name, how, ended)
                if error.exitcode == OVER_WITH_MODELS:
                    raise ClipError(too_little_for_models(self._limits.memory_gb), transient=True) from None
                if ended == ATTEMPTS and error.exitcode == OVER:
                    raise ClipError(too_much_for_clip(name, self._limits.memory_gb)) from None
                if ended == ATTEMPTS:
                    raise ClipError(
                        f"{name}: its worker process {how}, {ATTEMPTS} times; export the clip again, or give it more "
                        "memory (BACHATA_WORKER_MEMORY_GB)"
                    ) from None
            except BrokenProcessPool:
                unbegun += 1
                logger.debug("%s: its worker process ended before it began with it (%d times)", name, unbegun)
                if unbegun == ATTEMPTS:
                    raise ClipError(
                        f"{name}: its worker process ended before it began with it, {ATTEMPTS} times; free some "
                        "memory, or raise BACHATA_WORKER_MEMORY_GB",
                        transient=True,
                    ) from None
            future = again()


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with code {code}"


class TooLittleForModelsError(ClipError):
    """The models leave no room for a clip."""


def _load(models: Models, memory_gb: float) -> None:
    """Load the pose models, run them once, and check whether there is room for a clip."""
    pose = models.pose.estimator().models
    picture = np.zeros((360, 640, 3), np.uint8)
    list(pose.detect([picture]))
    list(pose.keypoints([(picture, np.array([200.0, 50.0, 400.0, 350.0]))]))
    if in_use() + ROOM > memory_gb * 1e9:
        raise TooLittleForModelsError(too_little_for_models(memory_gb), transient=True)
    models_are_loaded()


def _make_after_loading(
    make: Make, clip: Clip, tables: dict[str, pa.Table], models: Models, memory_gb: float
) -> Answer:
    """Make a table of poses, and note whether the models or the clip use too much memory."""
    try:
        _load(models, memory_gb)
    except Exception as error:  # noqa: BLE001  # any error is the answer for the clip
        return Answer(failure=Failure.of(named(error, clip.path)))
    return _make(make, clip, tables, models)


def _make(make: Make, clip: Clip, tables: dict[str, pa.Table], models: Models) -> Answer:
    """Make a table; runs in a worker process."""
    return Answer.of(lambda: made_here(make, clip, Tables(tables), models))
