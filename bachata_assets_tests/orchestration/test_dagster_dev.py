"""`dagster dev` as a person runs it, driven by its GraphQL API: a backfill, checks, staleness, a killed run."""

import json
import os
import shutil
import signal
import socket
from uuid import uuid4

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from bachata_assets.collection import scan
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.jobs import PROCESS_JOB
from bachata_assets.orchestration.orphaned_runs import PROCESS_TAG
from bachata_assets.orchestration.partitions import register
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.dagster_dev import (
    ASSETS,
    ENDED,
    HERE,
    LOADED,
    NEW_CLIPS,
    Webserver,
    launch,
    process_of,
    status_of,
)
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace

PARTITIONS = """query($key: [String!]!) { assetNodeOrError(assetKey: {path: $key}) { ... on AssetNode {
    partitionKeys
    partitionStats { numMaterialized numFailed }
    staleStatusByPartition } } }"""
OBSERVED = """query($key: [String!]!, $clip: String!) { assetOrError(assetKey: {path: $key}) { ... on Asset {
    assetObservations(partitions: [$clip], limit: 1) { metadataEntries { label ... on TextMetadataEntry { text } } }
    } } }"""
CHECKS = """query($key: [String!]!, $check: String!) {
    assetCheckExecutions(assetKey: {path: $key}, checkName: $check, limit: 20) { status partition
        evaluation { success severity metadataEntries { label ... on FloatMetadataEntry { floatValue } } } } }"""
SENSOR = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) {
    __typename ... on PythonError { message } } }"""
WITHOUT_PICTURES = {"beats", "audio_embedding", "text_embedding"}
"""What is made of a clip whose sound is whole and whose pictures are cut."""


def stats(webserver: Webserver, asset: str) -> dict[str, int]:
    return dict(webserver.ask(PARTITIONS, key=[asset])["assetNodeOrError"]["partitionStats"])


def stale(webserver: Webserver, asset: str) -> dict[str, str]:
    node = webserver.ask(PARTITIONS, key=[asset])["assetNodeOrError"]
    return dict(zip(node["partitionKeys"], node["staleStatusByPartition"], strict=True))


def test_a_backfill_makes_the_whole_clip_and_says_why_the_cut_one_failed(backfilled: Webserver) -> None:
    for asset in ASSETS:
        failed = 0 if asset in WITHOUT_PICTURES else 1
        assert stats(backfilled, asset) == {"numMaterialized": 6 - failed, "numFailed": failed}, asset
    observed = backfilled.ask(OBSERVED, key=["keypoints"], clip="cut_short")["assetOrError"]["assetObservations"]
    said = {entry["label"]: entry.get("text") for entry in observed[0]["metadataEntries"]}
    assert "cut_short.mp4" in said["failure"]
    assert said["tried again"].startswith("after the file")


def test_the_check_of_the_clip_that_goes_dark_says_number_limit_and_remedy(backfilled: Webserver) -> None:
    checked = backfilled.ask(CHECKS, key=["keypoints"], check="quality_at_least_half")["assetCheckExecutions"]
    by_clip = {one["partition"]: one["evaluation"] for one in checked if one["evaluation"]}
    assert {clip for clip, one in by_clip.items() if not one["success"]} == {"gone_dark"}
    said = {entry["label"]: entry.get("floatValue") for entry in by_clip["gone_dark"]["metadataEntries"]}
    assert said["quality_score"] < said["at_least"] == 0.5
    assert "remedy" in said


@pytest.mark.parametrize("asset", ["keypoints", "search_index"])
def test_every_clip_is_a_partition(backfilled: Webserver, asset: str) -> None:
    node = backfilled.ask(PARTITIONS, key=[asset])["assetNodeOrError"]
    assert set(node["partitionKeys"]) == SAMPLE_CLIPS | set(NEW_CLIPS)


def test_an_edited_annotation_makes_that_clips_text_and_document_stale(backfilled: Webserver) -> None:
    place = backfilled.place
    said = json.loads(place.annotations.read_text())
    next(clip for clip in said["clips"] if clip["clip_id"] == "basic_step_1")["notes"] = "slow and close"
    place.annotations.write_text(json.dumps(said))
    settings = load_settings(video_dir=place.videos, annotations=place.annotations, data_dir=str(place.data))
    with open_instance(settings.data_dir) as instance:
        dataset = Dataset(url=str(place.data))
        register(instance, dataset, scan.scan_clips(settings, dataset))
    for asset in ASSETS:
        expected = {"basic_step_1"} if asset in ("text_embedding", "search_index") else set()
        assert {clip for clip, status in stale(backfilled, asset).items() if status == "STALE"} == expected, asset


def left_by_a_killed_generate(instance: DagsterInstance, place: Workplace) -> str:
    """Put a run into the instance as a killed `generate` leaves it; return its id."""
    job = build_platform(load_settings(data_dir=str(place.data))).definitions.resolve_job_def(PROCESS_JOB)
    run_id = str(uuid4())
    gone = {PROCESS_TAG: f"{run_id}/{socket.gethostname()}/999999/1.00"}
    return instance.create_run_for_job(job, run_id=run_id, status=DagsterRunStatus.STARTED, tags=gone).run_id


def test_killed_runs_are_ended_free_their_slot_and_are_tried_again(backfilled: Webserver) -> None:
    clip_id = "basic_step_1"
    table = backfilled.place.data / "keypoints" / f"{clip_id}.parquet"
    table.unlink()
    with open_instance(str(backfilled.place.data)) as instance:
        left = left_by_a_killed_generate(instance, backfilled.place)
        launch(backfilled, {"dagster/partition": clip_id, "killed": "9"})
        (run,) = backfilled.runs("killed", "9", lambda runs: process_of(instance, runs[0]["runId"]))
        os.kill(process_of(instance, run["runId"]) or 0, signal.SIGKILL)
        half_written = set(backfilled.place.data.rglob("*.tmp"))  # of a file that it was writing just then
        runs = backfilled.runs(
            "killed", "9", lambda runs: len(runs) == 2 and all(run["status"] in ENDED for run in runs)
        )
        backfilled.wait_for(LOADED, lambda _: status_of(instance, left) == DagsterRunStatus.FAILURE)
    assert [again["status"] for again in runs if again["runId"] != run["runId"]] == ["SUCCESS"]
    assert table.exists()
    assert set(backfilled.place.data.rglob("*.tmp")) <= half_written
    assert stale(backfilled, "keypoints")[clip_id] == "FRESH"


def test_the_sensor_asks_for_what_is_new_or_stale_and_not_for_the_clip_that_failed(backfilled: Webserver) -> None:
    whole = backfilled.place.videos / "basic_steps" / "basic_step_1.mp4"
    shutil.copy(whole, backfilled.place.videos / "new.mp4")
    started = backfilled.ask(SENSOR, selector={**HERE, "sensorName": "new_clips"})
    assert started["startSensor"]["__typename"] == "Sensor", started
    asked = backfilled.runs(
        "dagster/sensor_name", "new_clips", lambda runs: runs and all(run["status"] in ENDED for run in runs)
    )
    assert {run["status"] for run in asked} == {"SUCCESS"}
    assert (backfilled.place.data / "search_index" / "new.parquet").exists()
    assert stale(backfilled, "text_embedding")["basic_step_1"] == "FRESH"
