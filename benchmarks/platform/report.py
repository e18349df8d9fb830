"""What the report costs: time, memory and size of both files, and how soon a browser shows the page.

    uv run python -m benchmarks.platform.report --n 5000 10000 --moments 8

The source is a data dir that `generate` has brought up to date; its clips are copied until there are as many as asked
for (see many_clips.py). What the first report of these clips does once is measured by itself: the moments compared, the
poses packed. Then Dagster's job, as of any later report: the folder listed, Dagster's history and every clip's table
read, the table over all clips, the search for duplicates, the JSON and the page written.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from bachata_assets.collection import layout
from bachata_assets.collection.scan import scan_clips
from bachata_assets.commands.report import make_report
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.pipeline.workers.pool import close_pools
from bachata_assets.report.moments.strips import write_strips
from bachata_assets.report.poses import write_poses
from bachata_assets.settings import Settings
from bachata_assets_tests.support.browser import FLAGS, chromium_path
from benchmarks.support.many_clips import multiply

COLUMNS = (
    "clips", "moments, CPU s", "poses, CPU s", "their peak memory, MB", "made in, s", "CPU, s", "peak memory, MB",
    "JSON, MB", "page, MB", "first paint, ms", "ready, ms", "a click, ms",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, default=Path("data/real"), help="a made data dir")
    parser.add_argument("--n", type=int, nargs="+", default=[5000, 10000])
    parser.add_argument("--moments", type=int, help="of each clip; by default as many as its source has")
    parser.add_argument("--keep", type=Path, help="folder to leave the collections in")
    words = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    with tempfile.TemporaryDirectory() as temporary:
        for count in words.n:
            folder = (words.keep or Path(temporary)) / str(count)
            settings = multiply(words.source, folder, count, words.moments).settings
            parts, costs = _in_a_process(make_parts, settings), _in_a_process(make, settings, count)
            data = Path(settings.data_dir)
            sizes = [f"{(data / name).stat().st_size / 1e6:.1f}" for name in (layout.REPORT, layout.PAGE)]
            cells = [f"{count:,}", *parts, *costs, *sizes, *look_at(data / layout.PAGE)]
            print(f"| {' | '.join(cells)} |", flush=True)


def _in_a_process(measure: Callable[..., list[str]], *arguments: object) -> list[str]:
    """Return what is measured in a process of its own, whose peak memory is its own, too."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(measure, *arguments).result()


def make(settings: Settings, count: int) -> list[str]:
    """Make the report; return the seconds and processor seconds it took, and the peak memory in MB."""
    platform = build_platform(settings)
    with open_instance(settings.data_dir) as instance:
        start, cpu = time.perf_counter(), time.process_time()
        try:
            assert make_report(platform, instance) is None
        finally:
            close_pools()  # nothing does at the end of a process like this
        wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    summary = json.loads(platform.dataset.read_text(layout.REPORT) or "{}")["summary"]
    assert summary["successful"] + summary["failed"] == summary["total_videos"] == count, summary
    return [f"{wall:.1f}", f"{cpu:.1f}", _peak_memory()]


def make_parts(settings: Settings) -> list[str]:
    """Compare the moments and pack the poses, as the first report does; return CPU seconds of each, and memory."""
    platform = build_platform(settings)
    made = platform.dataset.clip_ids("search_index")
    clips = [clip for clip_id, clip in scan_clips(settings, platform.dataset).clips.items() if clip_id in made]
    took = []
    for part in (write_strips, write_poses):
        cpu = time.process_time()
        assert part(platform.dataset, clips, platform.stages)
        took.append(f"{time.process_time() - cpu:.1f}")
    return [*took, _peak_memory()]


def _peak_memory() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f}"


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
