"""`generate`: bring one data dir up to date, as runs in its own Dagster instance."""

import hashlib
import json
import logging
from dataclasses import dataclass
from importlib.metadata import version

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Scan, scan_clips
from bachata_assets.commands.report import make_report
from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.history import History
from bachata_assets.orchestration.instance import Instance
from bachata_assets.orchestration.jobs import PROCESS_JOB, Known, run_in_process
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets.orchestration.partitions import register
from bachata_assets.orchestration.run_requests import plan, run_tags
from bachata_assets.pipeline.status import Status

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Generated:
    """The status of a data dir after `generate`.

    Attributes
    ----------
    tried : number of clips that were worked on this time
    """

    status: Status
    scan: Scan
    tried: int


def generate(platform: Platform, instance: Instance) -> Generated:
    """Make whatever is missing or stale, failed clips included, then the table over all clips and the report.

    The folder is listed once, and Dagster's log is asked once: what the runs make is added to what is known.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        When there is nothing to begin with.
    KeyboardInterrupt
        When someone ended it; what is made is kept.
    """
    dataset = platform.dataset
    end_orphans(instance)
    found = scan_clips(platform.settings, dataset, read_copies=True)
    register(instance, dataset, found)
    for line in found.remarks:
        logger.warning(line)
    known = Known(found, History.read(instance, dataset, platform.stages))
    status = _status(platform, found, known.history)
    batches = plan(instance, status, at_most=platform.settings.clips_per_run, retry_failed=True)
    tried = sum(len(batch.clip_ids) for batch in batches)
    counts = (len(found.clips), len(status.made), tried)
    logger.info("Clips: %d, of which %d are up to date and %d to be made", *counts, extra={"clips_total": tried})
    for batch in batches:
        stages = [stage.name for stage in platform.stages if stage.name in batch.stages]
        run_in_process(platform.definitions, instance, PROCESS_JOB, stages=stages, tags=run_tags(batch), knowing=known)
    if batches:
        found = found.reread(dataset)
        status = _status(platform, found, known.history)
    state = _report_state(platform, status, found)
    if batches or not _is_reported(dataset, state):
        logger.info("Writing the report")
        if make_report(platform, instance, Known(found, known.history, status)):
            dataset.remember(reported=state)
    return Generated(status, found, tried)


def _status(platform: Platform, found: Scan, history: History) -> Status:
    return Status.of(found.clips, platform.stages, history.stages, history.reason_of)


def _is_reported(dataset: Dataset, state: str) -> bool:
    there = all(dataset.size(name) is not None for name in (layout.EMBEDDINGS, layout.REPORT, layout.PAGE))
    return there and dataset.collection().get("reported") == state


def _report_state(platform: Platform, status: Status, found: Scan) -> str:
    """Return what the report says, as a hash: where nothing has changed, it is not made again."""
    content = [
        version("bachata-assets"),
        platform.settings.quality_threshold,
        [stage.code_version for stage in platform.stages],
        {clip.clip_id: dict(clip.versions) for clip in status.made},
        [[clip.clip_id, clip.video_path, vars(clip.failure)] for clip in status.failed],
        [clip.clip_id for clip in status.pending],
        [vars(entry) for entry in found.without_file],
        found.remarks,
    ]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:16]
