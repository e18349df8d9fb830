"""The pages a person looks at in `dagster dev`, in a real browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bachata_assets_tests.dagster_dev import Webserver

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


def test_a_partition_shows_what_was_made_of_its_clip(window: "Page", tmp_path: Path) -> None:
    window.goto("/assets/keypoints?view=partitions&partition=cross_body_lead_1")
    for label in ("quality_score", "detection_rate"):
        window.get_by_text(label, exact=True).first.wait_for()
    shoot(window, tmp_path, "partition")


def test_the_nightly_schedule_can_be_switched_on(window: "Page", tmp_path: Path) -> None:
    window.goto(SCHEDULE)
    switch = window.locator("input[type=checkbox]").first
    switch.wait_for(state="attached")
    assert not switch.is_checked()
    switch.locator("xpath=..").click()
    window.locator("input[type=checkbox]:checked").first.wait_for(state="attached")
    shoot(window, tmp_path, "schedule")
