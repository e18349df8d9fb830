"""`RayActors`: stages that read files from outside, run by the actors of a Ray cluster.

The actors keep their models from run to run of a process. This process alone writes tables, events and documents.
"""

import atexit
import threading
from concurrent.futures import Future

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.stage import ClipStage, Tables
from bachata_assets.pipeline.tools import Models
from bachata_assets.pipeline.workers.answers import Answer
from bachata_assets.pipeline.workers.cluster.connection import RayCluster
from bachata_assets.pipeline.workers.cluster.crew import RayCrew
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.pipeline.workers.processes import WorkerProcesses


class RayActors(WorkerProcesses):
    """Runs the stages that read files from outside on the machines of a Ray cluster, the others in this process.

    `call` reads files in a worker process of this machine.

    Parameters
    ----------
    address : `auto`, or host and port; None: a local Ray, for as long as this process lasts
    cache_gb : disk space for clips of a bucket on a machine, 10^9 bytes
    """

    def __init__(self, models: Models, limits: Limits, address: str | None = None, cache_gb: float = 20.0) -> None:
        super().__init__(models, limits)
        self._address = address
        self._cache_gb = cache_gb

    @property
    def ahead(self) -> int:
        """See `Workers.ahead`: each actor has a clip, and one waits; without actors, nothing has started yet."""
        with _LOCK:
            return _CREWS[0][1].size if _CREWS else 1

    def fetches(self, clip: Clip) -> bool:
        """See `Workers.fetches`; this machine reads new files itself, since their hash is the clip's version.

        A local Ray has no credentials.
        """
        return bool(self._address and clip.url and clip.seen)

    def require_able(self) -> None:
        """Start the actors; each finds out whether its machine has memory for the models.

        Raises
        ------
        SettingsError
            No Ray answers at the address.
        """
        self._crew()

    def end(self) -> None:
        """See `Workers.end`; the actors stay for the next run."""
        super().end()
        with _LOCK:
            if _CREWS:
                _CREWS[0][1].abandon()

    def _schedule(self, clip: Clip, stage: ClipStage, tables: Tables) -> "Future[Answer]":
        return self._crew().schedule(clip, stage, tables)

    def _crew(self) -> RayCrew:
        """Return the actors of this process: the existing ones, unless they were started for something else."""
        wanted = (self._address, self._models.pose, self._models.limits, self._limits)
        with _LOCK:
            if not _CREWS or _CREWS[0][0] != wanted:
                _close()
                crew = RayCrew(RayCluster(self._address), self._models, self._limits, self._cache_gb * 1e9)
                _CREWS[:] = [(wanted, crew)]
                # Registered after Ray's own handler, so it is called before that.
                atexit.unregister(close_crew)
                atexit.register(close_crew)
            return _CREWS[0][1]


_CREWS: list[tuple[object, RayCrew]] = []
"""The actors of this process with what they were started for: one crew, or none."""
_LOCK = threading.RLock()


def close_crew() -> None:
    """End all actors, and the local Ray."""
    with _LOCK:
        _close()


def _close() -> None:
    while _CREWS:
        _CREWS.pop()[1].close()
