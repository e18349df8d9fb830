"""What the HTML report costs: time, memory and size of the page, and how soon a browser shows it.

`python -m benchmarks.report --table <data dir>/embeddings.parquet --n 5000 10000`

The clips are copies of real ones with noise half as long as their vectors. Reading the clips' tables is not in it: see
benchmarks/platform.py.
"""

import argparse
import resource
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bachata_assets.assets.report_checks import vectors_of
from bachata_assets.embedding import DIMENSIONS
from bachata_assets.report.page import ShownClip, render_page
from bachata_assets.report.summary import summarize
from bachata_assets_tests.browser import FLAGS, chromium_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--n", type=int, nargs="+", default=[5000, 10000])
    parser.add_argument("--keep", type=Path, help="folder to leave the pages in")
    words = parser.parse_args()
    columns = "made in, s", "CPU, s", "peak memory, MB", "page, MB", "first paint, ms", "ready, ms", "a click, ms"
    print(f"| clips | {' | '.join(columns)} |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for count in words.n:
            path = (words.keep or Path(folder)) / f"report_{count}.html"
            with get_context("spawn").Pool(1) as process:
                wall, cpu, memory = process.apply(make_page, (words.table, count, path))
            size = path.stat().st_size / 1e6
            print(f"| {count:,} | {wall:.1f} | {cpu:.1f} | {memory:.0f} | {size:.1f} | {' | '.join(look_at(path))} |")


def make_page(table: Path, count: int, path: Path) -> tuple[float, float, float]:
    """Write the page of a collection; return the seconds and processor seconds it took, and the peak memory in MB."""
    documents, vectors = a_collection(table, count)
    start, cpu = time.perf_counter(), time.process_time()
    clips = [
        ShownClip(row["clip_id"], row["video_path"], "made", row, row["video_path"], "9" * 40) for row in documents
    ]
    content = summarize(
        documents, [], pending=[], absent={}, annotations_without_file=[], checks={}, versions={"bachata_assets": "-"}
    )
    path.write_text(render_page(content, clips, vectors, "today"), encoding="utf-8")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return time.perf_counter() - start, time.process_time() - cpu, memory


def a_collection(path: Path, count: int) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Return documents and vectors of clips around the real ones of a table."""
    table = pq.read_table(path)
    real = table.drop_columns([f"{family}_embedding" for family in DIMENSIONS]).to_pylist()
    rng = np.random.default_rng(0)
    source = np.arange(count) % len(real)
    documents = [{**real[row], "clip_id": f"{real[row]['clip_id']}_{number}"} for number, row in enumerate(source)]
    vectors = {}
    for family, size in DIMENSIONS.items():
        noise = rng.normal(size=(count, size)).astype(np.float32) * (0.5 / np.sqrt(size))
        vectors[family] = vectors_of(table, family)[source] + noise.astype(np.float32)
    return documents, vectors


_CLICK = "() => { const start = performance.now(); showClip(0, true); return performance.now() - start; }"


def look_at(path: Path) -> list[str]:
    """Open the page; return ms until something is painted, until all scripts have run, and that a click takes."""
    from playwright.sync_api import sync_playwright

    measures = (
        "performance.getEntriesByName('first-contentful-paint')[0].startTime",
        "performance.getEntriesByType('navigation')[0].loadEventEnd",
        _CLICK,
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri())
        page.wait_for_timeout(500)
        found = [f"{page.evaluate(measure):.0f}" for measure in measures]
        browser.close()
    return found


if __name__ == "__main__":
    main()
