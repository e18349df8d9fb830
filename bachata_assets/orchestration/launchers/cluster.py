"""How all cluster launchers treat runs that they did not launch, and a cluster that does not answer."""

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
    """Mixin that makes a cluster's launcher judge only its own runs.

    Dagster's monitor asks the one launcher of an instance about every run, and ends those that it does not know. That
    would end every run of `generate`, which runs in its own process, and all runs while a cluster restarts.
    """

    GONE: ClassVar[str]
    """Message of the cluster's launcher for a job that the cluster does not know."""

    def launch_run(self, context: LaunchRunContext) -> None:
        """Launch a run, and record that the cluster has it."""
        run_id = context.dagster_run.run_id
        self._instance.add_run_tags(run_id, launched_tag(run_id))
        super().launch_run(context)  # type: ignore[safe-super]  # the cluster's launcher comes next

    def terminate(self, run_id: str) -> bool:
        """End a run that the cluster has; a run of `generate` can only be stopped where it was started."""
        run = self._instance.get_run_by_id(run_id)
        return run is not None and is_launched(run) and bool(super().terminate(run_id))  # type: ignore[safe-super]

    def get_run_worker_debug_info(self, run: DagsterRun, include_container_logs: bool | None = True) -> str | None:
        """Return what the cluster says about a run's job; None if the run is not its own."""
        return super().get_run_worker_debug_info(run, include_container_logs) if is_launched(run) else None

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Return whether a run is alive: from its job on the cluster, else from its process."""
        if not is_launched(run):
            return health_of_process(run)
        try:
            health = super().check_run_worker_health(run)
        except OSError as error:
            return CheckRunHealthResult(WorkerStatus.RUNNING, f"the cluster does not answer: {error}")
        if health.status != WorkerStatus.UNKNOWN:
            return health
        if self.GONE in (health.msg or ""):
            return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the cluster no longer has this job")
        return CheckRunHealthResult(WorkerStatus.RUNNING, f"the cluster does not answer: {health.msg}")
