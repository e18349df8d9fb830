"""What Dagster's state in PostgreSQL costs beside SQLite: time, processor time, and events a second.

    uv run python -m benchmarks.platform.state [--clips N] [--rounds N] [--sample]

New clips, of stages that write one small table each, are made by `generate`, with a state of either kind in turns,
each in a process of its own; with `--sample` the four clips of the sample, whose events hold pictures and figures, so
that the bytes are those of real clips. PostgreSQL is Debian's on this machine, and writes to the disk before it
answers, as SQLite does.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bachata_assets.commands.generate import generate
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.paths import SAMPLE, SAMPLE_CLIPS
from bachata_assets_tests.support.postgres_server import Server
from benchmarks.platform.scale import platform_of, put_clips

_SIZE = (
    "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'bachata'::regnamespace"
)
"""Asks for the size of all tables of a state, with their indices."""


def make(folder: Path, clips: int, *, sample: bool) -> None:
    """Make new clips, and print what it took as JSON."""
    if sample:
        platform = build_platform(load_settings(video_dir=SAMPLE / "videos", data_dir=str(folder / "data")))
    else:
        platform = platform_of(folder)
        put_clips(platform, clips)
    with open_instance(platform.settings.data_dir) as instance:
        start, cpu = time.perf_counter(), time.process_time()
        done = generate(platform, instance)
        taken = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
        assert len(done.status.made) == clips, done.status.failed[:3]
        runs = instance.get_run_records()
        events = sum(len(instance.all_logs(record.dagster_run.run_id)) for record in runs)
    print(json.dumps(taken | {"events": events}))


def measured(clips: int, environment: dict[str, str], *, sample: bool) -> dict[str, float]:
    """Return what a process of its own says of making new clips."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "benchmarks.platform.state", "--clips", str(clips), "--folder", folder]
        words += ["--sample"] if sample else []
        said = subprocess.check_output(words, env=os.environ | environment, text=True, stderr=subprocess.DEVNULL)
        files = sum(path.stat().st_size for path in Path(folder).rglob("*.db"))
    return json.loads(said.splitlines()[-1]) | {"bytes": files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--sample", action="store_true", help="the four clips of the sample, with their real events")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        make(given.folder, given.clips, sample=given.sample)
        return
    clips = len(SAMPLE_CLIPS) if given.sample else given.clips
    server = Server(durable=True)
    try:
        server.start()
        for _ in range(given.rounds):
            for name in ("SQLite", "PostgreSQL"):
                database = server.new()
                place = {"BACHATA_POSTGRES_URL": server.url(database)} if name == "PostgreSQL" else {}
                found = measured(clips, place, sample=given.sample)
                if name == "PostgreSQL":
                    found["bytes"] = float(server.ask(_SIZE, database)[0][0])
                each = {key: found[key] / clips for key in found}
                rate = found["events"] / found["seconds"]
                print(
                    f"{name}: {each['seconds']:.3f} s a clip, {each['cpu_seconds']:.3f} s of processor time, "
                    f"{each['events']:.0f} events, {rate:.0f} events a second, "
                    f"{each['bytes'] / 1000:.0f} kB of its state",
                    flush=True,
                )
    finally:
        server.close()


if __name__ == "__main__":
    main()
