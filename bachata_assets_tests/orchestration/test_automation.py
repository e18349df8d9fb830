"""What the sensor and the schedule ask for, on small clips that are no videos: nothing is processed here."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest
from dagster import DagsterInstance

from bachata_assets.clip_record import ClipRecord
from bachata_assets.collection import scan
from bachata_assets.collection.videos.discovery import DiscoveryError
from bachata_assets.orchestration import sensors
from bachata_assets.orchestration.build import Platform, build_platform
from bachata_assets.orchestration.clip_events import ClipEvents
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.partitions import read_clips
from bachata_assets.orchestration.pruning import gone
from bachata_assets.orchestration.run_requests import REQUEST_TAG, RUNS_A_TICK, due_attempt
from bachata_assets.pipeline.failure import Failure
from bachata_assets.pipeline.runner import StageFailed, StageMade
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.versions import expected_versions
from bachata_assets.report.content import OVER_ALL_CLIPS, remember_reports
from bachata_assets.search.index import SearchIndex
from bachata_assets.settings import Settings, load_settings
from bachata_assets_tests.support.damage import cut, turn_a_bit_of
from bachata_assets_tests.support.documents import document, moments, moments_table
from bachata_assets_tests.support.elasticsearch_node import Node
from bachata_assets_tests.support.empty_job import nothing
from bachata_assets_tests.support.postgres_server import Server


def put(path: Path, content: str, age_s: float = 3600) -> None:
    """Write a file that was last changed this long ago."""
    path.write_text(content)
    os.utime(path, (time.time() - age_s,) * 2)


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    """Settings of a folder of three small clips."""
    (tmp_path / "videos").mkdir()
    (tmp_path / "annotations.json").write_text('{"clips": []}')
    for name in ("a", "b", "c"):
        put(tmp_path / "videos" / f"{name}.mp4", name)
    return load_settings(
        video_dir=tmp_path / "videos", annotations=tmp_path / "annotations.json", data_dir=str(tmp_path / "data")
    )


@pytest.fixture
def platform(place: Settings) -> Platform:
    return build_platform(place)


@pytest.fixture(params=["files", "postgres"])
def instance(
    platform: Platform, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[DagsterInstance]:
    """An instance whose state is in files, and one whose state is in PostgreSQL."""
    if request.param == "postgres":
        server: Server = request.getfixturevalue("postgres")
        monkeypatch.setenv("BACHATA_POSTGRES_URL", server.url(server.new()))
    with open_instance(platform.settings.data_dir) as opened:
        yield opened


def tick(platform: Platform, instance: DagsterInstance) -> list[dg.RunRequest]:
    """Return what one tick of the sensor asks for."""
    return tick_after(platform, instance, None)[0]


def tick_after(
    platform: Platform, instance: DagsterInstance, cursor: str | None
) -> tuple[list[dg.RunRequest], str | None]:
    """Return what a tick asks for of clips, and what it leaves for the next one; do the rest as the daemon does."""
    data = evaluate(platform, instance, cursor)
    for event in data.asset_events:
        instance.report_runless_asset_event(event)
    for added in data.dynamic_partitions_requests or []:
        instance.add_dynamic_partitions(added.partitions_def_name, added.partition_keys)
    requests = list(data.run_requests or [])
    for request in requests:
        if request.job_name == "look_for_clips":
            assert platform.definitions.resolve_job_def("look_for_clips").execute_in_process(instance=instance).success
    return [request for request in requests if request.job_name != "look_for_clips"], data.cursor


def evaluate(platform: Platform, instance: DagsterInstance, cursor: str | None = None) -> Any:
    """Return what the sensor says, as "Test sensor" in the UI does."""
    sensor = platform.definitions.resolve_sensor_def("new_clips")
    with dg.build_sensor_context(instance=instance, definitions=platform.definitions, cursor=cursor) as context:
        return sensor.evaluate_tick(context)


def state(platform: Platform, instance: DagsterInstance) -> tuple[Any, ...]:
    """Return what is in the data dir and what Dagster knows."""
    data = Path(platform.settings.data_dir)
    files = sorted(path for path in data.rglob("*") if ".dagster" not in path.parts and path.name != ".lock")
    fetches = (instance.fetch_observations, instance.fetch_materializations)
    assets = map(dg.AssetKey, ("clip_folder", "clip_file", "annotation"))
    events = [len(fetch(asset, limit=100).records) for asset in assets for fetch in fetches]
    return files, list(instance.get_dynamic_partitions("clips")), events, instance.get_runs_count()


def test_a_test_of_the_sensor_changes_nothing(platform: Platform, instance: DagsterInstance) -> None:
    before = state(platform, instance)
    said = evaluate(platform, instance)
    assert state(platform, instance) == before
    assert [added.partition_keys for added in said.dynamic_partitions_requests] == [["a", "b", "c"]]
    assert len(said.run_requests) == 1


def test_a_partition_that_is_no_clip_is_taken_out_by_a_tick(platform: Platform, instance: DagsterInstance) -> None:
    instance.add_dynamic_partitions("clips", ["invented"])
    said = evaluate(platform, instance)
    (removed,) = [one for one in said.dynamic_partitions_requests if isinstance(one, dg.DeleteDynamicPartitionsRequest)]
    assert removed.partition_keys == ["invented"]
    assert [added.partition_keys for added in said.dynamic_partitions_requests if added != removed] == [["a", "b", "c"]]
    make_everything(platform, instance)
    video(platform, "b.mp4").unlink()
    video(platform, "c.mp4").rename(video(platform, "turns.mp4"))
    put(video(platform, "d.mp4"), "d")
    before = state(platform, instance)
    assert {one.job_name for one in evaluate(platform, instance).run_requests} == {"process_clips", "look_for_clips"}
    assert state(platform, instance) == before


def test_a_tick_says_what_it_found_and_why_it_asks_for_nothing(platform: Platform, instance: DagsterInstance) -> None:
    (request,) = tick(platform, instance)
    begin(instance, request, dg.DagsterRunStatus.STARTED)
    put(video(platform, "d.mp4"), "half", age_s=1)
    said = evaluate(platform, instance)
    assert said.skip_message == (
        "Clips: 0 up to date, 3 to be made, 1 still being copied; runs are working on 3. "
        "Still being copied, so left for later: d.mp4"
    )


def test_an_empty_folder_is_said(platform: Platform, instance: DagsterInstance) -> None:
    for path in Path(str(platform.settings.video_dir)).iterdir():
        path.unlink()
    assert evaluate(platform, instance).skip_message.startswith("Clips: 0 up to date; there are no videos in /")


def test_a_folder_of_many_clips_is_added_in_several_ticks(
    platform: Platform, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensors, "NEW_CLIPS_A_TICK", 2)
    assert ranges(tick(platform, instance)) == [("a", "b")]
    assert ranges(tick(platform, instance)) == [("a", "c")]


def test_a_look_at_the_folder_is_told_once_an_hour(platform: Platform, instance: DagsterInstance) -> None:
    def looks() -> list[Any]:
        records = instance.fetch_materializations(dg.AssetKey("clip_folder"), limit=9).records
        told = [record.asset_materialization for record in records]
        return [one.metadata["clips"].value for one in told if one]

    tick(platform, instance)
    tick(platform, instance)
    assert looks() == [3]
    put(video(platform, "d.mp4"), "d")
    tick(platform, instance)
    assert looks() == [4, 3]


def test_files_and_annotations_of_new_clips_are_not_missing(platform: Platform, instance: DagsterInstance) -> None:
    tick(platform, instance)
    tick(platform, instance)
    for asset in ("clip_file", "annotation"):
        records = instance.fetch_materializations(dg.AssetKey(asset), limit=9).records
        assert sorted(str(record.partition_key) for record in records) == ["a", "b", "c"]


def tick_and_begin(platform: Platform, instance: DagsterInstance) -> None:
    """Do what a tick asks for, as far as the runs' look at their files."""
    tick(platform, instance)
    read_clips(instance, instance.get_dynamic_partitions("clips"), platform.settings, platform.dataset)


