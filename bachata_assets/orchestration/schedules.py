"""The schedules: all that is missing every night, the whole report every week. Off until someone switches them on."""

from collections.abc import Iterator, Sequence

import dagster as dg

from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.jobs import Jobs
from bachata_assets.orchestration.run_requests import find_clips, requests
from bachata_assets.pipeline.stage import Stage
from bachata_assets.settings import Settings


def define_schedules(
    jobs: Jobs, settings: Settings, stages: Sequence[Stage], dataset: Dataset
) -> list[dg.ScheduleDefinition]:
    """Return the schedules."""

    @dg.schedule(
        job=jobs.process,
        cron_schedule=settings.nightly_cron,
        description="Every night (BACHATA_NIGHTLY_CRON): asks for all that is missing or stale, failed clips included.",
        tags={"makes": "clips"},
    )
    def process_missing_clips(
        context: dg.ScheduleEvaluationContext,
    ) -> Iterator[dg.RunRequest | dg.SkipReason]:
        found = find_clips(context.instance, settings, dataset, {})
        for line in found.remarks:
            context.log.warning(line)
        yield from requests(context.instance, settings, stages, dataset, found, retry_failed=True)

    full_report = dg.ScheduleDefinition(
        "full_report",
        job=jobs.report,
        cron_schedule=settings.report_cron,
        description="Every week (BACHATA_REPORT_CRON): makes the table over all clips and the report, with all checks.",
        tags={"makes": "report"},
    )
    return [process_missing_clips, full_report]
