"""`dagster dev` with its state in a real PostgreSQL: a backfill, the sensor and a schedule, and their connections."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bachata_assets.collection import scan
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.partitions import register
from bachata_assets.orchestration.state.server import MOST
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.dagster_dev import ASSETS, BACKFILL, ENDED, HERE, LOADED, Webserver, started
from bachata_assets_tests.support.no_network import watched
from bachata_assets_tests.support.paths import SAMPLE, SAMPLE_CLIPS
from bachata_assets_tests.support.postgres_server import Server
from bachata_assets_tests.support.workplace import Workplace

PROCESSES = 4
"""Code server, webserver and daemon of `dagster dev`, and one run at a time."""
START_SENSOR = """mutation($selector: SensorSelector!) { startSensor(sensorSelector: $selector) { __typename } }"""
START_SCHEDULE = """mutation($selector: ScheduleSelector!) { startSchedule(scheduleSelector: $selector) {
    __typename } }"""
SCHEDULE_TICKS = """query($selector: ScheduleSelector!) { scheduleOrError(scheduleSelector: $selector) {
    ... on Schedule { scheduleState { ticks(limit: 5) { status } } } } }"""
COUNTS = """query($key: [String!]!) { assetNodeOrError(assetKey: {path: $key}) { ... on AssetNode {
    partitionStats { numMaterialized numFailed } } } }"""


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """The sample's clips, of which nothing is made."""
    place = Workplace(tmp_path / "place")
    shutil.copytree(SAMPLE / "videos", place.videos)
    shutil.copy(SAMPLE / "annotations.json", place.annotations)
    return place


@contextmanager
def counting(postgres: Server) -> Iterator[list[int]]:
    """Count the connections of all our processes, every 0.2 s."""
    counts, done = [0], threading.Event()

    def count() -> None:
        while not done.wait(0.2):
            asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bachata_assets'"
            counts.append(int(postgres.ask(asked)[0][0]))

    counter = threading.Thread(target=count)
    counter.start()
    try:
        yield counts
    finally:
        done.set()
        counter.join()


def made(server: Webserver, asset: str) -> dict[str, int]:
    return dict(server.ask(COUNTS, key=[asset])["assetNodeOrError"]["partitionStats"])


def test_backfill_sensor_and_schedule_keep_all_their_state_in_the_database_with_few_connections(
    place: Workplace, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = postgres.new()
    monkeypatch.setenv("BACHATA_POSTGRES_URL", postgres.url(name))
    settings = load_settings(video_dir=place.videos, annotations=place.annotations, data_dir=str(place.data))
    with open_instance(settings.data_dir) as instance:
        dataset = Dataset(url=str(place.data))
        register(instance, dataset, scan.scan_clips(settings, dataset))
    (tmp_path / "watch").mkdir()
    every_minute = {"BACHATA_NIGHTLY_CRON": "* * * * *", "BACHATA_SETTLE_SECONDS": "0", "BACHATA_CLIPS_PER_RUN": "2"}
    with (
        watched(tmp_path / "watch") as watch,
        counting(postgres) as connections,
        started(place, watch, **every_minute) as server,
    ):
        server.wait_for(LOADED, lambda data: data["repositoriesOrError"].get("nodes"))
        assets = [{"path": [asset]} for asset in ASSETS]
        launched = server.ask(BACKFILL, keys=sorted(SAMPLE_CLIPS), assets=assets)["launchPartitionBackfill"]
        runs = server.runs(
            "dagster/backfill",
            launched["backfillId"],
            lambda runs: len(runs) == 2 and all(run["status"] in ENDED for run in runs),
        )
        assert [run["status"] for run in runs] == ["SUCCESS"] * 2
        for asset in ASSETS:
            assert made(server, asset) == {"numMaterialized": len(SAMPLE_CLIPS), "numFailed": 0}, asset

        shutil.copy(place.videos / "basic_steps" / "basic_step_1.mp4", place.videos / "new.mp4")
        server.ask(START_SENSOR, selector={**HERE, "sensorName": "new_clips"})
        (asked,) = server.runs(
            "dagster/sensor_name", "new_clips", lambda runs: runs and all(run["status"] in ENDED for run in runs)
        )
        assert asked["status"] == "SUCCESS"
        assert made(server, "search_index") == {"numMaterialized": len(SAMPLE_CLIPS) + 1, "numFailed": 0}

        selector = {**HERE, "scheduleName": "process_missing_clips"}
        server.ask(START_SCHEDULE, selector=selector)
        server.wait_for(
            SCHEDULE_TICKS, lambda data: data["scheduleOrError"]["scheduleState"]["ticks"], selector=selector
        )
        assert watch.asked() == []
    assert set(postgres.ask("SELECT DISTINCT type FROM bachata.job_ticks", name)) == {("SENSOR",), ("SCHEDULE",)}
    statuses = "SELECT DISTINCT status FROM bachata.runs"
    assert postgres.ask(statuses, name) == [("SUCCESS",)]
    (body,) = postgres.ask("SELECT status FROM bachata.bulk_actions", name)
    assert body[0].startswith("COMPLETED"), body
    assert not list(place.data.rglob("*.db"))
    assert 4 <= max(connections) <= MOST * PROCESSES
