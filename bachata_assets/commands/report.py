"""`report`: make the table of all clips and the two reports from the existing results."""

from bachata_assets.collection.scan import require_registry
from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.instance import Instance
from bachata_assets.orchestration.jobs import REPORT_JOB, Known, run_in_process


def make_report(platform: Platform, instance: Instance, knowing: Known | None = None) -> str | None:
    """Make the table and the reports; return why that failed, None if it did not.

    Parameters
    ----------
    knowing : what the caller knows about the clips; by default, read from the folder and Dagster's log

    Raises
    ------
    DamagedError
        If the registry cannot be read, or is gone.
    """
    if knowing is None:
        require_registry(platform.dataset)
    return run_in_process(platform.definitions, instance, REPORT_JOB, knowing=knowing)
