"""What the sensor and the schedule ask for, on small clips that are no videos: nothing is processed here."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from bachata_assets.build import Platform, build_platform
from bachata_assets.events import events_of
from bachata_assets.generation import instance_of
from bachata_assets.processing import StageFailed
from bachata_assets.provenance import expected_versions
from bachata_assets.settings import load_settings
from bachata_assets.video.discovery import DiscoveryError
from bachata_assets.video.registry import content_hash
from bachata_assets_tests.test_orphans import nothing


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    (tmp_path / "videos").mkdir()
    (tmp_path / "annotations.json").write_text('{"clips": []}')
    for name in ("a", "b", "c"):
        (tmp_path / "videos" / f"{name}.mp4").write_text(name)
    return build_platform(
        load_settings(
            video_dir=tmp_path / "videos", annotations=tmp_path / "annotations.json", data_dir=str(tmp_path / "data")
        )
    )


@pytest.fixture
def instance(platform: Platform) -> Iterator[DagsterInstance]:
    with instance_of(platform.settings.data_dir) as opened:
        yield opened


def tick(platform: Platform, instance: DagsterInstance) -> list[dg.RunRequest]:
    """Return what one tick of the sensor asks for."""
    sensor = platform.definitions.resolve_sensor_def("new_clips")
    with dg.build_sensor_context(instance=instance, definitions=platform.definitions) as context:
        return list(sensor.evaluate_tick(context).run_requests or [])


def night(platform: Platform, instance: DagsterInstance) -> list[dg.RunRequest]:
    """Return what the nightly schedule asks for."""
    schedule = platform.definitions.resolve_schedule_def("process_missing_clips")
    with dg.build_schedule_context(instance=instance) as context:
        return list(schedule.evaluate_tick(context).run_requests or [])


def fail(platform: Platform, instance: DagsterInstance, clip_id: str, content: str) -> None:
    """Record that the keypoints of a clip with this content could not be made."""
    keypoints = next(stage for stage in platform.stages if stage.name == "keypoints")
    version = expected_versions([keypoints], {"clip_file": content})["keypoints"]
    for event in events_of(instance, StageFailed(clip_id, keypoints, "no couple", version)):
        instance.report_runless_asset_event(event)


def ranges(requests: list[dg.RunRequest]) -> list[tuple[str, str]]:
    return [
        (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"])
        for request in requests
    ]


def content_of(platform: Platform, name: str) -> str:
    return content_hash(Path(str(platform.settings.video_dir)) / name)


def test_new_clips_become_partitions_and_one_request(platform: Platform, instance: DagsterInstance) -> None:
    assert ranges(tick(platform, instance)) == [("a", "c")]
    assert list(instance.get_dynamic_partitions("clips")) == ["a", "b", "c"]


def test_the_same_state_is_asked_for_under_the_same_key(platform: Platform, instance: DagsterInstance) -> None:
    assert tick(platform, instance)[0].run_key == tick(platform, instance)[0].run_key


def test_a_changed_clip_is_asked_for_under_another_key(platform: Platform, instance: DagsterInstance) -> None:
    before = tick(platform, instance)[0].run_key
    (Path(str(platform.settings.video_dir)) / "b.mp4").write_text("changed")
    assert tick(platform, instance)[0].run_key != before


def test_a_failed_clip_waits_until_its_file_changes(platform: Platform, instance: DagsterInstance) -> None:
    tick(platform, instance)
    fail(platform, instance, "b", content_of(platform, "b.mp4"))
    assert ranges(tick(platform, instance)) == [("a", "a"), ("c", "c")]
    (Path(str(platform.settings.video_dir)) / "b.mp4").write_text("mended")
    assert ranges(tick(platform, instance)) == [("a", "c")]


def test_the_schedule_asks_for_failed_clips_too(platform: Platform, instance: DagsterInstance) -> None:
    tick(platform, instance)
    fail(platform, instance, "b", content_of(platform, "b.mp4"))
    assert ranges(night(platform, instance)) == [("a", "c")]


def test_a_folder_that_is_gone_is_an_error_and_not_an_empty_collection(
    platform: Platform, instance: DagsterInstance
) -> None:
    tick(platform, instance)
    video_dir = Path(str(platform.settings.video_dir))
    video_dir.rename(video_dir.with_name("unmounted"))
    with pytest.raises(DiscoveryError, match="Video directory not found"):
        tick(platform, instance)
    assert len(instance.get_dynamic_partitions("clips")) == 3


def test_everything_is_off_until_it_is_switched_on(platform: Platform) -> None:
    repository = platform.definitions.get_repository_def()
    assert {sensor.default_status for sensor in repository.sensor_defs} == {dg.DefaultSensorStatus.STOPPED}
    assert {schedule.default_status for schedule in repository.schedule_defs} == {dg.DefaultScheduleStatus.STOPPED}


def begin(instance: DagsterInstance, request: dg.RunRequest, status: dg.DagsterRunStatus) -> None:
    """Put a run into the instance as the daemon would for this request."""
    instance.create_run_for_job(nothing, tags=dict(request.tags), status=status)


def test_clips_that_a_run_is_at_work_on_are_not_asked_for_again(platform: Platform, instance: DagsterInstance) -> None:
    (request,) = tick(platform, instance)
    begin(instance, request, dg.DagsterRunStatus.STARTED)
    assert tick(platform, instance) == []
    (Path(str(platform.settings.video_dir)) / "d.mp4").write_text("d")
    assert ranges(tick(platform, instance)) == [("d", "d")]


def test_a_run_that_left_nothing_behind_is_repeated_twice_and_no_more(
    platform: Platform, instance: DagsterInstance
) -> None:
    keys = []
    for _ in range(3):
        (request,) = tick(platform, instance)
        keys.append(request.run_key)
        begin(instance, request, dg.DagsterRunStatus.FAILURE)
    assert len(set(keys)) == 3
    assert tick(platform, instance) == []
