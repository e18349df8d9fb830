"""The jobs: they make clips and the report and maintain the results; and running a job in this process.

Belongs here: what a person or a schedule launches. `sensors.py` and `schedules.py` say when.
"""

import logging
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
from pydantic import Field

from bachata_assets.collection.compaction import Compacted, compact
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.remarks import counted
from bachata_assets.collection.scan import Scan, exchanged_files, scan_clips
from bachata_assets.file_errors import with_remedy
from bachata_assets.orchestration.history import History, set_damaged_aside
from bachata_assets.orchestration.instance import Instance
from bachata_assets.orchestration.orphaned_runs import end_orphans, process_tag
from bachata_assets.orchestration.partitions import FOLDER
from bachata_assets.orchestration.pruning import gone, remove_clips
from bachata_assets.orchestration.resources import PLAIN, Names, resource_keys, tools_of
from bachata_assets.orchestration.run_requests import clips_at_work
from bachata_assets.orchestration.state.old_runs import old_runs_job
from bachata_assets.pipeline.index_level import fill_index
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Status
from bachata_assets.settings import Settings

logger = logging.getLogger(__name__)

PROCESS_JOB = "process_clips"
REPORT_JOB = "make_report"
PRUNE_JOB = "prune"
FILL_JOB = "fill_index"
CHECK_JOB = "check_content"
LOOK_JOB = "look_for_clips"
COMPACT_JOB = "compact_tables"

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Run config: the package's own log reports progress, not every Dagster event."""
_LONGEST_TAG = "dagster/max_runtime"
"""Tag with a run's time limit in seconds, 0 for none: a run of this process ends only when a person ends it."""


class PruneConfig(dg.Config):
    """Config of the prune job, for the launchpad."""

    dry_run: bool = Field(
        default=True, description="Only list the clips whose files are gone. Set it to false to remove them."
    )


@dataclass(frozen=True)
class Jobs:
    """All jobs; asset jobs are unresolved until the definitions are assembled."""

    process: Any
    report: Any
    prune: dg.JobDefinition
    old_runs: dg.JobDefinition
    fill: dg.JobDefinition
    check: dg.JobDefinition
    look: Any
    compact: dg.JobDefinition


def define_jobs(stages: Sequence[Stage], settings: Settings, names: Names) -> Jobs:
    """Return the jobs."""
    process = dg.define_asset_job(
        names.of(PROCESS_JOB),
        selection=[names.key(stage.name) for stage in stages],
        description="Makes everything that belongs to a single clip.",
    )
    report = dg.define_asset_job(
        names.of(REPORT_JOB),
        selection=[names.key("embeddings"), names.key("report")],
        description="Makes the table of all clips and the report, and runs the checks over all clips.",
    )
    return Jobs(
        process,
        report,
        _prune_job(stages, settings, names),
        old_runs_job(names.of),
        _fill_job(stages, settings, names),
        _check_job(stages, settings, names),
        dg.define_asset_job(
            names.of(LOOK_JOB),
            selection=[names.key(FOLDER)],
            description="Lists the folder of clips (BACHATA_VIDEO_DIR) and adds a partition for each clip. It makes no "
            "tables.",
        ),
        _compact_job(stages, settings, names),
    )


def makes_any(run: dg.DagsterRun, stages: Set[str], names: Names = PLAIN) -> bool:
    """Tell whether a run makes tables of these stages; a backfill or Materialize in the UI uses none of these jobs."""
    if run.job_name == names.of(PROCESS_JOB):
        return True
    return any(names.owns(key) and key.path[-1] in stages for key in run.asset_selection or ())


def _prune_job(stages: Sequence[Stage], settings: Settings, names: Names) -> dg.JobDefinition:
    @dg.op(
        name=names.of("remove_clips_that_are_gone"),
        required_resource_keys=resource_keys(names),
        description="Removes the clips whose files are gone, or only lists them.",
    )
    def remove_clips_that_are_gone(context: dg.OpExecutionContext, config: PruneConfig) -> None:
        tools = tools_of(context, names, settings)
        opened = tools.dataset
        clip_ids = gone(settings, opened)
        context.log.info(f"Clips without a file, or without a couple: {', '.join(clip_ids) or 'none'}")
        if clip_ids and not config.dry_run:
            remove_clips(context.instance, stages, opened, tools.search, clip_ids, names)
            context.log.info(f"Clips removed: {len(clip_ids)}; {REPORT_JOB} updates the report")

    return _job_of(
        remove_clips_that_are_gone,
        names.of(PRUNE_JOB),
        "Removes clips whose files are gone from the collection: partition, tables and document together. "
        "Only lists them unless dry_run is false. Refuses while a run uses them.",
    )


def _fill_job(stages: Sequence[Stage], settings: Settings, names: Names) -> dg.JobDefinition:
    @dg.op(
        name=names.of("send_lost_documents"),
        required_resource_keys=resource_keys(names),
        description="Sends documents again that the index lacks or that differ from their tables.",
    )
    def send_lost_documents(context: dg.OpExecutionContext) -> None:
        _fill(context, settings, stages, names, every=False)

    return _job_of(
        send_lost_documents,
        names.of(FILL_JOB),
        "Updates the search index to match the tables, after it was emptied, damaged or restored from an "
        "older copy. Computes no vectors.",
    )


