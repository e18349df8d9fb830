"""The job that deletes old runs without losing anything that is known about the clips.

Dagster removes ticks by age, and events only with their run. The status of a partition is read from an event, so a run
whose results no later run has made again must stay.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, RunsFilter
from pydantic import Field

OLD_RUNS_JOB = "delete_old_runs"
_PAGE = 500
"""Number of runs to read at once."""
_ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]
_KEPT = {DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION}
"""Events that hold the status of an asset or a partition; Dagster keeps the answers of checks separately."""


class OldRunsConfig(dg.Config):
    """Config of the job, for the launchpad."""

    days: int = Field(default=90, ge=0, description="Age of the runs in days.")
    dry_run: bool = Field(default=True, description="Only count them. Set it to false to delete them.")


def old_runs_job(named: Callable[[str], str]) -> dg.JobDefinition:
    """Return the job.

    Parameters
    ----------
    named : name of a part -> its name in this collection
    """

    @dg.op(name=named("delete_superseded_runs"), description="Deletes runs with their events.")
    def delete_superseded_runs(context: dg.OpExecutionContext, config: OldRunsConfig) -> None:
        before = datetime.now(UTC) - timedelta(days=config.days)
        run_ids = list(superseded_runs(context.instance, before))
        context.log.info(f"Ended runs older than {config.days} days without current events: {len(run_ids)}")
        if not config.dry_run:
            for run_id in run_ids:
                context.instance.delete_run(run_id)
            context.log.info(f"Runs deleted: {len(run_ids)}")

    return dg.GraphDefinition(named(OLD_RUNS_JOB), node_defs=[delete_superseded_runs]).to_job(
        description="Deletes ended runs of a given age with their events, if they do not hold the latest event of any "
        "asset or clip, so that the status of the clips stays. Only counts them unless dry_run is false.",
        executor_def=dg.in_process_executor,
    )


def superseded_runs(instance: DagsterInstance, before: datetime) -> Iterator[str]:
    """Yield ended runs that do not hold the latest event of any asset or partition, latest run first."""
    cursor = None
    while records := instance.get_run_records(
        RunsFilter(statuses=_ENDED, created_before=before), limit=_PAGE, cursor=cursor
    ):
        for record in records:
            if not _is_current(instance, record.dagster_run.run_id):
                yield record.dagster_run.run_id
        cursor = records[-1].dagster_run.run_id


def _is_current(instance: DagsterInstance, run_id: str) -> bool:
    """Tell whether a run holds the latest event of its kind for an asset or a partition."""
    for entry in instance.all_logs(run_id, of_type=_KEPT):
        event = entry.dagster_event
        if event is None or event.asset_key is None:
            continue
        of_it = dg.AssetRecordsFilter(event.asset_key, asset_partitions=[event.partition] if event.partition else None)
        is_made = event.event_type == DagsterEventType.ASSET_MATERIALIZATION
        fetch = instance.fetch_materializations if is_made else instance.fetch_observations
        if any(latest.run_id == run_id for latest in fetch(of_it, limit=1).records):
            return True
    return False
