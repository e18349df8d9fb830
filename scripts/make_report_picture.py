"""Make the README's pictures of the report, one light, one dark: `python -m scripts.make_report_picture DATA_DIR`.

Where the data dir has no report, it is made there, of clips of drawn couples: pictures of people do not belong into a
repository.
"""

import argparse
import json
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bachata_assets.collection import layout
from bachata_assets.commands.generate import generate
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.settings import load_settings
from bachata_assets.synthetic.clip_writer import write_clip
from bachata_assets.synthetic.figures import FIGURES
from bachata_assets.synthetic.sample import CLIPS, SampleClip
from bachata_assets.synthetic.soundtrack import RHYTHMS
from bachata_assets_tests.support.browser import FLAGS, chromium_path

CHOSEN = "cross_body_lead_2"
COUPLES = 5
"""That dance every figure."""
MOMENT = 2.4
"""s into every video."""
_STOP = f"""(video) => new Promise((done) => {{
  video.controls = false;
  video.onseeked = () => done(true);
  video.currentTime = {MOMENT};
}})"""


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--clip", default=CHOSEN, help="the clip to choose")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"), help="folder of the pictures")
    words = parser.parse_args()
    if not (words.data_dir / layout.PAGE).exists():
        make_drawn_collection(words.data_dir)
    words.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
        page.goto((words.data_dir / layout.PAGE).absolute().as_uri())
        take(page, words.clip, words.out)
        browser.close()


def take(page: Page, clip_id: str, folder: Path) -> None:
    """Write what the window shows of a clip and its neighbours, their videos at the same moment."""
    page.evaluate("(id) => choose(byId.get(id), false)", clip_id)
    page.locator("#map-title").evaluate("(title) => scrollTo(0, title.getBoundingClientRect().top - 16)")
    for video in page.locator("video").all():
        video.evaluate(_STOP)
    for scheme in ("light", "dark"):
        page.evaluate("(scheme) => { document.documentElement.dataset.theme = scheme; draw(); }", scheme)
        page.screenshot(path=folder / f"report_{scheme}.png")


def make_drawn_collection(data_dir: Path) -> None:
    """Draw couples that dance every figure, and bring the data dir up to date with them."""
    videos, annotations = data_dir / "videos", data_dir / "annotations.json"
    videos.mkdir(parents=True, exist_ok=True)
    clips = [drawn_clip(figure, number) for figure, number in product(FIGURES, range(1, COUPLES + 1))]
    for clip in clips:
        path = videos / f"{clip.clip_id}.mp4"
        write_clip(path, clip.scene(), clip.track(), clip.seconds, fps=Fraction(clip.fps))
    annotations.write_text(json.dumps({"clips": [clip.annotation() for clip in clips]}))
    platform = build_platform(load_settings(video_dir=videos, annotations=annotations, data_dir=str(data_dir)))
    with open_instance(platform.settings.data_dir) as instance:
        generate(platform, instance)


def drawn_clip(figure: str, number: int) -> SampleClip:
    """Return a clip like the sample's, of other people, to other music."""
    return replace(
        CLIPS[0],
        clip_id=f"{figure}_{number}",
        figure=figure,
        seed=100 + 10 * number + len(figure),
        angle=(0.25, 2.9)[number % 2],
        tempo=112.0 + 7 * number,
        rhythm=sorted(RHYTHMS)[number % len(RHYTHMS)],
        difficulty=("beginner", "intermediate", "advanced")[number % 3],
        notes="Drawn",
    )


if __name__ == "__main__":
    main()
