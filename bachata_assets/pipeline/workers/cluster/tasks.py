"""`RayTasks`: tables that wait for the actors of a Ray cluster."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.failure import ClipError
from bachata_assets.pipeline.stage import ClipStage, Tables
from bachata_assets.pipeline.workers.answers import Answer
from bachata_assets.pipeline.workers.pool import POSES
from bachata_assets.pipeline.workers.processes import ATTEMPTS

logger = logging.getLogger(__name__)

LANES = (POSES, "rest")
"""Kinds of stages; an actor works on one of each at a time."""


@dataclass(eq=False)
class RayTask:
    """A table to be made.

    Attributes
    ----------
    lost : number of actors lost while working on it
    """

    clip: Clip
    stage: ClipStage
    tables: Tables
    future: "Future[Answer]" = field(default_factory=Future)
    lost: int = 0

    @property
    def lane(self) -> str:
        """The queue in which it waits."""
        return LANES[0] if self.stage.prefetch else LANES[1]


class RayTasks:
    """Tables to be made, in the order of the requests; thread-safe."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[RayTask]] = {lane: deque() for lane in LANES}
        self._changed = threading.Condition()

    def put(self, task: RayTask) -> None:
        """Add one."""
        with self._changed:
            self._waiting[task.lane].append(task)
            self._changed.notify_all()

    def take(self, lane: str, is_over: Callable[[], bool]) -> RayTask | None:
        """Wait for a task; return None once `is_over`, which `wake` makes it call again."""
        waiting = self._waiting[lane]
        while True:
            with self._changed:
                self._changed.wait_for(lambda: waiting or is_over())
                if is_over():
                    return None
                task = waiting.popleft()
            if task.lost or task.future.set_running_or_notify_cancel():
                return task

    def lose(self, task: RayTask, why: str) -> None:
        """Return a task whose actor is gone: the next free actor takes it, or it fails by name.

        A file cannot crash an actor, so the failure is transient.
        """
        task.lost += 1
        logger.debug("%s: the actor at work on it was lost (%s), attempt %d", task.clip.path, why, task.lost)
        if task.lost == ATTEMPTS:
            reason = f"{task.clip.path}: the actors working on it were lost, {ATTEMPTS} times ({why})"
            task.future.set_exception(ClipError(reason, transient=True))
            return
        with self._changed:
            self._waiting[task.lane].appendleft(task)
            self._changed.notify_all()

    def fail(self, why: str) -> None:
        """Fail all waiting tasks, for a reason that is not in the clips."""
        for task in self.clear():
            if task.lost or task.future.set_running_or_notify_cancel():
                task.future.set_exception(ClipError(f"{task.clip.path}: {why}", transient=True))

    def clear(self) -> list[RayTask]:
        """Remove and return all waiting tasks."""
        with self._changed:
            forgotten = [task for waiting in self._waiting.values() for task in waiting]
            for waiting in self._waiting.values():
                waiting.clear()
        return forgotten

    def wake(self) -> None:
        """Make all waiting threads check whether to go on."""
        with self._changed:
            self._changed.notify_all()
