"""What Dagster costs beside the clips' own work.

    uv run python -m benchmarks.platform.scale [--backfill N] [--made N] [--web]

The stages are stubs that write one small table each, so that everything measured is the platform's. Collections of many
made clips are copied from one real, made clip: its events in Dagster's SQLite, its tables as hard links.
"""

import argparse
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import psutil
import pyarrow as pa
from dagster import DagsterInstance

from bachata_assets.collection import layout, registry
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import provenance_of
from bachata_assets.commands.generate import generate
from bachata_assets.music.beats import Beats
from bachata_assets.orchestration.build import Platform, build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.resources import PARTITIONS
from bachata_assets.pipeline.checks import clip_checks
from bachata_assets.pipeline.stage import ClipStage, Made, Stage, Tables
from bachata_assets.settings import Settings, load_settings
from bachata_assets_tests.support.documents import document
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.synthetic_couple import a_couple
from benchmarks.support.history import copy_history, set_sizes

MOST_REPORTED = 20_000
"""Clips up to which the report is made, too, and every clip has vectors of its own."""
MOST_LINKS = 60_000


def platform_of(folder: Path) -> Platform:
    """Return the platform on a folder's clips, with stages that cost nothing."""
    (folder / "videos").mkdir(parents=True, exist_ok=True)
    settings = load_settings(video_dir=folder / "videos", data_dir=str(folder / "data"))
    checks = [replace(check, judge=pass_check) for check in clip_checks(0.5)]
    return build_platform(settings, stages=[stub(stage) for stage in build_platform(settings).stages], checks=checks)


def pass_check(_clip: Clip, _made: Made) -> tuple[bool, dict[str, Any]]:
    """Pass, with a number and a limit as the real checks have them."""
    return True, {"number": 0.9, "at_least": 0.5}


def stub(stage: Stage) -> Stage:
    """Return a stage of the same name, inputs and schema that makes a small table without work."""
    row = {field.name: None if field.nullable else value_of(field) for field in stage.schema}
    if stage.name == "search_index":
        row |= {"document": json.dumps(DOCUMENT), "absent": "{}", "avg_confidence": 0.9, "timeline": "9" * 50}
    read_again = {"keypoints": a_couple(1.0).to_table(), "beats": Beats(reason="no sound").to_table()}  # by the report
    table = read_again.get(stage.name)
    if table is None:
        table = pa.Table.from_pylist([row], schema=stage.schema.remove_metadata())

    def make(clip: Clip, _tables: Tables, _tools: Any) -> Made:
        return Made(of_clip(table, clip.clip_id), {"dimensions": 512, "quality_score": 0.9, "detection_rate": 0.9})

    described = {field.name: getattr(stage, field.name) for field in fields(Stage)}
    return ClipStage(**described, make=make)


def of_clip(table: pa.Table, clip_id: str) -> pa.Table:
    """Return a table as another clip's; where no column says whose it is, it is the same."""
    says = {"clip_id": clip_id, "document": json.dumps(DOCUMENT | {"clip_id": clip_id})}
    for name in says.keys() & set(table.column_names):
        table = table.set_column(table.column_names.index(name), table.schema.field(name), pa.array([says[name]]))
    return table


DOCUMENT = document("c000000").to_source()


def value_of(field: pa.Field) -> Any:
    """Return a value for a column that may not be null."""
    if pa.types.is_string(field.type):
        return "{}"
    if pa.types.is_boolean(field.type):
        return True
    return 0


def put_clips(platform: Platform, count: int) -> None:
    """Fill the folder with files that hold the same few bytes."""
    folder = Path(str(platform.settings.video_dir))
    first = folder / "c000000.mp4"
    first.write_bytes(b"clip")
    link_many(first, (folder / f"c{number:06}.mp4" for number in range(1, count)))


