"""What Dagster shows of the checks of clips, some of which cannot be made; the stages are small ones."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster import DagsterInstance

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.scan import scan_clips
from bachata_assets.orchestration.build import Platform, build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.partitions import register
from bachata_assets.orchestration.resources import NamedClipsResource
from bachata_assets.pipeline.checks import Check
from bachata_assets.pipeline.failure import ClipError
from bachata_assets.pipeline.stage import Made, Tables
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.small_stages import one, stage, sum_of_inputs

CLIPS = ["bad", "good", "great", "zero"]
FAILED = {"bad", "zero"}
"""The last partition is among them: of several, Dagster shows the latest answer in the graph."""


def poses(clip: Clip, tables: Tables) -> Made:
    if clip.path.read_text() in FAILED:
        raise ClipError(f"{clip.clip_id}.mp4: nobody is found")
    return one(clip, tables)


def is_long(_clip: Clip, made: Made) -> tuple[bool, dict[str, Any]]:
    return made.table["n"][0].as_py() > 4, {}


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "videos").mkdir()
    for name in CLIPS:
        (tmp_path / "videos" / f"{name}.mp4").write_text(name)
    settings = load_settings(video_dir=tmp_path / "videos", data_dir=str(tmp_path / "data"))
    small = [stage("poses", "clip_file", make=poses), stage("rest", "poses", make=sum_of_inputs)]
    stages = [replace(stage, group="small") for stage in small]
    checks = [Check("is_long", "poses", "WARN", "More than four.", "None.", is_long)]
    return build_platform(settings, stages=stages, checks=checks)


@pytest.fixture
def instance(platform: Platform) -> Iterator[DagsterInstance]:
    with open_instance(platform.settings.data_dir) as opened:
        register(opened, platform.dataset, scan_clips(platform.settings, platform.dataset))
        yield opened


RANGE = {"dagster/asset_partition_range_start": CLIPS[0], "dagster/asset_partition_range_end": CLIPS[-1]}


def run(
    platform: Platform, instance: DagsterInstance, tags: dict[str, str], selection: Any = None
) -> dg.ExecuteInProcessResult:
    job = platform.definitions.resolve_job_def("process_clips")
    if selection is not None:
        job = job.get_subset(asset_selection=frozenset(), asset_check_selection=selection)
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)


def statuses(platform: Platform, instance: DagsterInstance, asset: str, check: str) -> dict[str, set[str]]:
    """Return status -> clips, as the Partitions tab of a check shows them."""
    key = dg.AssetCheckKey(dg.AssetKey(asset), check)
    partitions = dg.DynamicPartitionsDefinition(name="clips")
    from dagster._core.definitions.partitions.context import partition_loading_context

    with partition_loading_context(dynamic_partitions_store=instance):
        state = instance.event_log_storage.get_asset_check_state([(key, partitions)])[key]
        found = {status.value: set(part.subset_value.get_partition_keys()) for status, part in state.subsets.items()}
    return {status: clips for status, clips in found.items() if clips}


def test_a_clip_that_was_not_made_has_no_failed_quality_check(platform: Platform, instance: DagsterInstance) -> None:
    assert not run(platform, instance, RANGE).success
    assert statuses(platform, instance, "poses", "is_long") == {"SUCCEEDED": {"great"}, "FAILED": {"good"}}


def test_why_a_clip_was_not_made_is_told_once_at_the_stage_that_failed(
    platform: Platform, instance: DagsterInstance
) -> None:
    result = run(platform, instance, RANGE)
    made = {"good", "great"}
    assert statuses(platform, instance, "poses", "can_be_made") == {"SUCCEEDED": made, "FAILED": FAILED}
    assert statuses(platform, instance, "rest", "can_be_made") == {"SUCCEEDED": made}
    told = [
        evaluation.metadata["reason"].value
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed and evaluation.check_name == "can_be_made"
    ]
    assert told == ["bad.mp4: nobody is found", "zero.mp4: nobody is found"]
    (step,) = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert step.user_failure_data is not None
    table = step.user_failure_data.metadata["failed_clips"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data for record in table.records] == [
        {"clip": clip_id, "failed": "poses", "reason": f"{clip_id}.mp4: nobody is found"} for clip_id in sorted(FAILED)
    ]


def test_a_clip_that_can_be_made_again_says_so(platform: Platform, instance: DagsterInstance) -> None:
    run(platform, instance, RANGE)
    (Path(str(platform.settings.video_dir)) / "bad.mp4").write_text("mended")
    run(platform, instance, {"dagster/partition": "bad"})
    assert statuses(platform, instance, "poses", "can_be_made")["FAILED"] == {"zero"}


@pytest.mark.parametrize("tags", [{}, RANGE], ids=["Execute all", "of partitions"])
def test_checks_can_be_asked_alone(platform: Platform, instance: DagsterInstance, tags: dict[str, str]) -> None:
    run(platform, instance, RANGE)
    asked = {dg.AssetCheckKey(dg.AssetKey("poses"), "is_long")}
    result = run(platform, instance, tags, asked)
    assert result.success
    said = {evaluation.partition: evaluation.passed for evaluation in result.get_asset_check_evaluations()}
    assert said == {"good": False, "great": True}
    assert result.asset_materializations_for_node("clip_assets") == []
    assert statuses(platform, instance, "poses", "is_long") == {"SUCCEEDED": {"great"}, "FAILED": {"good"}}


def test_execute_all_of_the_ui_which_names_no_assets_is_not_refused(instance: DagsterInstance) -> None:
    asked = frozenset({dg.AssetCheckKey(dg.AssetKey("poses"), "is_long")})
    for selection in (None, frozenset[dg.AssetKey]()):
        run_of_ui = dg.DagsterRun("__ASSET_JOB", asset_selection=selection, asset_check_selection=asked)
        context: Any = SimpleNamespace(run=run_of_ui, instance=instance)
        NamedClipsResource().setup_for_execution(context)


def test_a_run_that_names_no_clip_says_so_in_one_line(platform: Platform, instance: DagsterInstance) -> None:
    run(platform, instance, RANGE)  # now Dagster knows versions of the files
    assert refusal(platform, instance, {}).startswith("No clip was named")


def refusal(platform: Platform, instance: DagsterInstance, tags: dict[str, str]) -> str:
    """Return why a run of these tags was refused; it is not to be tried again."""
    job = platform.definitions.resolve_job_def("process_clips")
    keys = [dg.AssetKey("poses"), dg.AssetKey("rest")]
    result = job.execute_in_process(instance=instance, asset_selection=keys, tags=tags, raise_on_error=False)
    (failure,) = [event.job_failure_data for event in result.all_events if event.is_job_failure]
    assert failure.error is not None
    recorded = instance.get_run_by_id(result.run_id)
    assert recorded is not None
    assert recorded.tags["dagster/max_retries"] == "0"
    return str(failure.error.message).partition(": ")[2]


def test_an_invented_partition_is_refused_and_does_not_stay(platform: Platform, instance: DagsterInstance) -> None:
    instance.add_dynamic_partitions("clips", ["invented"])
    result = run(platform, instance, {"dagster/partition": "invented"})
    assert not result.success
    assert list(instance.get_dynamic_partitions("clips")) == CLIPS


def test_a_run_of_a_partition_that_is_none_says_so_in_one_line(platform: Platform, instance: DagsterInstance) -> None:
    run(platform, instance, RANGE)
    assert refusal(platform, instance, {"dagster/partition": "invented"}).startswith("invented: no such clip")
    assert list(instance.get_dynamic_partitions("clips")) == CLIPS


def test_an_invented_partition_is_taken_out_by_a_look_into_the_folder(
    platform: Platform, instance: DagsterInstance
) -> None:
    instance.add_dynamic_partitions("clips", ["invented"])
    assert platform.definitions.resolve_job_def("look_for_clips").execute_in_process(instance=instance).success
    assert list(instance.get_dynamic_partitions("clips")) == CLIPS
