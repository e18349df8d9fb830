"""What the tables of many clips cost in a bucket: requests, bytes, time, memory; one by one, and compacted.

    uv run python -m benchmarks.platform.small_files [--clips N] [--latency S] [--documents]

A collection of stub stages (`scale.py`), with tables of its own for each clip, is copied into a bucket and asked for
what is asked of it again and again, each time in a process of its own; then its tables are compacted, and it is asked
again. With `--documents` it is the tables of `search_index` alone. The bucket is moto's, in a process of its own, which
answers each request after `--latency`, as a store in another house does.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.collection import layout
from bachata_assets.collection.clip_tables import embeddings_parts, indexed_records
from bachata_assets.collection.compaction import compact
from bachata_assets.collection.dataset import Dataset, provenance_of
from bachata_assets.commands.generate import generate
from bachata_assets.commands.report import make_report
from bachata_assets.orchestration.build import Platform, build_platform
from bachata_assets.orchestration.instance import local_folder, open_instance
from bachata_assets.orchestration.jobs import compact_tables
from bachata_assets.pipeline.checks import clip_checks
from bachata_assets.settings import load_settings
from benchmarks.platform.bucket import ACCOUNT
from benchmarks.platform.bucket_clips import Counting
from benchmarks.platform.scale import (
    copy_made_clip,
    link_many,
    of_clip,
    pass_check,
    platform_of,
    put_clips,
    stub,
)
from benchmarks.support.document_tables import clip_of, document_tables, sent_documents
from benchmarks.support.history import set_sizes

PLACE = "s3://dances/made"


class Late:
    """A WSGI application that answers later."""

    def __init__(self, application: Callable[..., Iterable[bytes]], latency_s: float) -> None:
        self._application, self._latency_s = application, latency_s

    def __call__(self, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as the application does."""
        time.sleep(self._latency_s)
        return self._application(environment, start)


def serve(folder: str, clips: int, latency_s: float) -> None:
    """Fill a bucket from a folder, or with documents, and serve it; print what was asked for each line of the input."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from moto.s3.models import s3_backends
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        def log(self, *_arguments: Any) -> None:
            """Say nothing."""

    counting = Counting(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, Late(counting, latency_s), threaded=True, request_handler=Silent)
    backend = s3_backends[ACCOUNT]["aws"]
    backend.create_bucket("dances", "us-east-1")
    for name, content in _files(Path(folder)) if folder else document_tables(clips):
        backend.put_object("dances", f"made/{name}", content)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for _ in sys.stdin:
        print(json.dumps(counting.taken()), flush=True)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        if path.is_file() and not name.parts[0].startswith(".") and name.parts[0] != "lancedb":
            yield name.as_posix(), path.read_bytes()


def make_collection(folder: Path, clips: int) -> None:
    """Make a collection of stub stages, its index and report included."""
    platform = platform_of(folder)
    put_clips(platform, 1)
    with open_instance(platform.settings.data_dir) as instance:
        generate(platform, instance)
        videos = Path(str(platform.settings.video_dir))
        link_many(videos / "c000000.mp4", (videos / f"c{number:06}.mp4" for number in range(1, clips)))
        copy_made_clip(platform, instance, clips)
        write_own_tables(platform, clips)
        assert generate(platform, instance).is_whole


def write_own_tables(platform: Platform, clips: int) -> None:
    """Write every clip's tables as its own, and their sizes into Dagster's history."""
    dataset, data_dir = platform.dataset, Path(platform.settings.data_dir)
    documents = dict(sent_documents(clips))
    first, *others = documents
    for stage in platform.stages:
        table = dataset.read_table(stage.name, first)
        for name in others:
            made = of_clip(table, name)
            if "document" in made.column_names:
                at = made.column_names.index("document")
                made = made.set_column(at, made.schema.field(at), pa.array([documents[name]]))
            dataset.write_table(stage.name, name, made, provenance_of(table) | {"clip_id": name})
        set_sizes(data_dir, stage.name, dataset.table_sizes(stage.name))


def platform_in_bucket(folder: Path) -> Platform:
    """Return the platform of `make_collection` on the bucket."""
    settings = load_settings(video_dir=folder / "videos", data_dir=PLACE)
    checks = [replace(check, judge=pass_check) for check in clip_checks(0.5)]
    return build_platform(settings, stages=[stub(stage) for stage in build_platform(settings).stages], checks=checks)


def report(folder: Path, _clips: int) -> None:
    """Make the table over all clips and the report."""
    platform = platform_in_bucket(folder)
    with open_instance(PLACE) as instance:
        assert make_report(platform, instance) is None


def nothing_new(folder: Path, _clips: int) -> None:
    """Look for what is to be made, and find nothing."""
    platform = platform_in_bucket(folder)
    with open_instance(PLACE) as instance:
        done = generate(platform, instance, index_later=True)
        assert (done.tried, done.is_whole) == (0, True)


def generate_first(folder: Path, _clips: int) -> None:
    """Bring the report level: a document states another path of its clip than in a folder."""
    platform = platform_in_bucket(folder)
    with open_instance(PLACE) as instance:
        assert generate(platform, instance, index_later=True).is_whole


def compact_all(folder: Path, _clips: int) -> None:
    """Compact the tables of all stages."""
    platform = platform_in_bucket(folder)
    with open_instance(PLACE) as instance:
        assert all(done.tables for _, done in compact_tables(instance, platform.stages, platform.dataset))


def compact_documents(_folder: Path, clips: int) -> None:
    """Compact the documents."""
    assert compact(Dataset(PLACE), "search_index").tables == clips


def list_one(_folder: Path, clips: int) -> None:
    """List the documents."""
    assert len(Dataset(PLACE).table_sizes("search_index")) == clips


def read_one(_folder: Path, clips: int) -> None:
    """Read one clip's document."""
    Dataset(PLACE).read_table("search_index", f"c{clips // 2:06}")