def test_a_clip_that_went_before_its_run_began_stops_no_other(platform: Platform, instance: DagsterInstance) -> None:
    tick(platform, instance)
    video(platform, "b.mp4").unlink()
    read = read_clips(instance, ["a", "b", "c"], platform.settings, platform.dataset)
    assert [clip.clip_id for clip in read] == ["a", "c"]
    assert list(instance.get_dynamic_partitions("clips")) == ["a", "c"]


def night(platform: Platform, instance: DagsterInstance) -> list[dg.RunRequest]:
    """Return what the nightly schedule asks for."""
    schedule = platform.definitions.resolve_schedule_def("process_missing_clips")
    with dg.build_schedule_context(instance=instance) as context:
        return list(schedule.evaluate_tick(context).run_requests or [])


def fail(platform: Platform, instance: DagsterInstance, clip_id: str, *, transient: bool = False) -> None:
    """Read a clip as a run does, and record that its keypoints could not be made."""
    (clip,) = read_clips(instance, [clip_id], platform.settings, platform.dataset)
    keypoints = next(stage for stage in platform.stages if stage.name == "keypoints")
    version = expected_versions([keypoints], clip.versions)["keypoints"]
    for event in ClipEvents(instance).of(StageFailed(clip_id, keypoints, Failure("no couple", transient), version)):
        instance.report_runless_asset_event(event)


