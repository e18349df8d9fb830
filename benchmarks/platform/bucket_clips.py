"""What a clip costs whose video, tables and index are in a bucket: requests, bytes, processor time.

    uv run python -m benchmarks.platform.bucket_clips [--clips N]

Rendered clips are made by `generate` from a bucket into a bucket, first some, then as many again, each time with the
index and the report over all of them; then there is nothing to do. Printed are the second run, a clip that it made, and
the third, a clip that is there. The bucket is moto's, in a process of its own, which counts what it is asked.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from benchmarks.support.bucket_of_clips import fill_bucket

PARTS = {"videos": "videos", "lancedb": "index", ".parquet": "tables"}
"""What stands in an object's name, and what it belongs to."""


class Counting:
    """Counts the requests to a WSGI application, and the bytes that they carry."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def __call__(self, environment: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        """Answer as the application does."""
        asked = f"{environment['PATH_INFO']}?{environment['QUERY_STRING']}"
        part = next((name for mark, name in PARTS.items() if mark in asked), "rest")
        answer = b"".join(self._application(environment, start))
        with self._lock:
            self._counts[f"{part}: {environment['REQUEST_METHOD']}"] += 1
            self._counts[f"{part}: bytes written"] += int(environment.get("CONTENT_LENGTH") or 0)
            if environment["REQUEST_METHOD"] == "GET":
                self._counts[f"{part}: bytes read"] += len(answer)
        yield answer

    def taken(self) -> dict[str, int]:
        """Return what was counted since this was last asked."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return dict(counts)


def serve() -> None:
    """Serve an empty bucket; print what was counted for every line of the input, until it ends."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Silent(WSGIRequestHandler):
        def log(self, *_arguments: Any) -> None:
            """Say nothing."""

    counting = Counting(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, counting, threaded=True, request_handler=Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for _ in sys.stdin:
        print(json.dumps(counting.taken()), flush=True)


def generate() -> float:
    """Bring the collection up to date; return the processor time it took, s."""
    words = ["--video_dir", "s3://dances/videos", "--data_dir", "s3://dances/made"]
    run = subprocess.Popen([sys.executable, "-m", "bachata_assets.cli", "generate", *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    assert run.returncode == 0
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    words = [sys.executable, "-m", "benchmarks.platform.bucket_clips", "--serve"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        address = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        os.environ |= {
            "AWS_ENDPOINT_URL": address,
            "AWS_ENDPOINT": address,  # LanceDB's name
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "ana",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for what, new, there in (("", True, 0), ("made", True, given.clips), ("nothing to do", False, 2 * given.clips)):
            if new:
                fill_bucket(given.clips, first=there)
            print("count", file=server.stdin, flush=True)
            server.stdout.readline()
            seconds = generate()
            print("count", file=server.stdin, flush=True)
            counts = json.loads(server.stdout.readline())
            if what:
                say(what, seconds, counts, given.clips if new else there)


def say(what: str, seconds: float, counts: dict[str, int], clips: int) -> None:
    """Print what a run took, a clip."""
    print(f"{what}: {seconds / clips:.2f} s of processor time a clip")
    for name, number in sorted(counts.items()):
        print(f"{what}: {name} {number / clips:,.1f} a clip")


if __name__ == "__main__":
    main()
