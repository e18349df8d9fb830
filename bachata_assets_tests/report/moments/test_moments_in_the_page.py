"""The strip of moments in the report's page, in a real browser: with the pointer, by keys, on a phone and on paper."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

from bachata_assets.collection.dataset import Dataset
from bachata_assets.families import DIMENSIONS
from bachata_assets.music.beats import Beats
from bachata_assets.report.moments.nearest import NearestMoments
from bachata_assets.report.moments.strips import MomentStrips
from bachata_assets.report.neighbours import unit_vectors
from bachata_assets.report.page import ShownClip, render_page
from bachata_assets.report.poses import poses_page
from bachata_assets.report.summary import summarize
from bachata_assets_tests.support.accessibility import found_by_axe
from bachata_assets_tests.support.paths import SAMPLE_CLIP
from bachata_assets_tests.support.synthetic_couple import a_couple

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AT = "document.querySelector('.stage video').currentTime"
READY = "video => new Promise(done => video.readyState > 2 ? done(1) : (video.oncanplay = () => done(1)))"
SECOND_AT = """([place, least, most]) => new Promise((done, fail) => {
    const start = performance.now();
    const look = () => {
        const at = document.querySelectorAll(".stage video")[place].currentTime;
        if (at >= least && at <= most) done(at);
        else if (performance.now() - start > 8000) fail(new Error(String(at)));
        else setTimeout(look, 20);
    };
    look();
})"""
"""Waits until a video is in a part of its time."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of three clips: `one` has three moments, `two` has two, `none` has none."""
    folder = tmp_path_factory.mktemp("moments")
    shutil.copy(SAMPLE_CLIP, folder / "clip.mp4")
    names = ("one", "none", "two")
    rng = np.random.default_rng(0)
    units = {family: unit_vectors(rng.normal(size=(3, size))) for family, size in DIMENSIONS.items()}
    documents: list[dict[str, Any]] = [
        {
            "clip_id": name, "video_path": f"clips/{name}.mp4", "move_label": "dip", "difficulty": "beginner",
            "energy_level": "high", "notes": "", "estimated_tempo": 120.0, "quality_score": 0.9, "detection_rate": 0.9,
            "frame_count": 90, "processing_time": 2.0,
        }
        for name in names
    ]  # fmt: skip
    shown = [ShownClip(row["clip_id"], row["video_path"], "made", row, "clip.mp4", "9990099999") for row in documents]
    for name, first in (("one", 0.3), ("two", 0.8)):
        beats = Beats(np.arange(first, 6, 0.25), 240.0, 0.9, 6.0)
        Dataset(str(folder)).write_text(f"poses/{name}.html", poses_page(a_couple(), beats))
    near = np.array([[3, -1, -1, -1], [4, 3, -1, -1], [-1, -1, -1, -1], [0, -1, -1, -1], [1, -1, -1, -1]])
    scores = np.where(near < 0, np.nan, np.array([[0.912], [0.87], [0], [0.912], [0.87]])).astype(np.float32)
    times = np.array([[0.3, 2.3, 0, 8], [1.3, 3.3, 4, 12], [2.3, 4.3, 8, 16], [0.8, 2.8, 0, 8], [1.8, 3.8, 4, 12]])
    moments = MomentStrips({"one": "1", "two": "1"}, np.array([0, 3, 5]), times, NearestMoments(near, scores))
    content = summarize(
        documents, [], generated_at="2026-11-27T12:00:00Z", pending=[], absent={}, annotations_without_file=[],
        checks={}, versions={"bachata_assets": "1"},
    )  # fmt: skip
    path = folder / "page.html"
    path.write_text("".join(render_page(content, shown, units, "today", moments=moments)), encoding="utf-8")
    return path


def choose(page: "Page", name: str) -> None:
    page.evaluate("(name) => choose(byId.get(name), true)", name)
    page.locator(".stage video").first.evaluate(READY)
    page.evaluate("document.querySelector('.stage video').pause()")


def test_the_moments_lie_along_the_time_of_the_clip(opened: "Page") -> None:
    choose(opened, "one")
    moments = opened.locator(".moment-strip button")
    assert [one.get_attribute("aria-label") for one in moments.all()] == [
        "Moment 1: 0.3 to 2.3 s, beats 1 to 8",
        "Moment 2: 1.3 to 3.3 s, beats 5 to 12",
        "Moment 3: 2.3 to 4.3 s, beats 9 to 16",
    ]
    length = opened.locator(".stage video").evaluate("video => video.duration")
    line = opened.locator(".moment-strip .line").bounding_box()
    for one, (start, end) in zip(moments.all(), ((0.3, 2.3), (1.3, 3.3), (2.3, 4.3)), strict=True):
        box = one.bounding_box()
        assert box
        assert line
        assert (box["x"] - line["x"]) / line["width"] == pytest.approx(start / length, abs=0.01)
        assert (box["x"] + box["width"] - line["x"]) / line["width"] == pytest.approx(end / length, abs=0.01)
    choose(opened, "none")
    assert opened.locator(".moments").count() == 0


