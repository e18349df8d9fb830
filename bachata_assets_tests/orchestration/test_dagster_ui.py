"""The pages a person looks at in `dagster dev`, in a real browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bachata_assets_tests.support.dagster_dev import Webserver

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SLOW_MS = 60_000
SCHEDULE = "/locations/__repository__@bachata_assets/schedules/process_missing_clips"


@pytest.fixture
def window(browser: "Browser", backfilled: Webserver) -> "Page":
    page = browser.new_context(viewport={"width": 1500, "height": 950}, base_url=backfilled.url).new_page()
    page.set_default_timeout(SLOW_MS)
    return page


def shoot(page: "Page", folder: Path, name: str) -> None:
    """Keep a picture beside the test's other files, for a person to look at."""
    page.screenshot(path=folder / f"{name}.png")


def test_the_graph_shows_every_asset_in_its_group(window: "Page", tmp_path: Path) -> None:
    window.goto("/asset-groups")
    window.get_by_text("video", exact=True).first.wait_for()
    window.keyboard.press("Alt+e")  # the groups are closed at first
    for asset in ("clip_file", "beats", "lead_embedding", "search_index", "report"):
        window.get_by_text(asset, exact=True).first.wait_for()
    shoot(window, tmp_path, "graph")


def test_a_partition_shows_what_was_made_of_its_clip_with_a_preview(window: "Page", tmp_path: Path) -> None:
    window.goto("/assets/keypoints?view=partitions&partition=cross_body_lead_1")
    for label in ("quality_score", "detection_rate"):
        window.get_by_text(label, exact=True).first.wait_for()
    window.get_by_text("Show Markdown").click()
    preview = window.get_by_alt_text("cross_body_lead_1")
    preview.wait_for()
    assert preview.evaluate("image => image.decode().then(() => image.naturalWidth)") > 1000
    shoot(window, tmp_path, "preview")


def test_the_checks_partitions_tab_shows_the_failing_clip_with_its_number_and_limit(
    window: "Page", tmp_path: Path
) -> None:
    window.goto("/assets/keypoints?view=checks&checkDetail=quality_at_least_half")
    window.get_by_text("Partitions", exact=True).nth(1).click()  # the first is the asset's own tab
    window.get_by_text("gone_dark", exact=True).first.click()
    said = window.get_by_role("row").filter(has_text="quality_score")
    said.wait_for()
    assert float(said.inner_text().split()[-1]) < 0.5
    assert window.get_by_role("row").filter(has_text="at_least").inner_text().split()[-1] == "0.5"
    window.get_by_role("row").filter(has_text="remedy").wait_for()
    shoot(window, tmp_path, "check")


def test_the_nightly_schedule_can_be_switched_on(window: "Page", tmp_path: Path) -> None:
    window.goto(SCHEDULE)
    switch = window.locator("input[type=checkbox]").first
    switch.wait_for(state="attached")
    assert not switch.is_checked()
    switch.locator("xpath=..").click()
    window.locator("input[type=checkbox]:checked").first.wait_for(state="attached")
    shoot(window, tmp_path, "schedule")