def link_many(source: Path, paths: Iterable[Path]) -> None:
    """Give a file many more names; a new copy now and then, since ext4 allows 65,000 links to one."""
    for number, path in enumerate(paths, 1):
        if number % MOST_LINKS:
            os.link(source, path)
        else:
            source = Path(shutil.copy2(source, path))  # of the same time: it has not changed


def copy_made_clip(platform: Platform, instance: DagsterInstance, count: int) -> None:
    """Make `count` clips of the first, which is made: partitions, events, tables, registry."""
    known = registry.from_table(platform.dataset.read_parquet(layout.REGISTRY))
    (one,) = known.values()
    names = [f"c{number:06}" for number in range(count)]
    files = {name: replace(one, clip_id=name, path=one.path.with_name(f"{name}.mp4")) for name in names}
    platform.dataset.write_parquet(layout.REGISTRY, registry.to_table(files), {})
    instance.add_dynamic_partitions(PARTITIONS, names[1:])
    own = [stage.name for stage in platform.stages] if count <= MOST_REPORTED else []
    for stage in [stage for stage in platform.stages if stage.name not in own]:
        source = Path(platform.dataset.table_path(stage.name, names[0]))
        link_many(source, (source.with_name(f"{name}.parquet") for name in names[1:]))
    if own:
        write_tables(platform, [name for name in own if name != "search_index"], names)
        write_documents(platform, names)
    data_dir = Path(platform.settings.data_dir)
    copy_history(data_dir, {names[0]: names[1:]}, answers=False)
    for name in own:
        set_sizes(data_dir, name, platform.dataset.table_sizes(name))


def write_tables(platform: Platform, stages: list[str], names: list[str]) -> None:
    """Write every clip's tables that say whose they are: a table of another clip's is taken for damaged."""
    for stage in stages:
        table = platform.dataset.read_table(stage, names[0])
        for name in names[1:]:
            platform.dataset.write_table(stage, name, of_clip(table, name), {**provenance_of(table), "clip_id": name})


def write_documents(platform: Platform, names: list[str]) -> None:
    """Write every clip's document with vectors of its own, or all would be duplicates of one another."""
    (row,) = (table := platform.dataset.read_table("search_index", names[0])).to_pylist()
    numbers = np.random.default_rng(0)
    for name in names[1:]:
        vectors = {key: numbers.normal(size=len(v)).round(6).tolist() for key, v in DOCUMENT.items() if "embed" in key}
        changed = {**row, "clip_id": name, "document": json.dumps(DOCUMENT | vectors | {"clip_id": name})}
        written = pa.Table.from_pylist([changed], schema=platform.stages[-1].schema)
        platform.dataset.write_table("search_index", name, written, {**provenance_of(table), "clip_id": name})


