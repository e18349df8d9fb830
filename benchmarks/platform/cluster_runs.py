"""Actors inside one run beside runs on the cluster, on the same two machines: seconds a clip of each.

    uv run python -m benchmarks.platform.cluster_runs [--clips N] [--clips_per_run N]

The hosts are those of `benchmarks.platform.cluster`: two workers with a core each, a head, and the servers. Rendered
clips are made from a bucket into a bucket, all but their documents (LanceDB takes one writer),

1. by `generate` on the head, with one actor a worker,
2. by a backfill of `dagster dev` on the head, whose runs Ray begins as jobs on the workers, one at a time on each.

Of both the time from asking to the last table is printed, and of the runs what each took, its start included. It takes
Linux, root, and a machine that is idle otherwise.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import scan_clips
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.partitions import register
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.dagster_dev import ASSETS, BACKFILL, ENDED, LOADED, Webserver
from bachata_assets_tests.support.no_network import Watch
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.workplace import Workplace
from benchmarks.platform.cluster import Cluster
from benchmarks.support.bucket_of_clips import fill_bucket

VIDEOS, RUNS = "s3://dances/videos", "runs"
PORT = 3000


def make_by_actors(cluster: Cluster) -> float:
    """Return how long `generate` took with actors on both workers, s."""
    return cluster.run("actors", 2, more=("--index", "later")).seconds


def make_by_runs(cluster: Cluster, clips: int, clips_per_run: int, home: Path) -> tuple[float, list[float]]:
    """Return the time from asking to the end of the last run, and what each run took, s."""
    (home / "dagster.yaml").write_text((PROJECT / "deploy" / "dagster-on-ray.yaml").read_text())
    cluster.environment |= {
        "BACHATA_POSTGRES_SCHEMA": RUNS,
        "BACHATA_VIDEO_DIR": VIDEOS,
        "BACHATA_DATA_DIR": f"s3://dances/{RUNS}",
        "BACHATA_CLIPS_PER_RUN": str(clips_per_run),
        "DAGSTER_HOME": str(home),
        "RAY_API_SERVER_ADDRESS": f"http://{cluster.head.address}:8265",
        "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "300",
        "PYTHONPATH": str(PROJECT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",  # a job begins with `dagster`
    }
    os.environ |= cluster.environment
    settings = load_settings()
    with open_instance(settings.data_dir) as instance:
        dataset = Dataset(settings.data_dir)
        found = scan_clips(settings, dataset)
        register(instance, dataset, found)
    wide = [str(Path(sys.executable).with_name("dagster")), "instance", "concurrency", "set", "poses"]
    subprocess.run([*wide, str(len(cluster.workers))], check=True)
    for host in (cluster.head, *cluster.workers):
        cluster.start_ray(host, jobs=True)
    words = [sys.executable, "-m", "dagster", "dev", "-p", str(PORT), "-h", cluster.head.address]
    words += ["-w", str(PROJECT / "workspace.yaml")]
    with (home / "dev.log").open("wb") as log, cluster.head.begin(words, cluster.environment, stdout=log, stderr=log):
        try:
            server = Webserver(f"http://{cluster.head.address}:{PORT}", Workplace(home), Watch(home, 0, []))
            server.wait_for(LOADED, lambda data: data["repositoriesOrError"].get("nodes"))
            assets = [{"path": [name]} for name in ASSETS if name != "search_index"]
            start = time.time()
            launched = server.ask(BACKFILL, keys=sorted(found.clips), assets=assets)["launchPartitionBackfill"]
            runs = server.runs(
                "dagster/backfill",
                launched["backfillId"],
                lambda runs: len(runs) == -(-clips // clips_per_run) and all(run["status"] in ENDED for run in runs),
            )
            assert {run["status"] for run in runs} == {"SUCCESS"}, runs
            times = run_times(cluster.environment["BACHATA_POSTGRES_URL"])
        finally:
            cluster.head.kill()
    return max(end for _, end in times) - start, [end - begun for begun, end in times]


def run_times(address: str) -> list[tuple[float, float]]:
    """Return when each run began and ended, as seconds of the clock."""
    import psycopg2

    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT start_time, end_time FROM {RUNS}.runs WHERE end_time IS NOT NULL")
        return cursor.fetchall()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=8)
    parser.add_argument("--clips_per_run", type=int, default=4)
    given = parser.parse_args()
    cluster = Cluster()
    with cluster.up(), tempfile.TemporaryDirectory() as home:
        os.environ |= cluster.environment
        fill_bucket(given.clips)
        seconds = make_by_actors(cluster)
        print(f"actors inside a run: {seconds:.0f} s, {seconds / given.clips:.1f} s a clip", flush=True)
        seconds, each = make_by_runs(cluster, given.clips, given.clips_per_run, Path(home))
        taken = ", ".join(f"{one:.0f} s" for one in each)
        print(f"runs on the cluster: {seconds:.0f} s, {seconds / given.clips:.1f} s a clip; the runs took {taken}")


if __name__ == "__main__":
    main()
