"""Old runs are deleted with their events, and all that is known of the clips stays."""

import json
from typing import Any

import pytest
from dagster import DagsterInstance
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.history import History, checked_clips
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.jobs import PROCESS_JOB, REPORT_JOB
from bachata_assets.orchestration.state.old_runs import OLD_RUNS_JOB
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.postgres_server import Server
from bachata_assets_tests.support.workplace import Workplace


def note(place: Workplace, words: str) -> None:
    """Change the annotation of one clip, and make again what depends on it."""
    said = json.loads(place.annotations.read_text())
    next(clip for clip in said["clips"] if clip["clip_id"] == "basic_step_1")["notes"] = words
    place.annotations.write_text(json.dumps(said))
    result = place.generate()
    assert "1 processed this time" in result.output, result.output


def known(place: Workplace, instance: DagsterInstance) -> dict[str, Any]:
    """Return all that Dagster says of the clips."""
    platform = build_platform(load_settings(data_dir=str(place.data)))
    history = History.read(instance, platform.dataset, platform.stages)
    return {
        "stages": {name: vars(stage) for name, stage in history.stages.items()},
        "checks": checked_clips(instance, platform.checks, SAMPLE_CLIPS),
        "partitions": {
            key.to_user_string(): instance.get_materialized_partitions(key) for key in instance.get_asset_keys()
        },
        "report": instance.get_latest_materialization_event(
            next(k for k in instance.get_asset_keys() if k.path == ["report"])
        ),
    }


def delete(instance: DagsterInstance, place: Workplace, **config: Any) -> None:
    job = build_platform(load_settings(data_dir=str(place.data))).definitions.resolve_job_def(OLD_RUNS_JOB)
    given = {"ops": {"delete_superseded_runs": {"config": config}}}
    assert job.execute_in_process(instance=instance, run_config=given).success


def runs(instance: DagsterInstance) -> list[str]:
    """Return the ids of the runs that make something, the oldest first."""
    return [run.run_id for run in reversed(instance.get_runs()) if run.job_name in (PROCESS_JOB, REPORT_JOB)]


@pytest.mark.parametrize("state", ["files", "PostgreSQL"])
def test_a_run_of_which_nothing_is_current_goes_and_what_is_known_stays(
    state: str, place: Workplace, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if state == "PostgreSQL":
        postgres: Server = request.getfixturevalue("postgres")
        monkeypatch.setenv("BACHATA_POSTGRES_URL", postgres.url(postgres.new()))
        assert place.generate().exit_code == 0
    note(place, "slow and close")
    note(place, "slow, close and long")
    with open_instance(str(place.data)) as instance:
        before, all_runs = known(place, instance), runs(instance)
        delete(instance, place, days=0)
        delete(instance, place, days=1, dry_run=False)
        assert runs(instance) == all_runs
        delete(instance, place, days=0, dry_run=False)
        left = runs(instance)
        assert known(place, instance) == before
        # Of two notes' runs and reports the later ones count, and the run that made the poses.
        assert left == [all_runs[0], *all_runs[-2:]] or (state == "PostgreSQL" and left == all_runs[-2:])
        assert not instance.all_logs(all_runs[-4])
    assert "0 processed this time" in place.generate().output
    status = CliRunner().invoke(app, ["status", "--data_dir", str(place.data)])
    assert status.output.splitlines()[0] == "4 made, 0 failed, 0 to be made"