def ranges(requests: list[dg.RunRequest]) -> list[tuple[str, str]]:
    return [
        (request.tags["dagster/asset_partition_range_start"], request.tags["dagster/asset_partition_range_end"])
        for request in requests
    ]


def video(platform: Platform, name: str) -> Path:
    return Path(str(platform.settings.video_dir)) / name


def test_new_clips_become_partitions_and_one_request(platform: Platform, instance: DagsterInstance) -> None:
    assert ranges(tick(platform, instance)) == [("a", "c")]
    assert list(instance.get_dynamic_partitions("clips")) == ["a", "b", "c"]


def test_the_same_state_is_asked_for_under_the_same_key(platform: Platform, instance: DagsterInstance) -> None:
    assert tick(platform, instance)[0].run_key == tick(platform, instance)[0].run_key


def test_a_changed_clip_is_asked_for_under_another_key(platform: Platform, instance: DagsterInstance) -> None:
    before = tick(platform, instance)[0].run_key
    put(video(platform, "b.mp4"), "changed")
    assert tick(platform, instance)[0].run_key != before


def test_a_failed_clip_waits_until_its_file_changes(platform: Platform, instance: DagsterInstance) -> None:
    tick(platform, instance)
    fail(platform, instance, "b")
    assert ranges(tick(platform, instance)) == [("a", "a"), ("c", "c")]
    put(video(platform, "b.mp4"), "mended")
    assert ranges(tick(platform, instance)) == [("a", "c")]


def test_the_schedule_asks_for_failed_clips_too(platform: Platform, instance: DagsterInstance) -> None:
    tick(platform, instance)
    fail(platform, instance, "b")
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
    put(video(platform, "d.mp4"), "d")
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


def test_a_tick_reads_no_file(platform: Platform, instance: DagsterInstance) -> None:
    tick(platform, instance)
    assert scan.contents(platform.dataset) == {}


def test_a_file_that_is_still_being_copied_waits_until_it_is_at_rest(
    platform: Platform, instance: DagsterInstance
) -> None:
    path = video(platform, "d.mp4")
    put(path, "half", age_s=1)
    (request,), cursor = tick_after(platform, instance, None)
    assert ranges([request]) == [("a", "c")]
    assert "d" not in instance.get_dynamic_partitions("clips")
    put(path, "half and more")  # a copy that keeps the time of what it copies, and grows
    _, cursor = tick_after(platform, instance, cursor)
    assert "d" not in instance.get_dynamic_partitions("clips")
    requests, _ = tick_after(platform, instance, cursor)
    assert ranges(requests) == [("a", "d")]


