"""`open_workers`: where the settings say that stages run."""

from bachata_assets.pipeline.tools import Models
from bachata_assets.pipeline.workers.base import InThisProcess, Workers
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.pipeline.workers.processes import WorkerProcesses
from bachata_assets.settings import Settings


def open_workers(settings: Settings, models: Models) -> Workers:
    """Return what the settings ask for: worker processes, or stages in this process."""
    if settings.workers == "in_process":
        return InThisProcess(models)
    return WorkerProcesses(models, Limits(settings.clip_seconds, settings.worker_memory_gb))
