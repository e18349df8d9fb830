"""`open_workers`: the workers that the settings choose."""

from bachata_assets.pipeline.tools import Models
from bachata_assets.pipeline.workers.base import InThisProcess, Workers
from bachata_assets.pipeline.workers.cluster.actors import RayActors
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.pipeline.workers.processes import WorkerProcesses
from bachata_assets.settings import Settings


def open_workers(settings: Settings, models: Models, *, here: bool = False) -> Workers:
    """Return the workers of the settings: worker processes, this process, or the actors of a Ray cluster.

    Parameters
    ----------
    here : do not use a cluster: a person waits for one file, which worker processes of this machine read
    """
    if settings.workers == "in_process":
        return InThisProcess(models)
    limits = Limits(settings.clip_seconds, settings.worker_memory_gb)
    if settings.workers == "ray" and not here:
        return RayActors(models, limits, settings.ray_address, settings.cache_gb)
    return WorkerProcesses(models, limits)
