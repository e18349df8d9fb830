"""Changes sent from the report's page, in a real browser, to a real `serve`."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS
from bachata_assets.report.page import ShownClip, render_page
from bachata_assets.report.summary import summarize
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.accessibility import found_by_axe
from bachata_assets_tests.support.service import Service, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TOKEN = "secret"  # of this test
SAID = '[{"clip_id": "a", "move_label": "turn", "by": "me"}]'


def page_of() -> str:
    """Return the page of one clip, which failed; its annotation says `turn`."""
    content = summarize(
        [], [], generated_at="2026-11-27T12:00:00Z", pending=["a"], absent={}, annotations_without_file=[], checks={},
        versions={"bachata_assets": "1"},
    )  # fmt: skip
    units = {family: np.zeros((0, size), np.float32) for family, size in DIMENSIONS.items()}
    failed = ShownClip("a", "a.mp4", "failed", messages=("one person only",), said={"move_label": "turn"})
    return "".join(render_page(content, [failed], units, "today"))


def serve(folder: Path, **flags: object) -> Any:
    (folder / "videos").mkdir()
    (folder / "data").mkdir()
    (folder / "videos" / "a.mp4").touch()
    (folder / "said.json").write_text(SAID)
    (folder / "data" / "embedding_generation_report.html").write_text(page_of(), encoding="utf-8")
    places = {"video_dir": folder / "videos", "annotations": folder / "said.json", "data_dir": str(folder / "data")}
    return serving(load_settings(**places, serve_port=0, **flags))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serve(tmp_path, serve_token=TOKEN) as opened:
        yield opened


@pytest.fixture
def page(browser: "Browser", service: Service) -> "Iterator[Page]":
    """The page as `serve` shows it, with a change of two fields."""
    context = browser.new_context(http_credentials={"username": "", "password": TOKEN})
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(service.server.address)
    opened.locator("#send").wait_for(state="attached")
    opened.evaluate("change('move_label', 'dip', 0); change('lead', 'left', 0)")
    opened.locator("#send").wait_for()
    yield opened
    context.close()
    assert not errors, errors


def test_the_difference_is_shown_and_then_applied(page: "Page", tmp_path: Path) -> None:
    page.locator("#send").click()
    page.get_by_label("The server's token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.locator("#send-apply").wait_for()
    assert page.locator("#send-lines li").all_inner_texts() == [
        'a: move label: "turn" → "dip"',
        'a: lead: nothing → "left"',
    ]
    says = page.locator("#send-says")
    assert says.inner_text() == f"2 fields would change in {tmp_path / 'said.json'}; 1 clip to be made again."
    assert (tmp_path / "said.json").read_text() == SAID
    page.locator("#send-apply").click()
    page.get_by_text("Written into").wait_for()
    assert "Now run bachata-assets generate: 1 clip to be made again" in says.inner_text()
    expected = '[{"clip_id": "a", "move_label": "dip", "by": "me", "lead": "left"}]'
    assert (tmp_path / "said.json").read_text() == expected
    page.locator("#send-close").click()
    page.evaluate("change('move_label', 'spin', 0)")  # of what is written now, so it is no conflict
    page.keyboard.press("w")  # the token is not asked for again
    page.locator("#send-lines li").wait_for()
    assert page.locator("#send-lines li").all_inner_texts() == ['a: move label: "dip" → "spin"']
    assert page.evaluate("[...Object.values(localStorage), ...Object.values(sessionStorage)].join()").find(TOKEN) < 0


def test_a_wrong_token_is_said_in_one_line_and_asked_for_again(page: "Page", tmp_path: Path) -> None:
    page.locator("#send").click()
    page.get_by_label("The server's token").fill("guess")
    page.keyboard.press("Enter")
    page.get_by_text("That is not the server's token.").wait_for()
    assert page.get_by_label("The server's token").is_visible()
    assert page.locator("#send-apply").is_hidden()
    assert (tmp_path / "said.json").read_text() == SAID


def test_what_the_server_refuses_is_said_in_one_line(page: "Page", tmp_path: Path) -> None:
    (tmp_path / "said.json").write_text(SAID.replace("turn", "basic"))  # somebody else changed it
    page.locator("#send").click()
    page.get_by_label("The server's token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.get_by_text('a: move_label was "turn" when it was changed, and is now "basic"').wait_for()
    assert page.locator("#send-apply").is_hidden()


def test_axe_finds_nothing_wrong_with_sending(page: "Page") -> None:
    page.locator("#send").click()
    assert found_by_axe(page) == []
    page.get_by_label("The server's token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.locator("#send-apply").wait_for()
    assert found_by_axe(page) == []


@pytest.mark.parametrize("width", [1280, 390])
def test_no_control_of_the_dialog_touches_another(page: "Page", width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.locator("#send").click()
    controls = page.locator("#sending").locator("input:visible, button:visible").all()
    boxes = [box for control in controls if (box := control.bounding_box())]
    assert len(boxes) == 3
    for one, other in combinations(boxes, 2):
        across = max(one["x"], other["x"]) - min(one["x"] + one["width"], other["x"] + other["width"])
        down = max(one["y"], other["y"]) - min(one["y"] + one["height"], other["y"] + other["height"])
        assert max(across, down) >= 8  # the frame of what has the focus is 4 wide


def test_without_a_token_or_from_a_file_nothing_is_offered(browser: "Browser", tmp_path: Path) -> None:
    with serve(tmp_path) as service:
        context = browser.new_context()
        page = context.new_page()
        for address in (service.server.address, (tmp_path / "data" / "embedding_generation_report.html").as_uri()):
            with page.expect_event("load"):
                page.goto(address)
            page.evaluate("change('move_label', 'dip', 0)")
            page.wait_for_timeout(300)
            assert page.locator("#changes").is_visible()
            assert page.locator("#send").is_hidden()
        context.close()