def timed(what: str, work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `work` returns and its wall time, and print wall and CPU time."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    seconds = time.perf_counter() - wall
    say(what, f"{seconds:.2f} s wall, {time.process_time() - cpu:.2f} s CPU")
    return result, seconds


def say(what: str, result: str) -> None:
    """Print one row of the table."""
    print(f"| {what} | {result} |", flush=True)


def tick(platform: Platform, instance: DagsterInstance) -> list[dg.RunRequest]:
    """Return what one tick of the sensor asks for."""
    sensor = platform.definitions.resolve_sensor_def("new_clips")
    with dg.build_sensor_context(instance=instance, definitions=platform.definitions) as context:
        return list(sensor.evaluate_tick(context).run_requests or [])


def measure_backfill(folder: Path, count: int) -> None:
    """Measure `count` new clips made by `generate`."""
    platform = platform_of(folder)
    put_clips(platform, count)
    with open_instance(platform.settings.data_dir) as instance:
        cpu = time.process_time()
        done, seconds = timed(f"{count} new clips, all stages and the report", lambda: generate(platform, instance))
        assert len(done.status.made) == count, done.status.failed[:3]
        say("… a clip", f"{seconds / count:.3f} s wall, {(time.process_time() - cpu) / count:.3f} s CPU")


def measure_made(folder: Path, count: int, *, web: bool) -> None:
    """Measure what is asked again and again of `count` clips that are all made."""
    platform = platform_of(folder)
    put_clips(platform, 1)
    with open_instance(platform.settings.data_dir) as instance:
        first = generate(platform, instance)
        assert len(first.status.made) == 1, first.status.failed
        folder = Path(str(platform.settings.video_dir))
        link_many(folder / "c000000.mp4", (folder / f"c{number:06}.mp4" for number in range(1, count)))
        copy_made_clip(platform, instance, count)
        requests, _ = timed(f"{count} made clips: a sensor tick", lambda: tick(platform, instance))
        assert {request.job_name for request in requests} <= {"fill_index"}, requests  # it has none of the copies
        if count <= MOST_REPORTED:
            timed(f"{count} made clips: the table over all clips and the report", lambda: generate(platform, instance))
            done, _ = timed(f"{count} made clips: `generate` with nothing to do", lambda: generate(platform, instance))
            assert (done.tried, len(done.status.made)) == (0, count)
    say("… memory of that process at its peak", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if web:
        measure_web(platform.settings, count)


MADE_PARTITIONS = """{ assetNodeOrError(assetKey: {path: ["keypoints"]}) { ... on AssetNode {
    assetPartitionStatuses { __typename ... on DefaultPartitionStatuses { materializedPartitions } } } } }"""
KEYS = '{ assetNodeOrError(assetKey: {path: ["keypoints"]}) { ... on AssetNode { partitionKeys } } }'
STATS = """{ assetNodeOrError(assetKey: {path: ["keypoints"]}) { ... on AssetNode {
    partitionStats { numMaterialized numFailed numPartitions } } } }"""


def measure_web(settings: Settings, count: int) -> None:
    """Measure the asset page's queries and the memory of the code server behind them."""
    with webserver(settings) as (url, process):
        for name, query in (("statuses", MADE_PARTITIONS), ("keys", KEYS), ("counts", STATS)):
            ask(url, query)  # warm
            start = time.perf_counter()
            answer = ask(url, query)
            say(f"{count} partitions, asset page: {name}", f"{time.perf_counter() - start:.2f} s wall")
            assert "errors" not in answer, answer
        for child in process.children(recursive=True):
            if "grpc" in " ".join(child.cmdline()):
                say("… memory of the code server", f"{child.memory_info().rss / 2**20:.0f} MB")


@contextmanager
def webserver(settings: Settings) -> Iterator[tuple[str, psutil.Process]]:
    """Run Dagster's web server on a data dir."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = str(Path(settings.data_dir).absolute() / ".dagster")
    environment = {**os.environ, "DAGSTER_HOME": home, "BACHATA_DATA_DIR": str(Path(settings.data_dir).absolute())}
    command = [sys.executable, "-m", "dagster_webserver", "-p", str(port), "-w", str(PROJECT / "workspace.yaml")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}/graphql"
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            try:
                ask(url, "{ version }")
                break
            except OSError:
                time.sleep(0.5)
        yield url, psutil.Process(process.pid)
        process.terminate()


def ask(url: str, query: str) -> Any:
    """Return the answer to a GraphQL query."""
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as response:
        return json.load(response)


def measure_load() -> None:
    """Measure loading the code location in a fresh process."""
    code = "import time; t = time.perf_counter(); import bachata_assets.definitions; print(time.perf_counter() - t)"
    seconds = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    say("loading the code location, warm, best of 3", f"{min(seconds):.2f} s wall")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backfill", type=int, default=1000, help="new clips to make")
    parser.add_argument("--made", type=int, default=10_000, help="clips that are all made")
    parser.add_argument("--web", action="store_true", help="also ask the web server about the made clips")
    words = parser.parse_args()
    print("| what | measured |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        measure_load()
        if words.backfill:
            measure_backfill(Path(folder) / "backfill", words.backfill)
        if words.made:
            measure_made(Path(folder) / "made", words.made, web=words.web)


if __name__ == "__main__":
    main()
