"""`generate`: bring a data dir up to date, with runs in its own Dagster instance."""

import hashlib
import json
import logging
from dataclasses import dataclass, replace
from importlib.metadata import version

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Scan, ScanError, scan_clips
from bachata_assets.collection.videos.discovery import VIDEO_SUFFIXES
from bachata_assets.collection.videos.place import Videos
from bachata_assets.commands.repair import mend_lost, record_unknown
from bachata_assets.commands.report import make_report
from bachata_assets.commands.report_log import log_report
from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.history import History
from bachata_assets.orchestration.instance import Instance
from bachata_assets.orchestration.jobs import PROCESS_JOB, Known, run_in_process
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets.orchestration.partitions import register
from bachata_assets.orchestration.resources import PARTITIONS
from bachata_assets.orchestration.run_requests import plan, run_tags
from bachata_assets.pipeline.index_level import fill_index
from bachata_assets.pipeline.stage import ClipStage
from bachata_assets.pipeline.status import INDEX_STAGE, Status
from bachata_assets.pipeline.workers.opening import open_workers
from bachata_assets.report.content import damaged_reports
from bachata_assets.search.errors import SearchError
from bachata_assets.video.files import MATROSKA_SUFFIXES

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Generated:
    """The status of a data dir after `generate`.

    Attributes
    ----------
    tried : number of clips that were processed this time
    report_error : why the table of all clips or the reports could not be made; None if they were
    index_error : why the index could not be updated to match the tables; None if it matches
    index_later : the caller asked to leave the index alone
    """

    status: Status
    scan: Scan
    tried: int
    report_error: str | None = None
    index_error: str | None = None
    index_later: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether everything that the caller asked for is made."""
        lacking = self.status.failed or self.status.pending or (self.status.not_indexed and not self.index_later)
        return not (lacking or self.report_error or self.index_error)


def generate(platform: Platform, instance: Instance, *, index_later: bool = False) -> Generated:
    """Make everything missing, damaged or stale, including failed clips; then the table of all clips and the report.

    Before the first clip, check that the index accepts documents, and send it those that it lacks from their tables.
    The folder is listed once, and Dagster's log is read once; the results of the runs are added to both in memory.

    Parameters
    ----------
    index_later : leave the index alone; a later call sends the documents

    Raises
    ------
    SearchError
        If the index does not accept documents.
    DiscoveryError, AnnotationError, SettingsError
        If the clips, the annotations or the settings cannot be read.
    DamagedError
        If the registry or `collection.json` cannot be read.
    KeyboardInterrupt
        If the user stopped it; what is made is kept.
    """
    if not index_later:
        with platform.tools.search.open() as index:
            index.require_usable()
    done = _bring_level(platform, instance, index_later=index_later)
    while _has_further_couples(platform, done):
        again = _bring_level(platform, instance, index_later=index_later)
        done = replace(again, tried=done.tried + again.tried)
    if done.report_error and _lacks_tables(platform, instance, done):
        # The report could not read a table, which was set aside: run once more to make it again.
        again = _bring_level(platform, instance, index_later=index_later)
        return replace(again, tried=done.tried + again.tried)
    return done


def _bring_level(platform: Platform, instance: Instance, *, index_later: bool) -> Generated:
    dataset = platform.dataset
    end_orphans(instance)
    mend_lost(platform.settings, dataset)
    found = scan_clips(platform.settings, dataset, read_copies=True)
    register(instance, dataset, found)
    for line in found.remarks:
        logger.warning(line)
    if not found.clips:
        taken = ", ".join(sorted(VIDEO_SUFFIXES | (MATROSKA_SUFFIXES if platform.settings.matroska else set())))
        logger.warning("No videos in %s or its folders; accepted are %s", found.folders.videos.absolute, taken)
    known = Known(found, History.read(instance, dataset, platform.stages))
    for name, why in known.history.damaged.items():
        logger.warning("%s is damaged (%s): it is made again", dataset.path(name), why)
    record_unknown(platform, instance, found, known.history)
    status = _status(platform, found, known.history)
    index_error = None if index_later else _fill_index(platform, known, status)
    status = _status(platform, found, known.history)
    keys = instance.get_dynamic_partitions(PARTITIONS)
    batches = plan(status, keys, at_most=platform.settings.clips_per_run, retry_failed=True)
    if index_later:
        batches = [replace(batch, stages=batch.stages - {INDEX_STAGE}) for batch in batches]
        batches = [batch for batch in batches if batch.stages]
    tried = sum(len(batch.clip_ids) for batch in batches)
    counts = (len(found.clips), len(status.made), tried)
    logger.info("Clips: %d, of which %d are up to date and %d to be made", *counts, extra={"clips_total": tried})
    wanted = frozenset[str]().union(*(batch.stages for batch in batches))
    if any(isinstance(stage, ClipStage) and stage.prefetch and stage.name in wanted for stage in platform.stages):
        open_workers(platform.settings, platform.tools.models).require_able()
    for batch in batches:
        stages = [stage.name for stage in platform.stages if stage.name in batch.stages]
        run_in_process(platform.definitions, instance, PROCESS_JOB, stages=stages, tags=run_tags(batch), knowing=known)
    if batches:
        _say_what_went_away(found.folders.videos)
        found = found.reread(dataset)
        status = _status(platform, found, known.history)
    state = _report_state(platform, status, found)
    report_error = None
    if batches or not _is_reported(dataset, state):
        logger.info("Writing the report")
        report_error = make_report(platform, instance, Known(found, known.history, status))
        if report_error is None:
            dataset.remember(reported=state)
    report = None if report_error else dataset.read_text(layout.REPORT)
    if report:
        log_report(json.loads(report), [clip_id for batch in batches for clip_id in batch.clip_ids])
    return Generated(status, found, tried, report_error, index_error, index_later)


def _say_what_went_away(videos: Videos) -> None:
    """Log one line if the folder of clips is gone or can no longer be read; its clips fail one by one."""
    why = videos.why_away()
    if why:
        logger.error("%s %s, and run the same command again to make the others", videos.absolute, why)


def _fill_index(platform: Platform, known: Known, status: Status) -> str | None:
    """Send again what the index has lost; return why that failed, None if it did not."""
    try:
        filled = fill_index(platform.stages, platform.dataset, platform.tools.search, known.scan, status)
    except SearchError as error:
        logger.error("%s", error)
        return str(error)
    for asset, clip_ids in filled.damaged.items():
        for stage in {asset, INDEX_STAGE}:  # a table that is made again is sent again
            known.history.stages[stage].tables -= clip_ids
    refused = [f"the index refuses the document of {clip_id}: {reason}" for clip_id, reason in filled.refused.items()]
    for line in refused:
        logger.error("%s", line)
    return "; ".join(refused) or None


def _has_further_couples(platform: Platform, done: Generated) -> bool:
    """Tell whether the new keypoints show further couples that must become clips."""
    if not done.scan.folders.every_couple or not done.tried:
        return False
    try:
        now = scan_clips(platform.settings, platform.dataset)
    except ScanError:
        return False  # the folder has gone in the meantime, which is already logged
    return bool(now.clips.keys() - done.scan.clips.keys())


def _lacks_tables(platform: Platform, instance: Instance, done: Generated) -> bool:
    history = History.read(instance, platform.dataset, platform.stages)
    now = _status(platform, done.scan, history).todo
    return any(names - done.status.todo.get(clip_id, frozenset()) for clip_id, names in now.items())


def _status(platform: Platform, found: Scan, history: History) -> Status:
    return Status.of(found.clips, platform.stages, history.stages, history.reason_of)


def _is_reported(dataset: Dataset, state: str) -> bool:
    return dataset.collection().get("reported") == state and not damaged_reports(dataset)


def _report_state(platform: Platform, status: Status, found: Scan) -> str:
    """Return a hash of the report's content: if it has not changed, the report is not made again."""
    content = [
        version("bachata-assets"),
        platform.settings.quality_threshold,
        platform.settings.signed_link_hours,
        [stage.code_version for stage in platform.stages],
        {clip.clip_id: dict(clip.versions) for clip in status.made},
        [[clip.clip_id, clip.video_path, vars(clip.failure)] for clip in status.failed],
        {clip.clip_id: dict(clip.versions) for clip in status.not_indexed},
        [clip.clip_id for clip in status.pending],
        [vars(entry) for entry in found.without_file],
        found.without_annotation,
        found.remarks,
    ]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:16]