def test_a_click_repeats_the_moment_and_lists_what_is_most_like_it(opened: "Page") -> None:
    choose(opened, "one")
    moment = opened.get_by_role("button", name="Moment 2: 1.3 to 3.3 s")
    moment.click()
    assert moment.get_attribute("aria-pressed") == "true"
    times = [opened.evaluate(f"new Promise(done => setTimeout(() => done({AT}), 500))") for _ in range(6)]
    assert all(1 < time < 3.6 for time in times), times
    assert opened.locator(".alike [role=status]").inner_text() == ("Most like moment 2 (1.3 to 3.3 s, beats 5 to 12):")
    assert opened.locator(".alike li").all_inner_texts() == [
        "two, 1.8 to 3.8 s\n0.87\nOpen", "two, 0.8 to 2.8 s\n0.87\nOpen"
    ]  # fmt: skip
    moment.click()  # and not any more
    assert moment.get_attribute("aria-pressed") == "false"
    assert opened.locator(".alike li").count() == 0
    assert opened.get_by_role("button", name="Loop from here").count() == 1
    opened.get_by_role("button", name="Moment 3").click()
    assert opened.locator(".alike").inner_text() == "No moment of another clip to compare with."


def test_an_answer_plays_beside_the_question_in_step(opened: "Page") -> None:
    choose(opened, "one")
    opened.get_by_role("button", name="Moment 2").click()
    opened.locator(".alike .link").nth(1).click()  # from 0.8 s on, beside what begins at 1.3 s
    assert opened.locator(".stage .caption").inner_text() == "two"
    opened.evaluate("document.querySelector('.stage video').pause()")
    opened.evaluate(f"{AT} = 2.3")
    opened.evaluate(SECOND_AT, [1, 1.77, 1.83])  # four beats after the beginning of both
    opened.locator(".alike .link").first.click()
    opened.evaluate("document.querySelector('.stage video').pause()")
    opened.evaluate(f"{AT} = 2.3")
    opened.evaluate(SECOND_AT, [1, 2.77, 2.83])
    opened.get_by_role("button", name="Open the clip two").first.click()
    assert opened.locator("#clip h3").inner_text() == "two"


def test_the_strip_is_used_by_keys_alone(opened: "Page") -> None:
    choose(opened, "one")
    opened.keyboard.press("k")
    assert opened.locator(".moment-strip [aria-pressed=true]").inner_text() == "1"
    for key, number in (("k", "2"), ("i", "1"), ("i", "3")):
        opened.keyboard.press(key)
        assert opened.locator(".moment-strip [aria-pressed=true]").inner_text() == number
    opened.locator(".moment-strip button").first.focus()
    focused = "document.activeElement.textContent"
    for key, number in (("ArrowRight", "2"), ("End", "3"), ("ArrowRight", "3"), ("Home", "1"), ("ArrowLeft", "1")):
        opened.keyboard.press(key)
        assert opened.evaluate(focused) == number
    opened.keyboard.press("Enter")
    assert opened.locator(".moment-strip [aria-pressed=true]").inner_text() == "1"
    opened.keyboard.press("Tab")  # one stop, then what was found
    assert opened.evaluate(focused) == "two, 0.8 to 2.8 s"
    opened.keyboard.press("v")
    assert opened.locator(".stage video").count() == 2
    opened.keyboard.press("?")
    assert "repeat the next moment" in opened.locator("#key-list").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_wrong_with_the_strip(
    browser: "Browser", written: Path, scheme: Literal["light", "dark"], width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(written.as_uri())
    choose(page, "one")
    page.keyboard.press("k")
    page.keyboard.press("v")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert found_by_axe(page) == []
    for button in page.locator(".moment-strip button").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 24  # a finger's target
    context.close()


def test_on_paper_the_strip_and_what_was_found_stay(opened: "Page") -> None:
    choose(opened, "one")
    opened.keyboard.press("k")
    opened.emulate_media(media="print")
    assert opened.locator(".moment-strip button").first.is_visible()
    assert opened.locator(".alike .link").is_visible()
    assert opened.get_by_role("button", name="Open the clip two").is_hidden()
