"""What survives `kill -9` of a run, of one of its worker processes, and of Elasticsearch under it.

    uv run python -m benchmarks.platform.crashes [--moments N] [--first N] [--seed S] [--clips N] [--seconds S]
        [--kill run worker elasticsearch]

Short clips, cut from those of the sample, are made twice undisturbed, and the same has to come of it. Then, for every
seeded moment, the collection is begun anew, the run with all its worker processes (or one worker process alone, or the
Elasticsearch node below it) is killed at that moment, and the same command is given again. A moment is a number of
tables that are there, and some time behind it, so that it is in the midst of things on a machine of any speed. It is
counted whether the second call ends well, whether every table and document is that of the undisturbed run but for
times, whether a table that was there when the second call began was made again, and how many half-written files are
left. All but the exit code of a run that was killed are to be zero. Elasticsearch is away for some seconds, so a run
may end without it, with 1.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.search.index import SearchIndex
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.paths import PROJECT, SAMPLE
from benchmarks.support.short_clips import FORMS, write_short

LONGEST_DELAY_S = 2.0
"""Longest time between a table and what is killed after it, s."""
LONGEST_START_S = 10.0
"""Longest time between a run's start and what is killed before its first table, s."""
_TIMES = ("processing_time", "created_at")
"""What making the same again changes in a document."""

Kill = Callable[["subprocess.Popen[bytes]", random.Random], None]


@dataclass(frozen=True)
class Victim:
    """What is killed, and in which environment the run is.

    Attributes
    ----------
    kill : kills it below a run, and waits until the run has ended and can be begun again
    place : variables that say where Elasticsearch is; none: the index is in the data dir
    """

    name: str
    kill: Kill
    place: dict[str, str] = field(default_factory=dict)


