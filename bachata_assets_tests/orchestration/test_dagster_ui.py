"""The pages a person looks at in `dagster dev`, in a real browser."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bachata_assets_tests.support.dagster_dev import ENDED, Webserver

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SLOW_MS = 60_000
PROGRAM = [sys.executable, "-m", "bachata_assets.cli"]
HERE = "/locations/__repository__@bachata_assets"
SCHEDULE = f"{HERE}/schedules/process_missing_clips"


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


def test_a_failed_clip_says_why_in_the_partitions_of_can_be_made(window: "Page", tmp_path: Path) -> None:
    window.goto("/assets/keypoints?view=partitions&partition=cut_short")
    window.get_by_text("failed, and did not materialize this asset").wait_for()
    window.goto("/assets/keypoints?view=checks&checkDetail=can_be_made")
    window.get_by_text("Partitions", exact=True).nth(1).click()
    window.get_by_text("cut_short", exact=True).first.click()
    reason = window.get_by_role("row").filter(has_text="reason")
    reason.wait_for()
    assert "cut_short.mp4: cannot be decoded as a video" in reason.inner_text()
    shoot(window, tmp_path, "reason")


def test_execute_all_asks_the_checks_of_every_clip_again(window: "Page", backfilled: Webserver, tmp_path: Path) -> None:
    window.goto("/assets/beats?view=checks")
    window.get_by_role("button", name="Execute all").click()
    window.get_by_text("Launched run").wait_for()
    shoot(window, tmp_path, "execute_all")
    (run,) = backfilled.runs("dagster/from_ui", "true", lambda runs: runs and runs[0]["status"] in ENDED)
    assert run["status"] == "SUCCESS"


@pytest.mark.parametrize("asset", ["clip_file", "annotation"])
def test_what_is_observed_of_a_clip_does_not_read_missing(window: "Page", tmp_path: Path, asset: str) -> None:
    window.goto(f"/assets/{asset}?view=partitions&partition=cut_short")
    window.get_by_text("Materialized", exact=True).wait_for()
    window.get_by_text("Missing (0)").wait_for()
    window.get_by_text(re.compile(r"/cut_short\.mp4$")).wait_for()
    shoot(window, tmp_path, asset)


def test_an_assets_page_shows_columns_kinds_and_the_code_and_where_clips_come_from(
    window: "Page", tmp_path: Path
) -> None:
    window.goto("/assets/keypoints?view=overview")
    for shown in ("occlusion_recovery", "the dancer was found in this frame", "Parquet", "PyTorch", "process_clips"):
        window.get_by_text(shown, exact=True).first.wait_for()
    window.locator("a[href^='vscode://file/'][href*='/stages/pose.py:']", has_text="the code of keypoints").wait_for()
    shoot(window, tmp_path, "keypoints")
    window.goto("/assets/clip_file?view=overview")
    window.get_by_text("look_for_clips", exact=True).first.wait_for()


def test_the_list_of_runs_names_their_clips(window: "Page", tmp_path: Path) -> None:
    window.goto("/runs")
    window.get_by_text("Show runs within backfills").click()
    window.get_by_text("clips: cut_short … gone_dark, 2 clips").wait_for()
    shoot(window, tmp_path, "runs")


def test_a_preview_of_the_sensors_tick_says_what_it_found_and_why_it_asks_for_nothing(
    window: "Page", tmp_path: Path
) -> None:
    window.goto(f"{HERE}/sensors/new_clips")
    window.get_by_text("Preview tick result").click()
    window.get_by_role("button", name="Continue").click()
    said = window.get_by_text(re.compile(r"Clips: \d+ up to date, 1 failed.* waits until it changes"))
    said.wait_for()
    shoot(window, tmp_path, "sensor")


@pytest.mark.usefixtures("no_signal_is_ignored")
def test_the_report_opens_from_its_assets_page_while_it_is_served(
    window: "Page", backfilled: Webserver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    monkeypatch.setenv("BACHATA_SERVE_PORT", str(port))
    place = ["--data_dir", str(backfilled.place.data)]
    # In processes of their own: the browser's event loop keeps any other of this thread from running.
    subprocess.run([*PROGRAM, "report", *place], check=True)
    with subprocess.Popen([*PROGRAM, "serve", *place], stdout=subprocess.PIPE, text=True) as served:
        assert address in (served.stdout.readline() if served.stdout else "")
        window.goto("/assets/report?view=overview")
        with window.expect_popup() as opened:
            window.get_by_role("link", name=address).click()
        report = opened.value
        report.get_by_text("cross_body_lead_1").first.wait_for()
        shoot(report, tmp_path, "report")
        served.send_signal(signal.SIGINT)
    assert served.returncode == 128 + signal.SIGINT


def test_the_nightly_schedule_can_be_switched_on(window: "Page", tmp_path: Path) -> None:
    window.goto(SCHEDULE)
    switch = window.locator("input[type=checkbox]").first
    switch.wait_for(state="attached")
    assert not switch.is_checked()
    switch.locator("xpath=..").click()
    window.locator("input[type=checkbox]:checked").first.wait_for(state="attached")
    shoot(window, tmp_path, "schedule")