@pytest.mark.parametrize("ask", [tick, night])
def test_a_tick_says_what_it_left_out_and_asks_for_the_rest(
    ask: Callable[[Platform, DagsterInstance], list[dg.RunRequest]],
    platform: Platform,
    instance: DagsterInstance,
    capfd: pytest.CaptureFixture[str],
) -> None:
    os.mkfifo(video(platform, "b2.mp4"))
    video(platform, "loop.mp4").symlink_to("loop.mp4")
    Path(str(platform.settings.annotations)).write_text('[{"clip_id": "a", "estimated_tempo": 1}]')
    assert ranges(ask(platform, instance)) == [("a", "c")]
    said = capfd.readouterr().err
    assert "left out: b2.mp4: not a regular file (a named pipe)" in said
    assert "left out: loop.mp4: a link that leads back to itself" in said
    assert "annotations.json, entry 1: estimated_tempo = 1: Input should be greater" in said


def test_a_clip_in_a_folder_that_cannot_be_listed_for_now_is_not_gone(
    platform: Platform, instance: DagsterInstance
) -> None:
    (video(platform, "usb")).mkdir()
    put(video(platform, "usb/d.mp4"), "d")
    tick_and_begin(platform, instance)
    video(platform, "usb/d.mp4").unlink()
    video(platform, "usb").rmdir()
    video(platform, "usb").symlink_to("/nowhere")
    tick(platform, instance)
    assert scan.present_clips(platform.dataset) == {"a", "b", "c", "d"}
    assert gone(platform.settings, platform.dataset) == []
    video(platform, "usb").unlink()
    tick(platform, instance)
    assert gone(platform.settings, platform.dataset) == ["d"]


def test_a_known_clip_that_is_being_written_anew_waits(platform: Platform, instance: DagsterInstance) -> None:
    tick_and_begin(platform, instance)
    put(video(platform, "b.mp4"), "half", age_s=1)
    assert ranges(tick(platform, instance)) == [("a", "a"), ("c", "c")]


def test_a_renamed_file_keeps_its_clip_and_its_observation_says_where_it_is(
    platform: Platform, instance: DagsterInstance
) -> None:
    tick_and_begin(platform, instance)
    video(platform, "b.mp4").rename(video(platform, "turns.mp4"))
    requests = tick(platform, instance)
    assert set(instance.get_dynamic_partitions("clips")) == {"a", "b", "c"}
    assert ranges(requests) == [("a", "c")]
    (clip,) = read_clips(instance, ["b"], platform.settings, platform.dataset)
    assert clip.path == video(platform, "turns.mp4")
    record = instance.fetch_observations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("clip_file"), asset_partitions=["b"]), limit=1
    ).records[0]
    assert record.asset_observation is not None
    assert record.asset_observation.metadata["path"].value == str(clip.path)


def test_a_removed_file_is_marked_and_its_partition_kept(platform: Platform, instance: DagsterInstance) -> None:
    tick_and_begin(platform, instance)
    video(platform, "b.mp4").unlink()
    assert ranges(tick(platform, instance)) == [("a", "a"), ("c", "c")]
    assert set(instance.get_dynamic_partitions("clips")) == {"a", "b", "c"}
    record = instance.fetch_observations(
        dg.AssetRecordsFilter(asset_key=dg.AssetKey("clip_file"), asset_partitions=["b"]), limit=1
    ).records[0]
    assert record.asset_observation is not None
    assert str(record.asset_observation.metadata["file"].value).startswith("gone")


def test_a_clip_whose_failure_is_transient_is_asked_for_again(platform: Platform, instance: DagsterInstance) -> None:
    tick(platform, instance)
    fail(platform, instance, "b", transient=True)
    assert ranges(tick(platform, instance)) == [("a", "c")]


