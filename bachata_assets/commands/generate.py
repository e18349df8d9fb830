"""What `bachata-assets generate` does: bring one data dir up to date, as runs in its own Dagster instance.

The words and flags of the command line are in `cli.py`.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import dagster as dg
from dagster import DagsterInstance
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.instance import InstanceRef

from bachata_assets.collection import scan as collection
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Collection
from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.event_log import kept_open
from bachata_assets.orchestration.jobs import PROCESS_JOB, REPORT_JOB
from bachata_assets.orchestration.orphaned_runs import end_orphans, process_tag
from bachata_assets.orchestration.report_assets import EMBEDDINGS_NAME
from bachata_assets.orchestration.run_requests import plan, run_tags
from bachata_assets.pipeline.status import Standing
from bachata_assets.pipeline.versions import Batch
from bachata_assets.report.page import PAGE_NAME
from bachata_assets.report.summary import REPORT_NAME

logger = logging.getLogger(__name__)

_INSTANCE = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 3  # one of them of clips: see the pool `poses`
  pools:
    granularity: run
"""

_NO_CAPTURE = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
"""In our own process nothing is captured: the terminal is ours, and the capturing processes would not die quietly."""

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run config: what happens is said by our own log, not by every Dagster event."""


@dataclass(frozen=True)
class Generated:
    """How a data dir stands after `generate`."""

    standing: Standing
    collection: Collection
    tried: int
    """Clips that were worked on this time."""


def dagster_home(data_dir: str) -> Path:
    """Return where Dagster's state of a data dir is: inside it, unless DAGSTER_HOME says otherwise."""
    given = os.environ.get("DAGSTER_HOME")
    return Path(given).absolute() if given else local_folder(data_dir) / ".dagster"


def local_folder(data_dir: str) -> Path:
    """Return the data dir; log and state of one in an object store are in a folder of its name under `data`."""
    return Path("data", data_dir.partition("://")[2]).absolute() if "://" in data_dir else Path(data_dir).absolute()


@contextmanager
def instance_of(data_dir: str) -> Iterator[DagsterInstance]:
    """Open the Dagster instance of a data dir; it is made where there is none."""
    home = dagster_home(data_dir)
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(_INSTANCE)
    reference = InstanceRef.from_dir(str(home), overrides=_NO_CAPTURE)
    with DagsterInstance.from_ref(reference) as instance, kept_open(instance):
        yield instance


def generate(platform: Platform, instance: DagsterInstance) -> Generated:
    """Make whatever is missing or stale, failed clips included, then the table over all clips and the report.

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        When there is nothing to begin with.
    KeyboardInterrupt
        When someone ended it; what is made is kept.
    """
    dataset = platform.dataset
    end_orphans(instance)
    found = collection.look(platform.settings, dataset, read_copies=True)
    collection.register(instance, dataset, found)
    standing = Standing.of(found, platform.stages, instance, dataset)
    batches = plan(instance, standing, at_most=platform.settings.clips_per_run, retry_failed=True)
    tried = sum(len(batch.clip_ids) for batch in batches)
    counts = (len(found.clips), len(standing.made), tried)
    logger.info("Clips: %d, of which %d are up to date and %d to be made", *counts, extra={"clips_total": tried})
    for batch in batches:
        _run_batch(platform, instance, batch)
    if batches:
        found = collection.look(platform.settings, dataset)
        standing = Standing.of(found, platform.stages, instance, dataset)
    state = _report_state(platform, standing, found)
    if batches or not _is_reported(dataset, state):
        logger.info("Writing the report")
        if make_report(platform, instance):
            dataset.remember(reported=state)
    return Generated(standing, found, tried)


def make_report(platform: Platform, instance: DagsterInstance) -> bool:
    """Make the table over all clips and the report, from what is there; tell whether that went well."""
    return _run(platform, instance, REPORT_JOB, None, {})


def _is_reported(dataset: Dataset, state: str) -> bool:
    there = all(dataset.exists(name) for name in (EMBEDDINGS_NAME, REPORT_NAME, PAGE_NAME))
    return there and dataset.collection().get("reported") == state


def _report_state(platform: Platform, standing: Standing, found: Collection) -> str:
    """Return what the report says, as a hash: where nothing has changed, it is not made again."""
    content = [
        version("bachata-assets"),
        platform.settings.quality_threshold,
        [stage.code_version for stage in platform.stages],
        {clip.clip_id: dict(clip.versions) for clip in standing.made},
        [vars(clip) for clip in standing.failed],
        [clip.clip_id for clip in standing.pending],
        [vars(entry) for entry in found.without_file],
    ]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:16]


def _run_batch(platform: Platform, instance: DagsterInstance, batch: Batch) -> None:
    selection = [dg.AssetKey(stage.name) for stage in platform.stages if stage.name in batch.stages]
    _run(platform, instance, PROCESS_JOB, selection, run_tags(batch))


def _run(
    platform: Platform,
    instance: DagsterInstance,
    job: str,
    selection: list[dg.AssetKey] | None,
    tags: dict[str, str],
) -> bool:
    result = platform.definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        asset_selection=selection,
        tags={**tags, **process_tag()},
        run_config=_QUIET,
        raise_on_error=False,
    )
    for event in result.all_node_events:
        if event.is_step_failure and not event.step_failure_data.user_failure_data:
            # Clips that failed say so themselves (dg.Failure); anything else is a fault of the run.
            error = event.step_failure_data.error
            if error and error.cls_name == DagsterExecutionInterruptedError.__name__:
                raise KeyboardInterrupt
            logger.error(
                "Run %s of %s failed: %s", result.run_id, job, error.message.strip() if error else event.message
            )
            logger.debug("%s", error)
    return bool(result.success)
