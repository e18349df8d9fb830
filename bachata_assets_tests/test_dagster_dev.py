"""`dagster dev` as a person runs it, driven by its GraphQL API: partitions, a backfill, checks."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bachata_assets import collection
from bachata_assets.build import build_platform
from bachata_assets.generation import dagster_home, instance_of
from bachata_assets.settings import load_settings

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE = PROJECT / "data" / "sample"
PATIENCE_S = 300


@dataclass
class Webserver:
    """A running `dagster dev`."""

    url: str

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of a GraphQL query."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def wait_for(self, query: str, done: Any, **variables: Any) -> Any:
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


@pytest.fixture
def webserver(tmp_path: Path) -> Iterator[Webserver]:
    """`dagster dev` on a data dir in which the sample's clips are registered and nothing is made."""
    data_dir = tmp_path / "data"
    settings = load_settings(
        video_dir=SAMPLE / "videos", annotations=SAMPLE / "annotations.json", data_dir=str(data_dir)
    )
    platform = build_platform(settings)
    with instance_of(settings.data_dir) as instance:
        collection.register(instance, collection.look(settings, platform.dataset))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(dagster_home(str(data_dir))),
        "BACHATA_DATA_DIR": str(data_dir),
    }
    command = [sys.executable, "-m", "dagster", "dev", "-p", str(port), "-h", "127.0.0.1"]
    with (tmp_path / "dev.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "-w", str(PROJECT / "workspace.yaml")],
            cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        try:
            yield Webserver(f"http://127.0.0.1:{port}")
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


LOADED = "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"
PARTITIONS = """query($key: [String!]!) { assetNodeOrError(assetKey: {path: $key}) { ... on AssetNode {
    partitionKeys
    partitionStats { numMaterialized numFailed } } } }"""
LAUNCH = """mutation($keys: [String!]!, $assets: [AssetKeyInput!]!) {
    launchPartitionBackfill(backfillParams: {partitionNames: $keys, assetSelection: $assets}) {
        __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
BACKFILL = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
    ... on PartitionBackfill { status error { message } } } }"""
CHECKS = """query($key: [String!]!, $check: String!) {
    assetCheckExecutions(assetKey: {path: $key}, checkName: $check, limit: 10) {
        status partition evaluation { success severity metadataEntries { label } } } }"""


SENSOR = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) {
    __typename ... on PythonError { message } } }"""


def test_a_backfill_makes_its_two_clips_and_the_sensor_the_others(webserver: Webserver) -> None:
    webserver.wait_for(LOADED, lambda data: data["repositoriesOrError"].get("nodes"))
    node = webserver.ask(PARTITIONS, key=["keypoints"])["assetNodeOrError"]
    assert len(node["partitionKeys"]) == 4
    wanted = node["partitionKeys"][1:3]
    assets = ["keypoints", "beats", "lead_embedding", "follow_embedding", "interaction_embedding"]
    assets += ["audio_embedding", "text_embedding", "search_index"]
    launched = webserver.ask(LAUNCH, keys=wanted, assets=[{"path": [asset]} for asset in assets])
    assert launched["launchPartitionBackfill"]["__typename"] == "LaunchBackfillSuccess", launched

    ended = ("COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED")
    backfill = webserver.wait_for(
        BACKFILL,
        lambda data: data["partitionBackfillOrError"]["status"] in ended,
        id=launched["launchPartitionBackfill"]["backfillId"],
    )
    assert backfill["partitionBackfillOrError"]["status"] == "COMPLETED_SUCCESS", backfill

    for asset in assets:
        stats = webserver.ask(PARTITIONS, key=[asset])["assetNodeOrError"]["partitionStats"]
        assert stats == {"numMaterialized": 2, "numFailed": 0}, asset
    checked = webserver.ask(CHECKS, key=["keypoints"], check="quality_at_least_half")["assetCheckExecutions"]
    assert {one["partition"] for one in checked} == set(wanted)
    for one in checked:
        assert {entry["label"] for entry in one["evaluation"]["metadataEntries"]} >= {"quality_score", "at_least"}
    finite = webserver.ask(CHECKS, key=["lead_embedding"], check="lead_embedding_finite")["assetCheckExecutions"]
    assert [one["evaluation"]["success"] for one in finite] == [True, True]

    selector = {
        "repositoryLocationName": "bachata_assets",
        "repositoryName": "__repository__",
        "sensorName": "new_clips",
    }
    started = webserver.ask(SENSOR, selector=selector)
    assert started["startSensor"]["__typename"] == "Sensor", started
    webserver.wait_for(
        PARTITIONS,
        lambda data: data["assetNodeOrError"]["partitionStats"]["numMaterialized"] == 4,
        key=["search_index"],
    )