def read_all(_folder: Path, clips: int) -> None:
    """Read all documents, in order, and keep none."""
    dataset = Dataset(PLACE)
    names = [f"c{number:06}" for number in range(clips)]
    contents = dataset.prefetched("search_index", names)
    assert sum(dataset.read_table("search_index", *one).num_rows for one in contents) == clips


def embeddings(_folder: Path, clips: int) -> None:
    """Make the table over all clips."""
    dataset = Dataset(PLACE)
    records = indexed_records([clip_of(f"c{number:06}") for number in range(clips)], dataset)
    dataset.write_parts(layout.EMBEDDINGS, schemas.embeddings, embeddings_parts(records))


DOCUMENT_STEPS = {
    "one clip's document": read_one,
    "names and sizes of all documents": list_one,
    "all documents": read_all,
    "the table `embeddings`": embeddings,
}
"""What is asked of documents alone -> how."""
STEPS = {**DOCUMENT_STEPS, "table and report": report, "`generate` with nothing new": nothing_new}


def measure(server: "subprocess.Popen[str]", what: str, folder: str, clips: int) -> None:
    """Take one step in a process of its own, and print a row of what it took."""
    counted(server)
    words = [sys.executable, "-m", "benchmarks.platform.small_files", "--step", what]
    start = time.perf_counter()
    run = subprocess.Popen([*words, "--folder", folder, "--clips", str(clips)], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    peak = int(run.stdout.read().split()[-1]) / 1024
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    assert run.returncode == 0
    seconds, cpu = time.perf_counter() - start, used.ru_utime + used.ru_stime
    counts = counted(server)
    asked = {kind: sum(n for name, n in counts.items() if name.endswith(f": {kind}")) for kind in METHODS}
    moved = sum(n for name, n in counts.items() if name.endswith(": bytes read")) / 1e6
    requests = ", ".join(f"{number:,} {kind}" for kind, number in asked.items() if number)
    taken = f"{moved:.1f} | {seconds:.1f} | {cpu:.1f} | {peak:.0f}"
    print(f"| {what} | {requests} | {taken} |", flush=True)


METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")


def counted(server: "subprocess.Popen[str]") -> dict[str, int]:
    """Return what was asked of the server since this was last asked."""
    assert server.stdin is not None
    assert server.stdout is not None
    print("count", file=server.stdin, flush=True)
    return dict(json.loads(server.stdout.readline()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=0.02, help="of each request, s")
    parser.add_argument("--documents", action="store_true", help="only the tables of search_index")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.folder, given.clips, given.latency)
    elif given.step:
        steps = {
            **STEPS,
            "compaction": compact_all if given.folder else compact_documents,
            "`generate`, the first here": generate_first,
        }
        steps[given.step](Path(given.folder), given.clips)
        # Not as getrusage says it, which counts what the process was copied from.
        print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
    else:
        compare(given.clips, given.latency, documents=given.documents)


def compare(clips: int, latency_s: float, *, documents: bool) -> None:
    """Measure every step before and after compaction."""
    words = [sys.executable, "-m", "benchmarks.platform.small_files", "--serve"]
    words += ["--clips", str(clips), "--latency", str(latency_s)]
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)  # where the state of the bucket's data dir lies
        folder = "" if documents else place
        if folder:
            make_collection(Path(folder), clips)
            shutil.copytree(Path(folder, "data", ".dagster"), local_folder(PLACE) / ".dagster")
            words += ["--folder", str(Path(folder, "data"))]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout is not None
            os.environ |= {
                "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.stdout.readline().strip()}",
                "AWS_ACCESS_KEY_ID": "ana",
                "AWS_SECRET_ACCESS_KEY": "x",
                "AWS_DEFAULT_REGION": "us-east-1",
            }
            print("| what | requests | MB read | s | processor s | MiB at the peak |\n|---|---|---|---|---|---|")
            steps = DOCUMENT_STEPS if documents else STEPS
            if folder:
                measure(server, "`generate`, the first here", folder, clips)
            for what in (*steps, "compaction", *steps):
                measure(server, what, folder, clips)
            server.communicate("")


if __name__ == "__main__":
    main()
