"""Runs as jobs of a real Ray, launched by `dagster dev` with the dagster.yaml of deploy/, its state in PostgreSQL."""

import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from dagster import DagsterInstance, DagsterRunStatus

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import scan_clips
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.orphaned_runs import PROCESS_TAG, end_orphans, is_launched, launched_tag, process_tag
from bachata_assets.orchestration.partitions import register
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.dagster_dev import ENDED, LOADED, Webserver, launch, process_of, started, status_of
from bachata_assets_tests.support.empty_job import nothing
from bachata_assets_tests.support.no_network import watched
from bachata_assets_tests.support.paths import PROJECT, SAMPLE
from bachata_assets_tests.support.postgres_server import Server
from bachata_assets_tests.support.ray_nodes import TOKEN, job_server, require_ray
from bachata_assets_tests.support.workplace import Workplace

BATCH = ["basic_step_1", "cross_body_lead_1"]


@pytest.fixture(scope="module")
def cluster(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webserver]:
    """`dagster dev` over the sample's clips, whose runs go to Ray."""
    require_ray()
    place = Workplace(tmp_path_factory.mktemp("on_ray"))
    shutil.copytree(SAMPLE / "videos", place.videos)
    shutil.copy(SAMPLE / "annotations.json", place.annotations)
    home = place.folder / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch, watched(tmp_path_factory.mktemp("watch")) as watch:
        patch.setenv("BACHATA_POSTGRES_URL", postgres.url(postgres.new()))
        patch.setenv("BACHATA_DATA_DIR", str(place.data))
        patch.setenv("DAGSTER_HOME", str(home))
        patch.setenv("PYTHONPATH", str(PROJECT))
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")  # a job begins with `dagster`
        with job_server() as address:
            patch.setenv("RAY_API_SERVER_ADDRESS", address)
            config = yaml.safe_load((PROJECT / "deploy" / "dagster-on-ray.yaml").read_text())
            config["run_monitoring"]["poll_interval_seconds"] = 1
            (home / "dagster.yaml").write_text(yaml.safe_dump(config))
            settings = load_settings(video_dir=place.videos, annotations=place.annotations, settle_seconds=0)
            dataset = Dataset(settings.data_dir)
            with open_instance(settings.data_dir) as instance:
                register(instance, dataset, scan_clips(settings, dataset))
            with started(place, watch, DAGSTER_HOME=str(home), **TOKEN) as server:
                server.wait_for(LOADED, lambda data: data["repositoriesOrError"].get("nodes"))
                yield server


@pytest.fixture
def instance(cluster: Webserver, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """The instance of that collection."""
    monkeypatch.setenv("DAGSTER_HOME", str(cluster.place.folder / "home"))
    with open_instance(str(cluster.place.data)) as opened:
        yield opened


def jobs_of_ray(run_id: str) -> list[str]:
    """Return the status of each job that Ray has of a run."""
    from ray.job_submission import JobSubmissionClient

    jobs = JobSubmissionClient(os.environ["RAY_API_SERVER_ADDRESS"]).list_jobs()
    return [job.status.value for job in jobs if (job.metadata or {}).get("dagster/run-id") == run_id]


def test_a_batch_of_clips_is_a_job_of_ray_whose_end_dagster_sees(cluster: Webserver, instance: DagsterInstance) -> None:
    span = {"dagster/asset_partition_range_start": BATCH[0], "dagster/asset_partition_range_end": BATCH[-1]}
    launch(cluster, {**span, "of": "two clips"})
    (run,) = cluster.runs("of", "two clips", lambda runs: runs and runs[0]["status"] in ENDED)
    assert run["status"] == "SUCCESS"
    assert {path.stem for path in (cluster.place.data / "keypoints").glob("*.parquet")} == set(BATCH)
    cluster.wait_for(LOADED, lambda _: jobs_of_ray(run["runId"]) == ["SUCCEEDED"])  # a moment after its run
    recorded = instance.get_run_by_id(run["runId"])
    assert recorded is not None
    assert is_launched(recorded)


def test_a_job_that_is_killed_is_noticed_by_the_cluster_and_its_clip_made_by_another(
    cluster: Webserver, instance: DagsterInstance
) -> None:
    launch(cluster, {"dagster/partition": "forward_backward_1", "killed": "9"})
    (run,) = cluster.runs("killed", "9", lambda runs: runs and process_of(instance, runs[0]["runId"]))
    os.kill(process_of(instance, run["runId"]) or 0, signal.SIGKILL)
    assert end_orphans(instance) == []  # not this machine's to judge, though its process was here
    runs = cluster.runs("killed", "9", lambda runs: len(runs) == 2 and all(run["status"] in ENDED for run in runs))
    assert {run["runId"]: run["status"] for run in runs}.pop(run["runId"]) == "FAILURE"
    assert sorted(run["status"] for run in runs) == ["FAILURE", "SUCCESS"]
    assert (cluster.place.data / "keypoints" / "forward_backward_1.parquet").exists()


def test_a_run_that_ray_does_not_know_any_more_is_ended_and_one_of_generate_only_if_its_process_here_is_gone(
    cluster: Webserver, instance: DagsterInstance
) -> None:
    ids = {name: str(uuid4()) for name in ("here", "elsewhere", "gone", "forgotten")}
    tags = {
        "here": process_tag(ids["here"]),
        "elsewhere": {PROCESS_TAG: f"{ids['elsewhere']}/elsewhere/999999/1.00"},
        "gone": {PROCESS_TAG: f"{ids['gone']}/{socket.gethostname()}/999999/1.00"},
        "forgotten": launched_tag(ids["forgotten"]),
    }
    for name, run_id in ids.items():
        instance.create_run_for_job(nothing, run_id=run_id, status=DagsterRunStatus.STARTED, tags=tags[name])
    ended = (ids["gone"], ids["forgotten"])
    cluster.wait_for(LOADED, lambda _: {status_of(instance, run_id) for run_id in ended} == {DagsterRunStatus.FAILURE})
    assert {status_of(instance, ids[name]) for name in ("here", "elsewhere")} == {DagsterRunStatus.STARTED}
    assert not instance.run_launcher.terminate(ids["here"])
    assert status_of(instance, ids["here"]) == DagsterRunStatus.STARTED


def test_while_ray_does_not_answer_a_run_lives(
    cluster: Webserver, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://127.0.0.1:9")
    run_id = str(uuid4())
    run = instance.create_run_for_job(nothing, run_id=run_id, tags=launched_tag(run_id))
    health = instance.run_launcher.check_run_worker_health(run)
    assert health.status.value == "RUNNING"
    assert "the cluster does not answer" in (health.msg or "")