def _check_job(stages: Sequence[Stage], settings: Settings, names: Names) -> dg.JobDefinition:
    @dg.op(
        name=names.of("read_everything"),
        required_resource_keys=resource_keys(names),
        description="Reads every clip, table and document, not only sizes and a sample.",
    )
    def read_everything(context: dg.OpExecutionContext) -> None:
        opened = tools_of(context, names, settings).dataset
        for file in exchanged_files(settings, opened, take=True):
            context.log.warning(f"{file.path} has changed since it was read: its clip is made again")
        for error in set_damaged_aside(context.instance, opened, stages, names):
            context.log.warning(f"{error.path} was damaged ({error.why}) and is set aside, to be made again")
        _fill(context, settings, stages, names, every=True)

    return _job_of(
        read_everything,
        names.of(CHECK_JOB),
        "Compares every byte of clips and tables with what was read and written, and every document with its "
        "table. Sets damaged tables aside, so that they are made again, and sends lost documents again.",
    )


def _compact_job(stages: Sequence[Stage], settings: Settings, names: Names) -> dg.JobDefinition:
    @dg.op(
        name=names.of("put_tables_into_archives"),
        required_resource_keys=resource_keys(names),
        description="Puts the tables of clips that no run uses into archives.",
    )
    def put_tables_into_archives(context: dg.OpExecutionContext) -> None:
        for stage, done in compact_tables(context.instance, stages, tools_of(context, names, settings).dataset, names):
            context.log.info(f"{stage}: {done}")

    return _job_of(
        put_tables_into_archives,
        names.of(COMPACT_JOB),
        "Puts the tables of many clips into few archives, which are faster to read from a bucket. Nothing else "
        "changes: a table that is made again is a separate file, which takes precedence.",
    )


def compact_tables(
    instance: Instance, stages: Sequence[Stage], dataset: Dataset, names: Names = PLAIN
) -> Iterator[tuple[str, Compacted]]:
    """Put the tables of clips that no run uses into archives; yield each stage and what was done.

    Raises
    ------
    DamagedError
        The index of a stage's archives, which the message names, is damaged.
    """
    end_orphans(instance)
    for stage in stages:
        yield stage.name, compact(dataset, stage.name, partial(clips_at_work, instance, names))


def _fill(
    context: dg.OpExecutionContext, settings: Settings, stages: Sequence[Stage], names: Names, *, every: bool
) -> None:
    tools = tools_of(context, names, settings)
    found = scan_clips(settings, tools.dataset)
    history = History.read(context.instance, tools.dataset, stages, names=names)
    status = Status.of(found.clips, stages, history.stages, history.reason_of)
    filled = fill_index(stages, tools.dataset, tools.search, found, status, every=every)
    context.log.info(f"Documents sent again: {len(filled.sent)}")
    if filled.refused:
        raise dg.Failure(f"The index refuses {counted(len(filled.refused), 'document')}", metadata=dict(filled.refused))


def _job_of(op: dg.OpDefinition, name: str, description: str) -> dg.JobDefinition:
    """Return a job of one op, in the run's own process."""
    graph = dg.GraphDefinition(name, node_defs=[op])
    return graph.to_job(description=description, executor_def=dg.in_process_executor)


@dataclass
class Known:
    """What the caller of a run in this process knows already, so that the run does not read it again.

    Attributes
    ----------
    status : status of the whole collection; None if it may change during the run
    """

    scan: Scan
    history: History
    status: Status | None = None


_KNOWN: ContextVar[Known | None] = ContextVar("known", default=None)


def known() -> Known | None:
    """Return what the caller of this run knows; None for a run in a separate process."""
    return _KNOWN.get()


def run_in_process(
    definitions: dg.Definitions,
    instance: Instance,
    job: str,
    *,
    stages: Sequence[str] | None = None,
    tags: dict[str, str] | None = None,
    knowing: Known | None = None,
) -> str | None:
    """Run a job in this process; return why the run failed, None if it did not.

    A failed clip does not make the run fail; its own events report it.

    Parameters
    ----------
    stages : the assets of the job to make; by default, all
    knowing : passed to the assets; its history is updated with what the run makes

    Raises
    ------
    KeyboardInterrupt
        If the user stopped it; what is made is kept.
    FileNotFoundError
        If it failed and the working directory is gone.
    """
    with _handed_over(knowing):
        run_id = str(uuid4())
        result = definitions.resolve_job_def(job).execute_in_process(
            run_id=run_id,
            instance=instance,
            asset_selection=None if stages is None else [dg.AssetKey(name) for name in stages],
            tags={**(tags or {}), **process_tag(run_id), _LONGEST_TAG: "0"},
            run_config=_QUIET,
            raise_on_error=False,
        )
    if knowing:
        knowing.history.add(result.all_node_events)
    reasons = []
    for event in result.all_node_events:
        if event.is_step_failure and not event.step_failure_data.user_failure_data:
            # Failed clips report themselves (dg.Failure); anything else is a fault of the run.
            error = event.step_failure_data.error
            if error and error.cls_name == dg.DagsterExecutionInterruptedError.__name__:
                raise KeyboardInterrupt
            reasons.append(_first_cause(error) if error else str(event.message))
            logger.error("Run %s of %s failed: %s", result.run_id, job, reasons[-1])
            logger.debug("%s", error)
    if reasons:
        Path.cwd()  # without it no process can start, and the system's message for that names nothing
    return "; ".join(dict.fromkeys(reasons)) or (None if result.success or _clips_failed(result) else "it was stopped")


def _clips_failed(result: dg.ExecuteInProcessResult) -> bool:
    return any(event.is_step_failure for event in result.all_node_events)


def _first_cause(error: Any) -> str:
    """Return the message of the error below Dagster's own, without its class; deeper causes name no file."""
    while error.cause and str(error.cls_name).startswith("Dagster"):
        error = error.cause
    message = str(error.message).strip()
    kind, _, said = message.partition(": ")
    return with_remedy(said if said and kind.endswith(error.cls_name or kind) else message)


@contextmanager
def _handed_over(knowing: Known | None) -> Iterator[None]:
    token = _KNOWN.set(knowing)
    try:
        yield
    finally:
        _KNOWN.reset(token)
