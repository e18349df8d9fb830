"""What the report costs: time, memory and size of both files, and how soon a browser shows the page.

    uv run python -m benchmarks.platform.report --n 5000 10000

The source is a data dir that `generate` has brought up to date; its clips are copied until there are as many as asked
for (see many_clips.py). What is measured is Dagster's job: the folder listed, Dagster's history and every clip's table
read, the table over all clips, the search for duplicates, the JSON and the page written.
"""

import argparse
import json
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bachata_assets.collection import layout
from bachata_assets.commands.report import make_report
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.settings import Settings
from bachata_assets_tests.support.browser import FLAGS, chromium_path
from benchmarks.support.many_clips import multiply

COLUMNS = (
    "clips", "made in, s", "CPU, s", "peak memory, MB", "JSON, MB", "page, MB", "first paint, ms", "ready, ms",
    "a click, ms",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=Path("data/real"), help="a made data dir")
    parser.add_argument("--n", type=int, nargs="+", default=[5000, 10000])
    parser.add_argument("--keep", type=Path, help="folder to leave the collections in")
    words = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    with tempfile.TemporaryDirectory() as temporary:
        for count in words.n:
            folder = (words.keep or Path(temporary)) / str(count)
            settings = multiply(words.source, folder, count).settings
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                costs = process.submit(make, settings, count).result()
            data = Path(settings.data_dir)
            sizes = [f"{(data / name).stat().st_size / 1e6:.1f}" for name in (layout.REPORT, layout.PAGE)]
            print(f"| {' | '.join([f'{count:,}', *costs, *sizes, *look_at(data / layout.PAGE)])} |", flush=True)


def make(settings: Settings, count: int) -> list[str]:
    """Make the report; return the seconds and processor seconds it took, and the peak memory in MB."""
    platform = build_platform(settings)
    with open_instance(settings.data_dir) as instance:
        start, cpu = time.perf_counter(), time.process_time()
        assert make_report(platform, instance)
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    summary = json.loads(platform.dataset.read_text(layout.REPORT) or "{}")["summary"]
    assert summary["successful"] + summary["failed"] == summary["total_videos"] == count, summary
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return [f"{wall:.1f}", f"{cpu:.1f}", f"{memory:.0f}"]


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
