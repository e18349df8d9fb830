"""`report`: make the table over all clips and the two reports, from what is there."""

from bachata_assets.collection.scan import require_registry
from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.instance import Instance
from bachata_assets.orchestration.jobs import REPORT_JOB, Known, run_in_process


def make_report(platform: Platform, instance: Instance, knowing: Known | None = None) -> str | None:
    """Make them; return why that broke off, None when they are made.

    Parameters
    ----------
    knowing : what the caller knows of the clips; by default the folder and Dagster's log are asked

    Raises
    ------
    DamagedError
        When the registry cannot be read, or is gone.
    """
    if knowing is None:
        require_registry(platform.dataset)
    return run_in_process(platform.definitions, instance, REPORT_JOB, knowing=knowing)
