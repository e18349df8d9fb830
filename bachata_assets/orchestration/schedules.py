"""The schedules: missing clips every night; the report and a full read of all data every week. Off by default."""

from collections.abc import Sequence

import dagster as dg

from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.history import History
from bachata_assets.orchestration.jobs import Jobs
from bachata_assets.orchestration.resources import Names
from bachata_assets.orchestration.run_requests import find_clips, requests
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Status
from bachata_assets.settings import Settings, SettingsError


def define_schedules(
    jobs: Jobs, settings: Settings, stages: Sequence[Stage], dataset: Dataset, names: Names
) -> list[dg.ScheduleDefinition]:
    """Return the schedules.

    Raises
    ------
    SettingsError
        If a cron time can never occur, or is malformed.
    """
    for variable, cron in (
        ("BACHATA_NIGHTLY_CRON", settings.nightly_cron),
        ("BACHATA_REPORT_CRON", settings.report_cron),
    ):
        _require_cron(variable, cron)

    @dg.schedule(
        name=names.of("process_missing_clips"),
        job=jobs.process,
        cron_schedule=settings.nightly_cron,
        description="Every night (BACHATA_NIGHTLY_CRON): requests everything missing or stale, including failed clips.",
        tags={"makes": "clips"},
    )
    def process_missing_clips(
        context: dg.ScheduleEvaluationContext,
    ) -> list[dg.RunRequest] | dg.SkipReason:
        found = find_clips(context.instance, settings, dataset, names)
        for line in found.remarks:
            context.log.warning(line)
        history = History.read(context.instance, dataset, stages, names=names)
        status = Status.of(found.clips, stages, history.stages, history.reason_of)
        asked = requests(context.instance, settings, stages, found, status, retry_failed=True, names=names)
        return list(asked.requests) or dg.SkipReason(asked.why(found, status, retry_failed=True))

    full_report = dg.ScheduleDefinition(
        names.of("full_report"),
        job=jobs.report,
        cron_schedule=settings.report_cron,
        description="Every week (BACHATA_REPORT_CRON): makes the table of all clips and the report, with all checks.",
        tags={"makes": "report"},
    )
    check_content = dg.ScheduleDefinition(
        names.of("check_everything"),
        job=jobs.check,
        cron_schedule=settings.report_cron,
        description="Every week (BACHATA_REPORT_CRON): reads every table and every document of the index, and compares "
        "them with what was written.",
        tags={"makes": "nothing"},
    )
    return [process_missing_clips, full_report, check_content]


def _require_cron(variable: str, cron: str) -> None:
    try:
        dg.ScheduleDefinition(name="any", job_name="any", cron_schedule=cron)
    except dg.DagsterInvalidDefinitionError:
        allowed = "five fields (minute, hour, day, month, weekday) of a time that exists, such as 0 3 * * *"
        raise SettingsError(f"{variable} = {cron[:80]!r}: must be {allowed}") from None
