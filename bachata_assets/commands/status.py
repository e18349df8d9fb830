"""`status`: which clips are made, failed or pending. Makes nothing."""

from bachata_assets.collection.scan import Scan, require_registry, scan_clips
from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.history import History
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.pipeline.plan import Plan, plan_of
from bachata_assets.pipeline.status import Status


def collection_status(platform: Platform) -> tuple[Scan, Status]:
    """Return the present clips and their status.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        If the folder or the annotations cannot be read.
    DamagedError
        If the registry cannot be read, or is gone.
    """
    require_registry(platform.dataset)
    found = scan_clips(platform.settings, platform.dataset)
    with open_instance(platform.settings.data_dir) as instance:
        history = History.read(instance, platform.dataset, platform.stages)
        return found, Status.of(found.clips, platform.stages, history.stages, history.reason_of)


def plan_for(platform: Platform, status: Status) -> Plan:
    """Return an estimate of the time for everything that is missing, stale or failed."""
    return plan_of(status.todo, [stage.name for stage in platform.stages], platform.dataset)