def test_a_transient_failure_is_tried_without_end_at_growing_intervals(instance: DagsterInstance) -> None:
    for attempt, wait_s in ((1, 60), (2, 120), (3, 240), (4, 480), (5, 960), (6, 1920), (7, 3600), (8, 3600)):
        instance.create_run_for_job(nothing, tags={REQUEST_TAG: "r"}, status=dg.DagsterRunStatus.FAILURE)
        now = time.time()
        assert due_attempt(instance, "r", transient=True, now_s=now + wait_s - 5) is None
        assert due_attempt(instance, "r", transient=True, now_s=now + wait_s + 5) == attempt


def ended(platform: Platform, instance: DagsterInstance, run: dg.DagsterRun) -> bool:
    """Tell whether the report is asked for when this run has succeeded."""
    sensor = platform.definitions.resolve_sensor_def("report_after_success")
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name)
    with dg.build_run_status_sensor_context(sensor.name, event, instance, run) as context:
        return bool(sensor(context))


def run_of(
    platform: Platform, instance: DagsterInstance, assets: list[str], status: dg.DagsterRunStatus
) -> dg.DagsterRun:
    """Return a run of these assets as a backfill or a Materialize in the UI makes it: of no job of ours."""
    job = platform.definitions.resolve_implicit_global_asset_job_def()
    return instance.create_run_for_job(job, asset_selection=frozenset(map(dg.AssetKey, assets)), status=status)


def test_the_report_follows_the_last_run_of_clips_also_of_a_backfill(
    platform: Platform, instance: DagsterInstance
) -> None:
    first = run_of(platform, instance, ["keypoints"], dg.DagsterRunStatus.SUCCESS)
    second = run_of(platform, instance, ["beats"], dg.DagsterRunStatus.STARTED)
    assert not ended(platform, instance, first)
    instance.delete_run(second.run_id)
    assert ended(platform, instance, first)


def test_the_report_does_not_follow_itself(platform: Platform, instance: DagsterInstance) -> None:
    run = run_of(platform, instance, ["embeddings", "report"], dg.DagsterRunStatus.SUCCESS)
    assert not ended(platform, instance, run)


def test_one_tick_asks_for_no_more_runs_than_the_daemon_can_launch(
    platform: Platform, instance: DagsterInstance
) -> None:
    settings = platform.settings.model_copy(update={"clips_per_run": 1})
    for number in range(30):
        put(video(platform, f"x{number:02}.mp4"), str(number))
    assert len(tick(build_platform(settings), instance)) == 1  # no run has limited the pool yet
    read_clips(instance, ["a"], settings, platform.dataset)
    assert len(tick(build_platform(settings), instance)) == RUNS_A_TICK


@pytest.mark.parametrize("name", ["new_clips", *(f"report_after_{end}" for end in ("success", "failure", "canceled"))])
def test_every_sensor_says_what_it_does(platform: Platform, name: str) -> None:
    assert platform.definitions.resolve_sensor_def(name).description


@pytest.mark.parametrize("name", ["process_missing_clips", "full_report", "check_everything"])
def test_every_schedule_says_what_it_does(platform: Platform, name: str) -> None:
    assert platform.definitions.resolve_schedule_def(name).description


def make_everything(platform: Platform, instance: DagsterInstance) -> None:
    """Write and record every table of every clip, its document in the index, and the reports."""
    tick(platform, instance)
    clips = read_clips(instance, ["a", "b", "c"], platform.settings, platform.dataset)
    documents = {clip.clip_id: document(clip.clip_id, number) for number, clip in enumerate(clips)}
    with platform.tools.search.open() as index:
        index.put(documents.values())
        index.moments.put(one for sent in documents.values() for one in moments(sent, [0, 1]))
    events = ClipEvents(instance)
    for clip in clips:
        versions = expected_versions(platform.stages, clip.versions)
        for stage in platform.stages:
            rows = [row_of(documents[clip.clip_id])] if stage.name == "search_index" else []
            table = pa.Table.from_pylist(rows, schema=stage.schema)
            table = moments_table(documents[clip.clip_id], [0, 1]) if stage.name == "moments" else table
            made = write(platform, clip.clip_id, stage, versions, table)
            for event in events.of(made):
                instance.report_runless_asset_event(event)
    for name in OVER_ALL_CLIPS:
        platform.dataset.write_text(name, "made")
    remember_reports(platform.dataset)


