"""The jobs a person or a schedule launches: making clips, making the report, taking out what is gone."""

from collections.abc import Sequence, Set

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field

from bachata_assets.collection.dataset import Dataset
from bachata_assets.commands import prune as pruning
from bachata_assets.orchestration.orphaned_runs import in_process_executor
from bachata_assets.orchestration.search_resource import SearchIndexResource
from bachata_assets.pipeline.stage import Stage
from bachata_assets.settings import Settings

PROCESS_JOB = "process_clips"
REPORT_JOB = "make_report"
PRUNE_JOB = "prune"

Job = UnresolvedAssetJobDefinition


class PruneConfig(dg.Config):
    """What the prune job asks for in the launchpad."""

    dry_run: bool = Field(
        default=True, description="Only say which clips have no file any more. Set it to false to remove them."
    )


def jobs(stages: Sequence[Stage], settings: Settings) -> tuple[Job, Job, dg.JobDefinition]:
    """Return the jobs: making clips, making the report, pruning."""
    process = dg.define_asset_job(
        PROCESS_JOB,
        selection=[stage.name for stage in stages],
        description="Everything that is made of single clips.",
    )
    report = dg.define_asset_job(
        REPORT_JOB,
        selection=["embeddings", "report"],
        description="The table over all clips, and the report, with the checks over all clips.",
    )
    return process, report, _prune_job(stages, settings)


def makes_any(run: dg.DagsterRun, stages: Set[str]) -> bool:
    """Tell whether a run makes tables of these stages; a backfill or a Materialize in the UI has none of our jobs."""
    return run.job_name == PROCESS_JOB or any(key.to_user_string() in stages for key in run.asset_selection or ())


def _prune_job(stages: Sequence[Stage], settings: Settings) -> dg.JobDefinition:
    @dg.op(description="Removes the clips whose files are gone, unless it is only to say which.")
    def remove_clips_that_are_gone(
        context: dg.OpExecutionContext,
        config: PruneConfig,
        dataset: Dataset,
        search: dg.ResourceParam[SearchIndexResource],
    ) -> None:
        clip_ids = pruning.gone(settings, dataset)
        context.log.info(f"Clips without a file: {', '.join(clip_ids) or 'none'}")
        if clip_ids and not config.dry_run:
            pruning.prune(context.instance, stages, dataset, search, clip_ids)
            context.log.info(f"Clips removed: {len(clip_ids)}; {REPORT_JOB} brings the report level")

    @dg.job(
        name=PRUNE_JOB,
        description="Takes clips whose files are gone out of the collection: partition, tables and document together. "
        "Says only which, unless dry_run is false. Never while a run uses them.",
        executor_def=in_process_executor,
    )
    def prune() -> None:
        remove_clips_that_are_gone()

    return prune
