"""Make the README's picture of the report: `python scripts/make_report_picture.py data/sample_run`.

The page is the one in the data dir; its first clip is chosen, with its films at the same moment.
"""

import argparse
from pathlib import Path

from playwright.sync_api import sync_playwright

from bachata_assets.report.page import PAGE_NAME
from bachata_assets_tests.browser import FLAGS, chromium_path

MOMENT = 3.0
"""s into every film."""


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--clip", help="the clip to choose; by default the first")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/report.png"))
    words = parser.parse_args()
    words.out.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1200, "height": 1080}, reduced_motion="reduce")
        page.goto((words.data_dir / PAGE_NAME).absolute().as_uri())
        page.evaluate("(id) => showClip(id ? byId.get(id) : 0, false)", words.clip)
        page.evaluate(f"for (const film of document.querySelectorAll('video')) film.currentTime = {MOMENT}")
        page.wait_for_function("[...document.querySelectorAll('video')].every(film => film.readyState >= 2)")
        page.evaluate("for (const film of document.querySelectorAll('video')) film.controls = false")
        page.screenshot(path=words.out)
        browser.close()


if __name__ == "__main__":
    main()
