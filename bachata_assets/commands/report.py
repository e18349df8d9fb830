"""`report`: make the table over all clips and the two reports, from what is there."""

from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.instance import Instance
from bachata_assets.orchestration.jobs import REPORT_JOB, Known, run_in_process


def make_report(platform: Platform, instance: Instance, knowing: Known | None = None) -> bool:
    """Make them; tell whether that went well.

    Parameters
    ----------
    knowing : what the caller knows of the clips; by default the folder and Dagster's log are asked
    """
    return run_in_process(platform.definitions, instance, REPORT_JOB, knowing=knowing)
