"""`RayActor`: one actor of a Ray cluster, and the threads that give it tasks."""

import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.failure import Failure, named
from bachata_assets.pipeline.tools import Models
from bachata_assets.pipeline.workers.answers import Answer
from bachata_assets.pipeline.workers.cluster.connection import Node, RayCluster
from bachata_assets.pipeline.workers.cluster.copies import opened_object
from bachata_assets.pipeline.workers.cluster.host import RayHost
from bachata_assets.pipeline.workers.cluster.tasks import LANES, RayTask, RayTasks
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.pipeline.workers.processes import ATTEMPTS

logger = logging.getLogger(__name__)

START_S = 180.0
"""Time limit for an actor to become ready, s."""
LAST_WORDS_S = 5.0
"""Time limit for an idle actor to hand over its log records, s."""
PIECE_BYTES = 16_000_000
"""Size of the pieces in which a clip is sent to another machine."""


@dataclass(frozen=True)
class Work:
    """What an actor starts with.

    Attributes
    ----------
    versions : versions of the code and the models that it must have
    cache_bytes : disk space for clips of a bucket on its machine
    """

    models: Models
    limits: Limits
    versions: tuple[str, ...]
    cache_bytes: float


@dataclass(frozen=True)
class Refusal:
    """Why a machine makes nothing; `for_good` if asking again would not help."""

    why: str
    for_good: bool


class RayActor:
    """An actor on a machine; it works on one task of each lane at a time.

    Attributes
    ----------
    refusal : why it never started to work; None if it did, or may still
    is_over : it makes nothing any more
    """

    def __init__(self, cluster: RayCluster, node: Node, cpus: int, gpus: int, work: Work, tasks: RayTasks) -> None:
        self.node = node
        self.refusal: Refusal | None = None
        self.is_over = False
        self._ray = cluster.ray
        self._work = work
        self._tasks = tasks
        self._at_work: set[RayTask] = set()
        self._is_abandoned = False
        self._reads: dict[str, bool] = {}
        chosen = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node.node_id, soft=False)
        actor_class = self._ray.remote(RayHost).options(
            num_cpus=cpus, num_gpus=gpus, max_concurrency=len(LANES) + 1, scheduling_strategy=chosen
        )
        level = logging.getLogger("bachata_assets").getEffectiveLevel()
        self._actor: Any = actor_class.remote(work.models, work.limits, level, work.cache_bytes)
        self._threads = [threading.Thread(target=self._serve, args=(lane,), daemon=True) for lane in LANES]
        self._opening = threading.Thread(target=self._open, daemon=True, name=f"opens an actor on {node.address}")
        self._opening.start()

    def abandon(self) -> None:
        """End its work, for which nobody waits any more, or make it hand over its log records."""
        if self._at_work:
            self._is_abandoned = True
            self.end()
        elif not self.is_over and not self._opening.is_alive():
            with suppress(self._ray.exceptions.RayError):
                _tell(self._ray.get(self._actor.rest.remote(), timeout=LAST_WORDS_S))

    def end(self) -> None:
        """End it, at once."""
        self.is_over = True
        self._tasks.wake()
        self._ray.kill(self._actor)

    def join(self, seconds: float) -> None:
        """Wait for its threads."""
        for thread in (self._opening, *self._threads):
            if thread.ident is not None:
                thread.join(seconds)

    def _open(self) -> None:
        asked = self._actor.refusal.remote(self._work.versions, _working_directory())
        try:
            why = self._ray.get(asked, timeout=START_S)
            self.refusal = Refusal(why, for_good=True) if why else None
        except self._ray.exceptions.GetTimeoutError:
            self.refusal = Refusal(f"no actor began there within {START_S:g} s; others may use it", for_good=False)
        except self._ray.exceptions.RayError as error:
            self.refusal = Refusal(f"no actor can begin there ({_last_line(error)})", for_good=False)
        if self.refusal:
            self.end()
        elif not self.is_over:
            for thread in self._threads:
                thread.start()

    def _serve(self, lane: str) -> None:
        while task := self._tasks.take(lane, lambda: self.is_over):
            self._at_work.add(task)
            try:
                answer = self._answer(task)
            except OSError as error:
                answer = Answer(failure=Failure.of(named(error, task.clip.path)))
            except self._ray.exceptions.RayError as error:
                if not self._is_abandoned:
                    self.end()
                    self._tasks.lose(task, f"on {self.node.address}: {_last_line(error)}")
                return
            finally:
                self._at_work.discard(task)
            task.future.set_result(answer)

    def _answer(self, task: RayTask) -> Answer:
        content = self._sent(task.clip) if "clip_file" in task.stage.inputs else None
        asked = self._actor.make.remote(task.clip, task.stage, dict(task.tables), _working_directory(), content)
        # Its worker processes enforce the limit; this one is for a machine that no longer answers.
        answer, records = self._ray.get(asked, timeout=ATTEMPTS * self._work.limits.seconds + START_S)
        _tell(records)
        return answer

    def _sent(self, clip: Clip) -> list[Any] | None:
        """Return a clip's file as Ray objects, which Ray drops with their references; None if the machine has it."""
        if clip.url and not clip.path.exists():  # not fetched yet
            return None if self._reads_bucket(clip.url) else [*map(self._ray.put, opened_object(clip.url).pieces())]
        if self.node.is_here:
            return None
        with clip.path.open("rb") as file:
            return [self._ray.put(piece) for piece in iter(lambda: file.read(PIECE_BYTES), b"")]

    def _reads_bucket(self, url: str) -> bool:
        """Tell whether the machine may read a bucket; tested once, with its first object."""
        bucket = "/".join(url.split("/")[:3])
        if bucket not in self._reads:
            why = self._ray.get(self._actor.why_not_read.remote(url), timeout=START_S)
            self._reads[bucket] = not why
            if why:
                logger.warning(
                    "%s cannot read %s (%s), so the clips are sent to it; give its Ray node the store's credentials",
                    self.node.address, bucket, why,
                )  # fmt: skip
        return self._reads[bucket]


def _working_directory() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # it was removed, so no path is relative to it
        return ""


def _last_line(error: Exception) -> str:
    return next((line.strip() for line in reversed(str(error).splitlines()) if line.strip()), type(error).__name__)


def _tell(records: Iterable[logging.LogRecord]) -> None:
    """Pass log records of other processes to the loggers of this process."""
    for record in records:
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):
            logger.handle(record)
