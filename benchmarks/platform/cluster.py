"""What one and two machines of a cluster make of clips in a bucket, also where one is killed and the bucket is cut off.

    uv run python -m benchmarks.platform.cluster [--clips N] [--away S] [--share P]

Four hosts are network namespaces of this machine: two workers, each a node of Ray pinned to a core of its own; the
head, where `generate` runs; and the servers, moto for clips and tables, PostgreSQL for Dagster's state. Rendered clips
are made

1. by one machine of one core without a cluster, which says what is to come of them,
2. by the cluster with one worker,
3. with two: the throughput is that from the first clip that is made to the last,
4. with two again. After a third of the clips one worker is killed with everything that runs on it, and comes back
   10 s later; after two thirds the bucket is not reached for some seconds. Then every table has to be made once, and be
   equal to that of the first run, but for times.

The servers and the head share the two cores with the workers: their part is printed. With `--share 0.7` a worker gets
that much of its core, so that the others do not slow it down, as on machines of their own. It takes Linux, root, and a
machine that is idle otherwise.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from bachata_assets.collection.dataset import Dataset
from bachata_assets.pipeline.stages import clip_stages
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.postgres_server import Server
from benchmarks.support.bucket_of_clips import fill_bucket
from benchmarks.support.hosts import NET, Host, first_line, network

BUCKET_ADDRESS = f"{NET}.9"
"""Of the bucket alone, so that it can be cut off and the database not."""
BACK_S = 10.0
"""Time after which a killed worker comes back, s."""
TIMES = {"processing_time", "created_at"}
"""Of a document: what making the same again changes."""
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "DAGSTER_DISABLE_TELEMETRY": "1",
}

Disturb = Callable[[int], None]
"""Is told after each clip how many are done."""


@dataclass(frozen=True)
class Run:
    """A run of `generate`, as it was seen.

    Attributes
    ----------
    clip_times : at which each clip was done, s since its start
    cpu : processor time of each kind of host meanwhile, s
    """

    seconds: float
    clip_times: list[float]
    cpu: dict[str, float]

    @property
    def clips_a_minute(self) -> float:
        """Throughput from the first clip to the last."""
        return 60 * (len(self.clip_times) - 1) / (self.clip_times[-1] - self.clip_times[0])

    def __str__(self) -> str:
        cpu = sum(self.cpu.values())
        parts = ", ".join(f"{name} {seconds / cpu:.0%}" for name, seconds in self.cpu.items())
        used = f"{cpu:.0f} s of processor time ({parts})"
        return f"{self.seconds:.0f} s, {self.clips_a_minute:.1f} clips a minute; {used}"


class Cluster:
    """The hosts, and what runs on them."""

    def __init__(self, share: float = 1.0) -> None:
        self.servers = Host("data", 10)
        self.head = Host("head", 11)
        self.workers = [Host("one", 21, core=0, share=share), Host("two", 22, core=1, share=share)]
        self.environment = dict(QUIET)
        self.database = ""

    @contextmanager
    def up(self) -> Iterator[None]:
        """Have the hosts, the servers, and Ray's head."""
        with network(self.servers, self.head, *self.workers):
            self.servers.add_address(BUCKET_ADDRESS)
            words = [sys.executable, "-m", "benchmarks.platform.cluster", "--serve"]
            with self.servers.begin(words, {}, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as servers:
                self.environment |= {
                    "AWS_ENDPOINT_URL": f"http://{BUCKET_ADDRESS}:{first_line(servers)}",
                    "AWS_ACCESS_KEY_ID": "ana",
                    "AWS_SECRET_ACCESS_KEY": "x",
                    "AWS_DEFAULT_REGION": "us-east-1",
                    "BACHATA_POSTGRES_URL": first_line(servers).replace("HOST", self.servers.address),
                }
                self.environment["AWS_ENDPOINT"] = self.environment["AWS_ENDPOINT_URL"]  # LanceDB's names
                self.environment["AWS_ALLOW_HTTP"] = "true"
                yield
                servers.communicate("")

    def start_ray(self, host: Host, *, jobs: bool = False) -> None:
        """Have a host be a node of the cluster; the first one is the head, on which nothing is made.

        Parameters
        ----------
        jobs : the head takes jobs, and a worker works on one at a time
        """
        words = [str(Path(sys.executable).with_name("ray")), "start", "--node-ip-address", host.address]
        words += ["--disable-usage-stats", "--object-store-memory", "200000000"]
        if host is self.head:
            words += ["--head", "--port", "6379", "--num-cpus", "0", "--include-dashboard", str(jobs).lower()]
            words += ["--dashboard-host", host.address]
        else:
            words += ["--address", f"{self.head.address}:6379", "--num-cpus", "1", "--resources", '{"clips": 1}']
        bucket = QUIET | {name: value for name, value in self.environment.items() if name.startswith("AWS_")}
        with host.begin(
            words, self.environment if jobs else bucket, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as started:
            said, _ = started.communicate()
        if started.returncode:
            raise RuntimeError(said)

    def run_alone(self, name: str) -> Run:
        """Make the clips of the bucket with one machine, of one core, that is no cluster."""
        environment = self.environment | {"BACHATA_POSTGRES_SCHEMA": name}
        words = ["--video_dir", "s3://dances/videos", "--data_dir", f"s3://dances/{name}"]
        return self._measured(self.workers[0], words, environment)

    def run(self, name: str, workers: int, disturb: Disturb = lambda _done: None, more: tuple[str, ...] = ()) -> Run:
        """Make the clips of the bucket, with a data dir and a state of their own, and so many workers.

        Parameters
        ----------
        more : words of the command
        """
        for host in (self.head, *self.workers[:workers]):
            self.start_ray(host)
        ray = {"BACHATA_WORKERS": "ray", "BACHATA_RAY_ADDRESS": f"{self.head.address}:6379"}
        environment = self.environment | ray | {"BACHATA_POSTGRES_SCHEMA": name}
        words = ["--video_dir", "s3://dances/videos", "--data_dir", f"s3://dances/{name}", *more]
        run = self._measured(self.head, words, environment, disturb)
        for host in (self.head, *self.workers):
            host.kill()
        return run

    def _measured(
        self, host: Host, words: list[str], environment: dict[str, str], disturb: Disturb = lambda _done: None
    ) -> Run:
        """Run `generate` on a host; what the machine does beside it and the servers is taken for the workers'."""
        before, servers = busy_seconds(), self.servers.cpu_seconds()
        run = watched(host, words, environment, disturb)
        all_of_it, servers = busy_seconds() - before, self.servers.cpu_seconds() - servers
        rest = all_of_it - servers - run.cpu["generate"]
        return replace(run, cpu={"workers": rest, "servers": servers, **run.cpu})


def busy_seconds() -> float:
    """Return the processor time that this machine has spent, s."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system


def watched(host: Host, words: list[str], environment: dict[str, str], disturb: Disturb) -> Run:
    """Run `generate` on a host; what it prints is told with the error where it fails."""
    command = [sys.executable, "-m", "bachata_assets.cli", "generate", *words]
    start, times, said = time.monotonic(), [], []
    with host.begin(command, environment, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("["):
                times.append(time.monotonic() - start)
                disturb(len(times))
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit("".join(said))
    return Run(time.monotonic() - start, times, {"generate": used.ru_utime + used.ru_stime})


def tables(name: str) -> dict[tuple[str, str], Any]:
    """Return the rows of each table of a data dir, by stage and clip, without times and the name of the index."""
    dataset, found = Dataset(f"s3://dances/{name}"), {}
    for stage in (one.name for one in clip_stages("", "")):
        for clip_id in dataset.clip_ids(stage):
            rows = dataset.read_table(stage, clip_id).to_pylist()
            for row in rows:
                if "document" in row:
                    document = json.loads(row["document"])
                    row["document"] = {
                        key: document[key] for key in document.keys() - {"processing_time", "created_at"}
                    }
                    del row["content_hash"], row["index_name"]
            found[stage, clip_id] = rows
    return found


def made_twice(address: str, schema: str) -> list[tuple[Any, ...]]:
    """Return the tables of clips that Dagster's events say were made more than once."""
    import psycopg2

    with closing(psycopg2.connect(address)) as connection, connection.cursor() as cursor:
        cursor.execute(
            f"SELECT asset_key, partition, count(*) FROM {schema}.event_logs WHERE partition IS NOT NULL AND "
            "dagster_event_type = 'ASSET_MATERIALIZATION' GROUP BY 1, 2 HAVING count(*) > 1"
        )
        return cursor.fetchall()


def serve() -> None:
    """Serve a bucket and a database until the input ends; print the port of one and the address of the other."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    bucket = ThreadedMotoServer(ip_address="0.0.0.0", port=0, verbose=False)
    bucket.start()
    database = Server(net=f"{NET}.0/24")
    try:
        database.start()
        print(bucket.get_host_and_port()[1], flush=True)
        print(database.url(database.new()).replace("127.0.0.1", "HOST"), flush=True)
        sys.stdin.read()
    finally:
        database.close()
        bucket.stop()


def disturbances(cluster: Cluster, clips: int, away_s: float) -> tuple[Disturb, list[threading.Thread]]:
    """Return what kills a worker and cuts the bucket off in the course of a run, and the threads that do so."""
    begun: list[threading.Thread] = []

    def lose_a_worker() -> None:
        cluster.workers[1].kill()
        time.sleep(BACK_S)
        cluster.start_ray(cluster.workers[1])

    def cut_off() -> None:
        cluster.servers.remove_address(BUCKET_ADDRESS)
        time.sleep(away_s)
        cluster.servers.add_address(BUCKET_ADDRESS)

    def disturb(done: int) -> None:
        for at, what in ((clips // 3, lose_a_worker), (2 * clips // 3, cut_off)):
            if done == at:
                begun.append(threading.Thread(target=what))
                begun[-1].start()

    return disturb, begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--away", type=float, default=20.0, help="time without the bucket, s")
    parser.add_argument("--share", type=float, default=1.0, help="of a core's time for each worker")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    cluster = Cluster(given.share)
    with cluster.up():
        os.environ |= cluster.environment
        fill_bucket(given.clips)
        print(f"one machine, one core: {cluster.run_alone('alone')}", flush=True)
        one = cluster.run("one", 1)
        print(f"a cluster of one worker: {one}", flush=True)
        two = cluster.run("two", 2)
        print(f"a cluster of two workers: {two}", flush=True)
        print(f"two workers make {two.clips_a_minute / one.clips_a_minute:.2f} times as many as one", flush=True)
        disturb, begun = disturbances(cluster, given.clips, given.away)
        print(f"with a worker lost and the bucket cut off: {cluster.run('disturbed', 2, disturb)}")
        for thread in begun:
            thread.join()
        expected = tables("alone")
        for name in ("one", "two", "disturbed"):
            found = tables(name)
            other = sum(found.get(key) != rows for key, rows in expected.items())
            twice = len(made_twice(cluster.environment["BACHATA_POSTGRES_URL"], name))
            print(f"{name}: {len(found)} tables of {len(expected)}, {other} other than alone, {twice} made twice")


if __name__ == "__main__":
    main()
