"""Make the README's picture of the UI: `python scripts/make_ui_picture.py`, while `dagster dev` runs on the sample.

It shows a clip's partition of `keypoints`, with the preview open.
"""

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from bachata_assets_tests.support.browser import FLAGS, chromium_path


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:3000", help="of `dagster dev`")
    parser.add_argument("--clip", default="cross_body_lead_1")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/ui.webp"))
    words = parser.parse_args()
    words.out.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1500, "height": 800}, base_url=words.url)
        page.goto(f"/assets/keypoints?view=partitions&partition={words.clip}")
        page.get_by_text("Show Markdown").click()
        page.get_by_alt_text(words.clip).wait_for()
        page.wait_for_timeout(1000)  # until the dialog has faded in
        Image.open(io.BytesIO(page.screenshot())).save(words.out, quality=80)
        browser.close()


if __name__ == "__main__":
    main()
