"""The read service beside the library: the time of one question, and of 32 callers at once.

    uv run python -m benchmarks.search.service --n 2000

Clips are made up as in `benchmarks.search`, in LanceDB. The service runs in a process of its own, as users start it.
Each question is asked of the library in this process and of the service, in turns, over a connection that stays open.
"""

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bachata_assets.search import open_index
from bachata_assets.settings import load_settings
from benchmarks.search.__main__ import centers, collection, documents

CALLERS = 32


def ask(connection: http.client.HTTPConnection, row: int) -> list[str]:
    """Return the clips that the service finds."""
    connection.request("GET", f"/similar?clip_id=clip_{row:07d}")
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{answer.status}: {content.decode()}")
    return [clip["clip_id"] for clip in json.loads(content)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=2000, help="number of clips")
    parser.add_argument("--questions", type=int, default=100)
    given = parser.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(data_dir=folder)
        vectors = collection(centers(None, rng), given.n, rng)
        with open_index(settings, fingerprint="benchmark") as index:
            index.put(documents(vectors, range(given.n)))
            index.promote()
        words = [sys.executable, "-m", "bachata_assets.cli", "serve", "--data_dir", folder, "--port", "0"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as served:
            line = served.stdout.readline() if served.stdout else ""
            try:
                compare(folder, int(line.split("http://127.0.0.1:")[1].split("/")[0]), given.questions)
            finally:
                served.terminate()


def compare(folder: str, port: int, questions: int) -> None:
    """Print the times of both."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    library, service = [], []
    with open_index(load_settings(data_dir=folder)) as index:
        for row in range(-5, questions):  # the first ones load what is needed
            begin = time.perf_counter()
            expected = [match.clip_id for match in index.find_similar(f"clip_{abs(row):07d}")]
            between = time.perf_counter()
            found = ask(connection, abs(row))
            end = time.perf_counter()
            assert found == expected
            if row >= 0:
                library.append(between - begin)
                service.append(end - between)
    alone, over = np.median(library), np.median(service)
    print("| | p50, ms | p95, ms |\n|---|---:|---:|")
    for name, times in (("library", library), ("service", service)):
        print(f"| {name} | {1000 * np.median(times):.1f} | {1000 * np.quantile(times, 0.95):.1f} |")
    print(f"\np50 of the service over the library's: {over / alone:.2f}")

    def call(rows: range) -> int:
        own = http.client.HTTPConnection("127.0.0.1", port)
        return sum(len(ask(own, row)) == 10 for row in rows)

    begin = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as callers:
        answered = sum(callers.map(call, [range(start, questions, CALLERS) for start in range(CALLERS)]))
    rate = questions / (time.perf_counter() - begin)
    print(f"{CALLERS} callers at once: {answered} of {questions} answered, {rate:.0f} a second")


if __name__ == "__main__":
    main()