def begin(data: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start `generate` in a process group of its own."""
    words = ["--video_dir", str(data.parent / "videos"), "--annotations", str(SAMPLE / "annotations.json")]
    command = [sys.executable, "-m", "bachata_assets.cli", "generate", *words, "--data_dir", str(data)]
    log = (data.parent / f"{data.name}.log").open("ab")
    return subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
    )


def kill_run(run: "subprocess.Popen[bytes]", _chosen: random.Random) -> None:
    """Kill a run with every process that it started."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def kill_a_worker(run: "subprocess.Popen[bytes]", chosen: random.Random) -> None:
    """Kill one of a run's worker processes, as soon as there is one, and let the run end."""
    while run.poll() is None:
        workers = [process for process in psutil.Process(run.pid).children(recursive=True) if _is_worker(process)]
        if workers:
            chosen.choice(sorted(workers, key=lambda process: process.pid)).kill()
            break
        time.sleep(0.05)
    run.wait()


def _is_worker(process: psutil.Process) -> bool:
    """Tell a worker process, whose parent is the process that all of them are forked from."""
    try:
        above = process.parent()
        return all(one is not None and "forkserver" in " ".join(one.cmdline()) for one in (process, above))
    except psutil.Error:  # it has ended in the meantime
        return False


def values(data: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the rows of every table and every document of the index, without times."""
    found: dict[str, Any] = {}
    for path in sorted(data.glob("*/*.parquet")):
        rows = pq.read_table(path).to_pylist()
        for row in rows:
            if "document" in row:
                row["document"] = _without_times(json.loads(row["document"]))
                del row["index_name"]  # says where the document is
        found[path.relative_to(data).as_posix()] = rows
    settings = load_settings(
        data_dir=str(data),
        elasticsearch_host=environment.get("ELASTICSEARCH_HOST"),
        elasticsearch_port=environment.get("ELASTICSEARCH_PORT"),
        elasticsearch_index=environment.get("ELASTICSEARCH_INDEX"),
    )
    with SearchIndex.from_settings(settings) as index:
        documents = {record.clip_id: _without_times(record.to_source()) for record in index.get_all_embeddings()}
    return found | {f"index: {clip_id}": document for clip_id, document in documents.items()}


def _without_times(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _TIMES}


def whole_tables(data: Path) -> dict[str, int]:
    """Return the tables that are there and can be read, with the time at which they were written."""
    dataset, found = Dataset(str(data)), {}
    for path in data.glob("*/*.parquet"):
        name = path.relative_to(data).as_posix()
        try:
            dataset.check_content(name)
        except DamagedError:
            continue
        found[name] = path.stat().st_mtime_ns
    return found


@dataclass(frozen=True)
class Moment:
    """When something is killed: some time, s, after so many tables are there."""

    tables: int
    delay_s: float

    @classmethod
    def choose(cls, chosen: random.Random, tables: int) -> "Moment":
        """Return a moment of a run that makes so many tables; of those before the first, any since its start."""
        before = chosen.randrange(tables + 1)
        return cls(before, chosen.uniform(0, LONGEST_DELAY_S if before else LONGEST_START_S))

    def wait(self, run: "subprocess.Popen[bytes]", data: Path) -> bool:
        """Wait for it; tell whether the run is still at work then."""
        while run.poll() is None and len(list(data.glob("*/*.parquet"))) < self.tables:
            time.sleep(0.02)
        try:
            run.wait(timeout=self.delay_s)
        except subprocess.TimeoutExpired:
            return True
        return False

    def __str__(self) -> str:
        return f"{self.tables} tables + {self.delay_s:.1f} s"


def disturb(data: Path, moment: Moment, chosen: random.Random, expected: Mapping[str, Any], victim: Victim) -> bool:
    """Kill at a moment, call again, print what came of it; tell whether all was as it should be."""
    environment = victim.place | ({"ELASTICSEARCH_INDEX": f"crashes-{data.name}"} if victim.place else {})
    run = begin(data, environment)
    if moment.wait(run, data):
        victim.kill(run, chosen)
    there = whole_tables(data)
    again = begin(data, environment).wait()
    found, after = values(data, environment), whole_tables(data)
    differing = [name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)]
    twice = [name for name, written in there.items() if after.get(name) != written]
    left = [path.relative_to(data).as_posix() for path in data.rglob("*.tmp")]
    numbers = (run.returncode, len(there), again, len(differing), len(twice), len(left))
    print(f"| {victim.name} | {moment} | {' | '.join(map(str, numbers))} |", flush=True)
    for name in (*differing, *twice, *left):
        print(f"  {name}", flush=True)
    return not (again or differing or twice or left)


@contextmanager
def elasticsearch() -> Iterator[Victim]:
    """Run a node; yield what kills it, lets the run end, and starts it again."""
    from bachata_assets_tests.support.elasticsearch_node import NEWEST, Node

    with closing(Node(NEWEST).start()) as node:

        def kill(run: "subprocess.Popen[bytes]", _chosen: random.Random) -> None:
            node.kill()
            run.wait()
            node.start()

        yield Victim("elasticsearch", kill, {"ELASTICSEARCH_HOST": "localhost", "ELASTICSEARCH_PORT": str(node.port)})


VICTIMS: dict[str, Callable[[], AbstractContextManager[Victim]]] = {
    "run": lambda: nullcontext(Victim("run", kill_run)),
    "worker": lambda: nullcontext(Victim("worker", kill_a_worker)),
    "elasticsearch": elasticsearch,
}


def undisturbed(folder: Path) -> dict[str, Any]:
    """Return what a run makes; made twice, it is the same."""
    found: list[dict[str, Any]] = []
    for name in ("first", "second"):
        if begin(folder / name, {}).wait():
            raise SystemExit((folder / f"{name}.log").read_text())
        found.append(values(folder / name, {}))
    if found[0] != found[1]:
        raise SystemExit("Two undisturbed runs make not the same: nothing can be compared with them.")
    return found[1]


def measure(moments: Sequence[int], seed: int, victims: Sequence[str], clips: int, length_s: float) -> bool:
    """Print the table; tell whether all was as it should be."""
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "videos").mkdir()
        for path in sorted((SAMPLE / "videos").rglob("*.mp4"))[:clips]:
            write_short(path, FORMS[0], length_s, folder / "videos")
        expected = undisturbed(folder)
        tables = len(list((folder / "second").glob("*/*.parquet")))
        print(f"The undisturbed run makes {len(expected)} tables and documents.\n")
        print("| killed | after | exit code | tables then | next exit code | differ | made twice | left behind |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|", flush=True)
        for wanted in victims:
            with VICTIMS[wanted]() as victim:
                for number in moments:
                    chosen = random.Random(f"{wanted} {seed} {number}")
                    data = folder / f"{wanted}_{number}"
                    good &= disturb(data, Moment.choose(chosen, tables), chosen, expected, victim)
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=20, help="moments a victim")
    parser.add_argument("--first", type=int, default=0, help="number of the first moment: goes on with an earlier call")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clips", type=int, default=2, help="clips of the sample")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of the clips, s")
    parser.add_argument("--kill", nargs="+", choices=list(VICTIMS), default=list(VICTIMS))
    given = parser.parse_args()
    moments = range(given.first, given.moments)
    if not measure(moments, given.seed, given.kill, given.clips, given.seconds):
        raise SystemExit("Not as it should be: see above.")


if __name__ == "__main__":
    main()
