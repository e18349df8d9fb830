"""What a look into a bucket of many clips costs: time, requests, memory.

    uv run python -m benchmarks.platform.bucket [--clips N]

The bucket is moto's, in a process of its own, its objects empty and put there without HTTP. So the time on the clock is
mostly that of moto, which sorts all names for each page; the processor time is the platform's alone.
"""

import argparse
import logging
import os
import resource
import subprocess
import sys
import time

from bachata_assets.collection import registry
from bachata_assets.collection.videos.bucket import VideoBucket

PLACE = "s3://dances/videos"
ACCOUNT = "123456789012"
"""moto's own."""


def serve(clips: int) -> None:
    """Fill a bucket and serve it until the input ends."""
    from moto.s3.models import s3_backends
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    backend = s3_backends[ACCOUNT]["aws"]
    backend.create_bucket("dances", "us-east-1")
    for number in range(clips):
        backend.put_object("dances", f"videos/steps_{number % 100:02d}/clip_{number:07d}.mp4", b"")
    print(server.get_host_and_port()[1], flush=True)
    sys.stdin.read()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return
    words = [sys.executable, "-m", "benchmarks.platform.bucket", "--serve", str(given.clips)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        os.environ |= {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.stdout.readline().strip()}",
            "AWS_ACCESS_KEY_ID": "ana",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        measure()
        server.communicate("")


def measure() -> None:
    """List the bucket and lay it against a registry that knows all of it, and say what that took."""
    from s3fs import S3FileSystem

    asked: list[str] = []
    call = S3FileSystem._call_s3

    async def counted(self: S3FileSystem, method: str, *arguments: object, **named: object) -> object:
        asked.append(method)
        return await call(self, method, *arguments, **named)

    S3FileSystem._call_s3 = counted
    videos = VideoBucket(PLACE)
    start, cpu = time.perf_counter(), time.process_time()
    listing = videos.listing()
    listed, listed_cpu = time.perf_counter() - start, time.process_time() - cpu
    pages = asked.count("list_objects_v2")
    known = registry.compare(listing.files, {}).files
    start = time.perf_counter()
    assert not registry.compare(listing.files, known).renamed
    compared = time.perf_counter() - start
    assert len(known) == len(listing.files)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    others = ", ".join(sorted(set(asked) - {"list_objects_v2"}))
    print(f"{len(known):,} clips: listed in {listed:.1f} s ({listed_cpu:.1f} s of processor time here)")
    print(f"{pages} requests for names, {len(asked) - pages} others ({others})")
    print(f"compared with the registry in {compared:.1f} s; {peak:.0f} MiB at the peak")


if __name__ == "__main__":
    main()
