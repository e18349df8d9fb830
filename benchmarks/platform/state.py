"""What Dagster's state in PostgreSQL costs beside SQLite: time, processor time, and events a second.

    uv run python -m benchmarks.platform.state [--clips N] [--rounds N]

New clips, of stages that write one small table each, are made by `generate`, with a state of either kind in turns,
each in a process of its own. PostgreSQL is Debian's on this machine, and writes to the disk before it answers, as
SQLite does.
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
from bachata_assets.orchestration.instance import open_instance
from bachata_assets_tests.support.postgres_server import Server
from benchmarks.platform.scale import platform_of, put_clips


def make(folder: Path, clips: int) -> None:
    """Make new clips, and print what it took as JSON."""
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


def measured(clips: int, environment: dict[str, str]) -> dict[str, float]:
    """Return what a process of its own says of making new clips."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "benchmarks.platform.state", "--clips", str(clips), "--folder", folder]
        said = subprocess.check_output(words, env=os.environ | environment, text=True, stderr=subprocess.DEVNULL)
    return json.loads(said.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.folder:
        make(given.folder, given.clips)
        return
    server = Server(durable=True)
    try:
        server.start()
        for _ in range(given.rounds):
            for name in ("SQLite", "PostgreSQL"):
                place = {"BACHATA_POSTGRES_URL": server.url(server.new())} if name == "PostgreSQL" else {}
                found = measured(given.clips, place)
                each = {key: found[key] / given.clips for key in found}
                rate = found["events"] / found["seconds"]
                print(
                    f"{name}: {each['seconds']:.3f} s a clip, {each['cpu_seconds']:.3f} s of processor time, "
                    f"{each['events']:.0f} events, {rate:.0f} events a second",
                    flush=True,
                )
    finally:
        server.close()


if __name__ == "__main__":
    main()