def row_of(sent: ClipRecord) -> dict[str, Any]:
    """Return the row of a document's table."""
    said = {"avg_confidence": 0.9, "absent": "{}", "timeline": "", "index_name": "any"}
    return said | {"clip_id": sent.clip_id, "content_hash": sent.content_hash, "document": sent.to_json()}


def write(platform: Platform, clip_id: str, stage: Stage, versions: dict[str, str], table: pa.Table) -> StageMade:
    """Write a table as a run does, and return what the run says of it."""
    inputs, version = {name: versions[name] for name in stage.inputs}, versions[stage.name]
    provenance = {"data_version": version, "code_version": stage.code_version, "inputs": inputs}
    written = platform.dataset.write_table(stage.name, clip_id, table, provenance)
    return StageMade(clip_id, stage, version, inputs, {}, (), Path(), table.num_rows, 0.0, written.size, written.sha256)


def asked(platform: Platform, instance: DagsterInstance) -> list[str | None]:
    return [request.job_name for request in tick(platform, instance)]


def test_the_sensor_asks_for_a_damaged_table_alone(platform: Platform, instance: DagsterInstance) -> None:
    make_everything(platform, instance)
    assert asked(platform, instance) == []
    cut(Path(platform.dataset.table_path("beats", "b")))
    (request,) = tick(platform, instance)
    assert request.job_name == "process_clips"
    assert ranges([request]) == [("b", "b")]
    assert request.asset_selection == [dg.AssetKey("beats")]


@pytest.mark.parametrize("name", OVER_ALL_CLIPS)
def test_the_sensor_asks_for_a_damaged_report_once(platform: Platform, instance: DagsterInstance, name: str) -> None:
    make_everything(platform, instance)
    platform.dataset.write_text(name, "damaged")
    (request,) = tick(platform, instance)
    assert request.job_name == "make_report"
    instance.create_run_for_job(nothing, tags=request.tags)
    assert asked(platform, instance) == []  # it was asked for a moment ago


def test_the_sensor_asks_to_fill_an_index_that_was_lost(platform: Platform, instance: DagsterInstance) -> None:
    make_everything(platform, instance)
    shutil.rmtree(Path(platform.settings.data_dir) / "lancedb")
    (request,) = tick(platform, instance)
    assert request.job_name == "fill_index"
    assert platform.definitions.resolve_job_def("fill_index").execute_in_process(instance=instance).success
    assert asked(platform, instance) == []
    with platform.tools.search.open() as index:
        assert index.ids() == {"a", "b", "c"}
        found = index.get_embedding_by_id("b")
    assert found
    assert found.content_hash == document("b", 1).content_hash


def test_the_sensor_asks_to_fill_an_index_whose_documents_are_others(
    platform: Platform, instance: DagsterInstance
) -> None:
    make_everything(platform, instance)
    with platform.tools.search.open() as index:
        index.put([document("b", 7)])
    assert asked(platform, instance) == ["fill_index"]


def lose_the_server(node: Node, alias: str) -> None:
    node.delete_indices(alias)


def empty_the_index(node: Node, alias: str) -> None:
    with node.client() as client:
        for clip_id in "abc":
            client.delete(index=alias, id=clip_id, refresh=True)


def put_an_older_document(node: Node, alias: str) -> None:
    with node.client() as client:
        client.update(index=alias, id="b", doc={"move_label": "dips"}, refresh=True)


