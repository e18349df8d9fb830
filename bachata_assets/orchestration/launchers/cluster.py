"""What the launchers of all clusters do with runs that they did not launch, and with a cluster that does not answer."""

from typing import ClassVar

from dagster import DagsterRun

from bachata_assets.orchestration.dagster_internals import (
    CheckRunHealthResult,
    LaunchRunContext,
    RunLauncher,
    WorkerStatus,
)
from bachata_assets.orchestration.orphaned_runs import health_of_process, is_launched, launched_tag


class ClusterRuns(RunLauncher):
    """Mixed into a cluster's launcher, lets it judge its own runs alone.

    Dagster's monitor asks the one launcher of an instance about every run, and ends those that it does not know. That
    would be each run of `generate`, which its own process works on, and every run while a cluster is restarted.
    """

    GONE: ClassVar[str]
    """What the cluster's launcher says of a job that the cluster does not know."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Launch a run, and write down that the cluster has it."""
        run_id = context.dagster_run.run_id
        self._instance.add_run_tags(run_id, launched_tag(run_id))
        super().launch_run(context)  # type: ignore[safe-super]  # the cluster's launcher stands behind

    def terminate(self, run_id: str) -> bool:
        """End a run that the cluster has; one of `generate` is ended where it was begun."""
        run = self._instance.get_run_by_id(run_id)
        return run is not None and is_launched(run) and bool(super().terminate(run_id))  # type: ignore[safe-super]

    def get_run_worker_debug_info(self, run: DagsterRun, include_container_logs: bool | None = True) -> str | None:
        """Return what the cluster says of a run's job, None of a run that is none of its own."""
        return super().get_run_worker_debug_info(run, include_container_logs) if is_launched(run) else None

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Say whether a run is at work: by its job on the cluster, else by its process."""
        if not is_launched(run):
            return health_of_process(run)
        try:
            health = super().check_run_worker_health(run)
        except OSError as error:
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"the cluster does not answer: {error}")
        if health.status != WorkerStatus.UNKNOWN:
            return health
        if self.GONE in (health.msg or ""):
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the cluster has no such job any more")
        return CheckRunHealthResult(WorkerStatus.RUNNING, f"the cluster does not answer: {health.msg}")
