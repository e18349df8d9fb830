"""A plugin: one `dagster dev` for all tests that look at the platform as a person does, through its web server.

Its collection is the sample, made, with two clips more that are to be made: one cut short, one that hides a dancer.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dagster import DagsterInstance, DagsterRunStatus
from typer.testing import Result

from bachata_assets.collection import scan
from bachata_assets.collection.dataset import Dataset
from bachata_assets.inference.export_cache import default_cache_dir
from bachata_assets.orchestration.instance import dagster_home, open_instance
from bachata_assets.orchestration.orphaned_runs import PROCESS_TAG
from bachata_assets.orchestration.partitions import register
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.no_network import Watch, watched
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.workplace import Workplace

PATIENCE_S = 300
NEW_CLIPS = ["cut_short", "gone_dark"]
ASSETS = [
    *("keypoints", "beats", "lead_embedding", "follow_embedding", "interaction_embedding"),
    *("audio_embedding", "text_embedding", "moments", "transitions", "search_index"),
]
LOADED = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
BACKFILL = """mutation($keys: [String!]!, $assets: [AssetKeyInput!]!) {
    launchPartitionBackfill(backfillParams: {partitionNames: $keys, assetSelection: $assets}) {
        __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
RUNS = """query($tag: String!, $value: String!) { runsOrError(filter: {tags: [{key: $tag, value: $value}]}) {
    ... on Runs { results { runId status tags { key value } } } } }"""
LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
HERE = {"repositoryLocationName": "bachata_assets", "repositoryName": "__repository__"}
ENDED = ("SUCCESS", "FAILURE", "CANCELED")


@dataclass
class Webserver:
    """A running `dagster dev`."""

    url: str
    place: Workplace
    watch: Watch
    backfill: str = ""

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of a GraphQL query."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def wait_for(self, query: str, done: Callable[[Any], object], **variables: Any) -> Any:
        """Ask until `done(data)` is true."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                data = self.ask(query, **variables)
            except OSError:  # not listening yet
                data = None
            if data is not None and done(data):
                return data
            time.sleep(0.5)
        raise AssertionError(f"not so after {PATIENCE_S} s; last seen: {data}")

    def runs(self, tag: str, value: str, done: Callable[[list[Any]], object]) -> list[Any]:
        """Return the runs with a tag once they are as wanted."""
        data = self.wait_for(RUNS, lambda data: done(data["runsOrError"]["results"]), tag=tag, value=value)
        return list(data["runsOrError"]["results"])


@pytest.fixture(scope="session")
def webserver(sample_made: tuple[Workplace, Result], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Webserver]:
    """`dagster dev` with a backfill of the two new clips launched."""
    place = Workplace(tmp_path_factory.mktemp("dagster_dev") / "place")
    shutil.copytree(sample_made[0].folder, place.folder)
    _add_clips(place)
    with (
        watched(tmp_path_factory.mktemp("watch")) as watch,
        started(place, watch, BACHATA_SETTLE_SECONDS="0") as server,
    ):
        server.wait_for(LOADED, lambda data: data["repositoriesOrError"].get("nodes"))
        assets = [{"path": [asset]} for asset in ASSETS]
        launched = server.ask(BACKFILL, keys=NEW_CLIPS, assets=assets)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        server.backfill = launched["backfillId"]
        yield server


@contextmanager
def started(place: Workplace, watch: Watch, **variables: str) -> Iterator[Webserver]:
    """Run `dagster dev` over a collection, with these variables; what it prints is in `dev.log` of its folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = ("ENVIRONMENT", "ELASTICSEARCH_HOST", "MMPOSE_CHECKPOINT_PATH", "GCP_PROJECT_ID")
    environment = {name: value for name, value in os.environ.items() if name not in own} | {
        "DAGSTER_HOME": str(dagster_home(str(place.data))),
        "BACHATA_DATA_DIR": str(place.data),
        "XDG_CACHE_HOME": str(default_cache_dir().parent),  # the home folder is the watch's
        **watch.environment,
        **variables,
    }
    command = [sys.executable, "-m", "dagster", "dev", "-p", str(port), "-h", "127.0.0.1"]
    with (place.folder / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-w", str(PROJECT / "workspace.yaml")],
            cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            yield Webserver(f"http://127.0.0.1:{port}", place, watch)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def launch(webserver: Webserver, tags: dict[str, str]) -> None:
    """Launch keypoints of one clip."""
    params = {
        "selector": {**HERE, "pipelineName": "process_clips", "assetSelection": [{"path": ["keypoints"]}]},
        "mode": "default",
        "runConfigData": {},
        "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
    }
    launched = webserver.ask(LAUNCH, params=params)["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched


def process_of(instance: DagsterInstance, run_id: str) -> int | None:
    """Return the process that a run recorded; the UI shows no such tag."""
    run = instance.get_run_by_id(run_id)
    recorded = run.tags.get(PROCESS_TAG) if run else None
    return int(recorded.split("/")[2]) if recorded else None


def status_of(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


@pytest.fixture(scope="session")
def backfilled(webserver: Webserver) -> Webserver:
    """`dagster dev` after its backfill."""
    webserver.runs("dagster/backfill", webserver.backfill, lambda runs: runs and runs[0]["status"] in ENDED)
    return webserver


def _add_clips(place: Workplace) -> None:
    whole = place.videos / "basic_steps" / "basic_step_1.mp4"
    (place.videos / "cut_short.mp4").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    _turn_the_light_off(whole, place.videos / "gone_dark.mp4")
    settings = load_settings(
        video_dir=place.videos, annotations=place.annotations, data_dir=str(place.data), settle_seconds=0
    )
    dataset = Dataset(url=str(place.data))
    with open_instance(settings.data_dir) as instance:
        register(instance, dataset, scan.scan_clips(settings, dataset))


def _turn_the_light_off(source: Path, target: Path) -> None:
    """Write a clip again that is black but for its first half second."""
    import av

    with av.open(str(source)) as reading, av.open(str(target), "w") as writing:
        shown = reading.streams.video[0]
        rate = shown.average_rate
        assert rate is not None
        stream = writing.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = shown.width, shown.height, "yuv420p"
        for number, frame in enumerate(reading.decode(shown)):
            picture = frame.to_ndarray(format="rgb24")
            if number > rate / 2:
                picture[:] = 0
            writing.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        writing.mux(stream.encode())
