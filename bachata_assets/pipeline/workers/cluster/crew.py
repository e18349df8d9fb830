"""`RayCrew`: the actors of a Ray cluster.

A machine has as many actors as its cores or GPUs allow; a machine that joins later gets actors, too.
"""

import logging
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import NamedTuple

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.stage import ClipStage, Tables
from bachata_assets.pipeline.tools import Models
from bachata_assets.pipeline.workers.answers import Answer
from bachata_assets.pipeline.workers.cluster.actor import RayActor, Refusal, Work
from bachata_assets.pipeline.workers.cluster.connection import Node, RayCluster
from bachata_assets.pipeline.workers.cluster.host import versions_of
from bachata_assets.pipeline.workers.cluster.tasks import RayTask, RayTasks
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.pose.models.model_sets import load_model_set

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""Time between two looks at the cluster, s."""
ASK_AGAIN_S = 300.0
"""Time after which a machine on which no actor started is tried again, s."""
LONGEST_END_S = 5.0
"""Time limit for the threads of an ended actor to end, s."""


class Share(NamedTuple):
    """What one actor takes of its machine."""

    cpus: int
    gpus: int


def shares(node: Node, threads: int, *, cuda: bool) -> list[Share]:
    """Return the share of each actor of a machine.

    Parameters
    ----------
    threads : CPU cores of an actor; 0: all of its machine, or an equal share per GPU
    cuda : the models run on GPUs if the machine has any
    """
    if node.cpus == 0:
        return []
    number = node.gpus if cuda and node.gpus else max(1, node.cpus // threads) if threads else 1
    cpus = min(threads or node.cpus, max(1, node.cpus // number))
    return [Share(cpus, int(cuda and node.gpus > 0))] * number


class RayCrew:
    """The actors and their tasks."""

    def __init__(self, cluster: RayCluster, models: Models, limits: Limits, cache_bytes: float) -> None:
        self._cluster = cluster
        self._work = Work(models, limits, tuple(versions_of(models)), cache_bytes)
        pose = models.pose
        self._cuda = load_model_set(pose.model_set, pose.checkpoint_path, pose.hands).device == "cuda"
        self._tasks = RayTasks()
        self._actors: dict[tuple[str, int], RayActor] = {}
        self._refusals: dict[str, tuple[Refusal, float]] = {}
        self._closed = threading.Event()
        self._look()
        self._watch = threading.Thread(target=self._keep_looking, daemon=True, name="looks at the Ray cluster")
        self._watch.start()

    @property
    def size(self) -> int:
        """Number of actors that run or are starting, at least 1."""
        return max(1, len(self._actors))

    def schedule(self, clip: Clip, stage: ClipStage, tables: Tables) -> "Future[Answer]":
        """Request a table; the future raises a `ClipError` if no actor could make it."""
        task = RayTask(clip, stage, tables)
        self._tasks.put(task)
        return task.future

    def abandon(self) -> None:
        """End all work, since nobody waits for it any more."""
        self._tasks.clear()
        for actor in list(self._actors.values()):
            actor.abandon()

    def close(self) -> None:
        """End all actors, and leave the cluster."""
        self._closed.set()
        self._watch.join(LONGEST_END_S)
        actors = list(self._actors.values())
        for actor in actors:
            actor.end()
        for actor in actors:
            actor.join(LONGEST_END_S)
        self._cluster.close()

    def _keep_looking(self) -> None:
        while not self._closed.wait(LOOK_EVERY_S):
            with suppress(self._cluster.ray.exceptions.RayError):
                self._look()

    def _look(self) -> None:
        """Replace lost actors, start some on new machines, and fail all tasks if there are none."""
        for key, actor in list(self._actors.items()):
            if actor.is_over:
                del self._actors[key]
                if actor.refusal:
                    self._refuse(actor.node, actor.refusal)
        nodes = self._cluster.nodes()
        for node in nodes:
            refused = self._refusals.get(node.node_id)
            if refused and (refused[0].for_good or time.monotonic() < refused[1]):
                continue
            for number, share in enumerate(shares(node, self._work.models.pose.threads, cuda=self._cuda)):
                if (node.node_id, number) not in self._actors:
                    actor = RayActor(self._cluster, node, *share, self._work, self._tasks)
                    self._actors[node.node_id, number] = actor
        if not self._actors:
            there = {node.node_id for node in nodes}
            reasons = dict.fromkeys(one.why for node_id, (one, _) in self._refusals.items() if node_id in there)
            why = "; ".join(reasons) or "none of its nodes has a CPU"
            self._tasks.fail(f"no node of {self._cluster.name} accepts clips: {why}")

    def _refuse(self, node: Node, refusal: Refusal) -> None:
        before = self._refusals.get(node.node_id)
        if before is None or before[0] != refusal:
            logger.warning("%s accepts no clips: %s", node.address, refusal.why)
        self._refusals[node.node_id] = (refusal, time.monotonic() + ASK_AGAIN_S)