@pytest.mark.parametrize("lose", [lose_the_server, empty_the_index, put_an_older_document])
def test_the_sensor_notices_what_an_elasticsearch_lost(
    place: Settings, newest_node: Node, lose: Callable[[Node, str], None]
) -> None:
    alias = f"moves-lost-{lose.__name__[:4]}"
    folders = {name: getattr(place, name) for name in ("video_dir", "annotations", "data_dir")}
    platform = build_platform(newest_node.settings(**folders, elasticsearch_index=alias))
    with open_instance(platform.settings.data_dir) as instance:
        make_everything(platform, instance)
        with platform.tools.search.open() as index:
            index.promote({"a", "b", "c"})
        assert asked(platform, instance) == []
        lose(newest_node, alias)
        assert asked(platform, instance) == ["fill_index"]
        assert platform.definitions.resolve_job_def("fill_index").execute_in_process(instance=instance).success
        assert asked(platform, instance) == []
    with SearchIndex.from_settings(platform.settings) as index:
        assert {record.clip_id: record.content_hash for record in index.get_all_embeddings()} == {
            clip_id: document(clip_id, number).content_hash for number, clip_id in enumerate("abc")
        }
    newest_node.delete_indices(alias)


def test_the_weekly_check_reads_every_byte_and_every_document(platform: Platform, instance: DagsterInstance) -> None:
    make_everything(platform, instance)
    path = Path(platform.dataset.table_path("beats", "b"))
    turn_a_bit_of(path)
    assert asked(platform, instance) == []  # its size is right
    with platform.tools.search.open() as index:
        index.put([document("c", 7)])
    assert platform.definitions.resolve_job_def("check_content").execute_in_process(instance=instance).success
    assert not path.exists()
    with platform.tools.search.open() as index:
        found = index.get_embedding_by_id("c")
    assert found
    assert found.content_hash == document("c", 2).content_hash
    (request,) = tick(platform, instance)
    assert ranges([request]) == [("b", "b")]


def test_a_fresh_instance_gets_its_partitions_by_a_click(platform: Platform, instance: DagsterInstance) -> None:
    job = platform.definitions.resolve_job_def("look_for_clips")
    assert job.execute_in_process(instance=instance).success
    assert list(instance.get_dynamic_partitions("clips")) == ["a", "b", "c"]
    Path(str(platform.settings.video_dir)).rename(Path(platform.settings.data_dir) / "unmounted")
    result = job.execute_in_process(instance=instance, raise_on_error=False)
    (step,) = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert step.user_failure_data is not None
    assert str(step.user_failure_data.description).startswith("Video directory not found")


def test_the_sensor_makes_no_ids_where_the_registry_is_lost(platform: Platform, instance: DagsterInstance) -> None:
    make_everything(platform, instance)
    (Path(platform.settings.data_dir) / "clips.parquet").unlink()
    with pytest.raises(Exception, match=r"clips\.parquet is damaged \(it is gone, but there are tables"):
        tick(platform, instance)


@pytest.mark.parametrize("back", ["same", "touched"])
def test_an_emptied_folder_is_an_error_and_the_next_tick_goes_on(
    back: str, platform: Platform, instance: DagsterInstance
) -> None:
    tick_and_begin(platform, instance)
    videos = Path(str(platform.settings.video_dir))
    videos.rename(videos.with_name("unmounted"))
    videos.mkdir()
    before = state(platform, instance)
    with pytest.raises(DiscoveryError, match="holds no video now, but the data dir has 3 clips: is its disk mounted"):
        evaluate(platform, instance)
    with pytest.raises(DiscoveryError):
        gone(platform.settings, platform.dataset)
    assert state(platform, instance) == before
    videos.rmdir()
    videos.with_name("unmounted").rename(videos)
    if back == "touched":
        put(videos / "a.mp4", "another a")
    assert all("gone" not in line for line in evaluate(platform, instance).skip_message or "")
    assert gone(platform.settings, platform.dataset) == []
