"""Working with the report's page, in a real browser: putting annotations right, practising, keys alone, axe-core."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.patching.patch import load_patch
from bachata_assets.families import DIMENSIONS
from bachata_assets.music.beats import Beats
from bachata_assets.report.neighbours import unit_vectors
from bachata_assets.report.page import ShownClip, render_page
from bachata_assets.report.poses import ClipFigures, poses_page
from bachata_assets.report.summary import summarize
from bachata_assets_tests.support.accessibility import found_by_axe
from bachata_assets_tests.support.paths import SAMPLE_CLIP
from bachata_assets_tests.support.synthetic_couple import a_couple

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CLIPS = ("sure", "doubtful", "other")
AT = "document.querySelector('.stage video').currentTime"
READY = "video => new Promise(done => video.readyState > 2 ? done(1) : (video.oncanplay = () => done(1)))"
PAINTED = """([selector, wanted]) => new Promise((done, fail) => {
    const start = performance.now();
    const look = () => {
        const canvas = document.querySelector(selector);
        const { width, height } = canvas;
        const bytes = width ? canvas.getContext("2d").getImageData(0, 0, width, height).data : [];
        const found = bytes.some((value, at) => at % 4 === 3 && value > 0);
        if (found === wanted) done(true);
        else if (performance.now() - start > 8000) fail(new Error("not painted"));
        else setTimeout(look, 60);
    };
    look();
})"""
"""Waits until something, or nothing, is drawn on a canvas."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of three clips with video, poses and beats, and one that failed."""
    folder = tmp_path_factory.mktemp("work #1")
    rng = np.random.default_rng(0)
    units = {family: unit_vectors(rng.normal(size=(3, size))) for family, size in DIMENSIONS.items()}
    shutil.copy(SAMPLE_CLIP, folder / "clip.mp4")
    figures = {
        "sure": ClipFigures("1", 0.97, "left", (), 120.0, True),
        "doubtful": ClipFigures("1", 0.55, "left", (2.5,), 132.0, True),
        "other": ClipFigures("1", 0.8, "left", (), 120.0, True),
    }
    documents: list[dict[str, Any]] = [
        {
            "clip_id": name, "video_path": f"clips/{name}.mp4", "move_label": "dip", "difficulty": "beginner",
            "energy_level": "high", "notes": "", "estimated_tempo": 120.0, "quality_score": 0.9, "detection_rate": 0.9,
            "frame_count": 90, "processing_time": 2.0,
        }
        for name in CLIPS
    ]  # fmt: skip
    shown = [
        ShownClip(
            row["clip_id"], row["video_path"], "made", row, "clip.mp4", "9990099999", figures=figures[row["clip_id"]]
        )
        for row in documents
    ]
    shown.append(ShownClip("broken", "clips/broken.mp4", "failed", video="clip.mp4", messages=("one person only",)))
    dataset = Dataset(str(folder))
    couple = a_couple()
    for name, first in (("sure", 0.3), ("doubtful", 0.3), ("other", 0.8)):
        beats = Beats(np.arange(first, 6, 0.5), 120.0, 0.9, 6.0)
        dataset.write_text(f"poses/{name}.html", poses_page(couple, beats))
    content = summarize(
        documents, [], generated_at="2026-11-27T12:00:00Z", pending=[], absent={}, annotations_without_file=[],
        checks={}, versions={"bachata_assets": "1"},
    )  # fmt: skip
    path = folder / "page.html"
    path.write_text("".join(render_page(content, shown, units, "today")), encoding="utf-8")
    return path


def choose(page: "Page", name: str) -> None:
    page.evaluate("(name) => choose(byId.get(name), true)", name)
    page.locator(".stage video").first.evaluate(READY)
    page.evaluate("document.querySelector('.stage video').pause()")


def downloaded(page: "Page", folder: Path) -> dict[str, Any]:
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(folder / "patch.json")
    load_patch(folder / "patch.json")  # it is one that `annotate` takes
    found: dict[str, Any] = json.loads((folder / "patch.json").read_text())
    return found


def test_the_most_uncertain_clip_is_first_and_says_why(opened: "Page") -> None:
    lines = opened.locator("#queue li").all_inner_texts()
    assert [line.split(" ")[0] for line in lines] == ["doubtful", "other"]
    assert "who leads: 55 % sure; the dancers may be exchanged from 2.5 s on; annotated 120" in lines[0]
    opened.locator("#queue button").first.click()
    assert opened.locator("#clip h3").inner_text() == "doubtful"
    assert opened.locator("details.review").get_attribute("open") is not None
    opened.locator(".stage video").first.evaluate(READY)
    opened.evaluate("document.querySelector('.stage video').pause()")
    opened.get_by_role("button", name="Suspected: 2.5 s").click()
    assert opened.evaluate(AT) == 1.5  # a second before it
    opened.evaluate(f"{AT} = 0")
    opened.keyboard.press("g")
    assert opened.evaluate(AT) == 1.5


def test_every_field_can_be_changed_and_is_in_the_patch(opened: "Page", tmp_path: Path) -> None:
    choose(opened, "sure")
    opened.get_by_text("Correct the annotation").click()
    form = opened.locator("details.review")
    form.get_by_label("Move").fill("body_roll")
    form.get_by_label("Difficulty").select_option("advanced")
    form.get_by_label("Energy").select_option("low")
    form.get_by_label("Tempo").fill("128.5")
    form.get_by_label("The lead stands").select_option("right")
    form.get_by_label("Shows no couple").check()
    form.get_by_label("Notes").fill("</script>'\"")
    opened.evaluate(f"{AT} = 2.4")
    form.get_by_role("button", name="exchanged from here").click()
    assert opened.locator("#changes-count").inner_text() == "8 changes in 1 clip", downloaded(opened, tmp_path)
    assert form.locator(".changed").count() == 8
    (change,) = downloaded(opened, tmp_path)["changes"]
    assert change == {
        "clip_id": "sure",
        "set": {
            "move_label": "body_roll", "difficulty": "advanced", "energy_level": "low", "estimated_tempo": 128.5,
            "lead": "right", "couple": "none", "notes": "</script>'\"", "swapped_at": [2.4],
        },
        "was": {
            "move_label": "dip", "difficulty": "beginner", "energy_level": "high", "estimated_tempo": 120,
            "lead": None, "couple": None, "notes": None, "swapped_at": None,
        },
    }  # fmt: skip
    form.get_by_title("Remove this time").click()
    assert opened.locator("#changes-count").inner_text() == "7 changes in 1 clip"
    form.get_by_role("button", name="Undo my changes").click()
    assert opened.locator("#changes").is_hidden()


def test_changes_are_there_after_a_reload_until_they_are_discarded(opened: "Page") -> None:
    choose(opened, "other")
    opened.get_by_text("Correct the annotation").click()
    opened.locator("details.review").get_by_label("Move").fill("turn")
    opened.keyboard.press("Tab")
    opened.reload()
    assert opened.locator("#changes-count").inner_text() == "1 change in 1 clip"
    opened.get_by_text("Correct the annotation").click()
    assert opened.locator("details.review").get_by_label("Move").input_value() == "turn"
    opened.locator("#discard").click()
    opened.reload()
    assert opened.locator("#changes").is_hidden()


def test_a_clip_that_failed_can_be_said_to_show_no_couple(opened: "Page", tmp_path: Path) -> None:
    opened.get_by_role("button", name="broken shows no couple").click()
    (change,) = downloaded(opened, tmp_path)["changes"]
    assert change == {"clip_id": "broken", "set": {"couple": "none"}, "was": {"couple": None}}


def test_all_of_it_is_done_by_keys(opened: "Page", tmp_path: Path) -> None:
    opened.keyboard.press("n")
    assert opened.locator("#clip h3").inner_text() == "doubtful"
    opened.locator(".stage video").first.evaluate(READY)
    opened.evaluate("document.querySelector('.stage video').pause()")
    opened.evaluate(f"{AT} = 3")
    for key in ("r", "x", "z"):  # the lead, exchanged from here, no couple
        opened.keyboard.press(key)
    for _ in range(6):
        opened.keyboard.press("t")
        opened.wait_for_timeout(250)
    opened.keyboard.press("e")
    opened.keyboard.type("x z")  # a field is written into; keys do nothing else meanwhile
    opened.keyboard.press("Escape")
    changed = downloaded(opened, tmp_path)["changes"][0]["set"]
    assert changed["lead"] == "left"
    assert changed["swapped_at"] == [3.0]
    assert changed["couple"] == "none"
    assert 150 < changed["estimated_tempo"] < 245
    assert changed["move_label"].endswith("x z")
    opened.keyboard.press("a")
    assert opened.locator("#clip h3").inner_text() == "other"
    assert opened.locator("#queue li").last.inner_text().endswith("(seen)")
    opened.keyboard.press("?")
    assert opened.locator("#key-list tr").count() > 20
    opened.locator("#keys-on").uncheck()
    opened.keyboard.press("Escape")
    opened.keyboard.press("p")
    assert opened.locator("#clip h3").inner_text() == "other"  # keys are off


def test_a_clip_is_slowed_mirrored_and_looped(opened: "Page") -> None:
    choose(opened, "sure")
    video = opened.locator(".stage video").first
    opened.get_by_label("Speed").select_option("0.5")
    assert video.evaluate("video => [video.playbackRate, video.preservesPitch]") == [0.5, True]
    opened.get_by_role("button", name="Mirror").click()
    assert video.evaluate("video => getComputedStyle(video).transform") == "matrix(-1, 0, 0, 1, 0, 0)"
    loop = opened.get_by_role("button", name="loop")
    opened.evaluate(f"{AT} = 1")
    loop.click()
    assert loop.inner_text() == "Loop to here"
    opened.evaluate(f"{AT} = 1.4")
    loop.click()
    opened.evaluate(f"{AT} = 1.39")
    opened.keyboard.press("Escape")
    opened.get_by_role("button", name="Play", exact=True).click()
    times = [opened.evaluate(f"new Promise(done => setTimeout(() => done({AT}), 300))") for _ in range(6)]
    assert all(0.9 < time < 1.6 for time in times), times
    choose(opened, "other")
    assert opened.locator(".stage video").first.evaluate("video => video.playbackRate") == 0.5  # it stays


def test_skeletons_are_drawn_from_the_file_beside_the_page(opened: "Page") -> None:
    choose(opened, "sure")
    opened.evaluate(f"{AT} = 1")
    opened.evaluate(PAINTED, [".stage canvas", False])
    opened.get_by_label("Skeletons").select_option("both")
    opened.evaluate(PAINTED, [".stage canvas", True])
    colours = """() => {
        const canvas = document.querySelector(".stage canvas");
        const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const found = new Set();
        for (let at = 0; at < bytes.length; at += 4)
            if (bytes[at + 3] === 255) found.add(`${bytes[at]},${bytes[at + 1]},${bytes[at + 2]}`);
        return [found.has("230,159,0"), found.has("86,180,233")];
    }"""
    assert opened.evaluate(colours) == [True, True]
    opened.get_by_label("Skeletons").select_option("follow only")
    opened.wait_for_timeout(200)
    assert opened.evaluate(colours) == [False, True]


def test_the_beats_are_counted_and_the_one_can_be_set(opened: "Page") -> None:
    choose(opened, "sure")
    opened.get_by_role("button", name="Count").click()
    count = opened.locator(".stage .count").first
    for time, said in ((1.0, "2"), (3.9, "8"), (4.4, "1")):
        opened.evaluate(f"{AT} = {time}")
        opened.get_by_text(said, exact=True).and_(count).wait_for()
    opened.get_by_role("button", name="The one is here").click()
    opened.evaluate(f"{AT} = 3.9")
    opened.get_by_text("8", exact=True).and_(count).wait_for()
    opened.evaluate(f"{AT} = 2.4")
    opened.get_by_text("5", exact=True).and_(count).wait_for()


def test_a_second_clip_runs_beside_in_step_by_the_beats(opened: "Page") -> None:
    choose(opened, "sure")
    opened.locator("#nearest .card", has_text="other").get_by_role("button", name="Side by side").click()
    videos = opened.locator(".stage video")
    assert videos.count() == 2
    opened.evaluate(f"{AT} = 1.3")
    second = """time => new Promise((done, fail) => {
        const start = performance.now();
        const look = () => {
            const at = document.querySelectorAll(".stage video")[1].currentTime;
            if (Math.abs(at - time) < 0.05) done(at);
            else if (performance.now() - start > 8000) fail(new Error(String(at)));
            else setTimeout(look, 60);
        };
        look();
    })"""
    opened.evaluate(second, 1.8)  # its beats come half a second later
    opened.keyboard.press("]")
    opened.evaluate(second, 2.3)
    opened.get_by_role("button", name="Close the second clip").click()
    assert videos.count() == 1
    for count in (2, 1):
        opened.keyboard.press("b")
        assert videos.count() == count
    opened.keyboard.press("u")
    assert videos.first.evaluate("video => video.muted")
    opened.keyboard.press("f")
    opened.wait_for_timeout(300)
    assert opened.evaluate("document.fullscreenElement?.className") == "stages"


def test_without_a_file_of_poses_the_page_says_so(opened: "Page", written: Path) -> None:
    (written.parent / "poses").rename(written.parent / "away")
    try:
        choose(opened, "sure")
        opened.get_by_label("Skeletons").select_option("both")
        opened.get_by_text("There are no poses beside this page").wait_for(timeout=15000)
    finally:
        (written.parent / "away").rename(written.parent / "poses")


@pytest.mark.parametrize("width", [1280, 390])
def test_who_wants_little_motion_sees_none_unasked(browser: "Browser", written: Path, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 500}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(written.as_uri())
    moved = """() => {
        scrollTo(0, document.body.scrollHeight);
        const start = scrollY;
        document.querySelector("#queue button").click();
        return [start > 0, scrollY < start];
    }"""
    assert page.evaluate(moved) == [True, True]  # at once, not along the way
    page.locator(".stage video").first.evaluate(READY)
    assert page.evaluate("[...document.querySelectorAll('video')].every(video => video.paused)")
    page.keyboard.press(" ")
    assert not page.evaluate("document.querySelector('.stage video').paused")
    context.close()


def change_a_label(page: "Page", written: Path) -> None:
    """Open the page and begin a patch."""
    page.goto(written.as_uri())
    choose(page, "doubtful")
    page.keyboard.press("e")
    page.keyboard.type("turn")
    page.keyboard.press("Escape")


def test_on_a_phone_the_bar_of_changes_leaves_the_screen_to_the_clip(browser: "Browser", written: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    change_a_label(page, written)
    bar = page.locator("#changes").bounding_box()
    assert bar
    assert bar["height"] < 844 / 8
    assert page.get_by_text("annotate --apply patch.json").is_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_wrong(
    browser: "Browser", written: Path, scheme: Literal["light", "dark"], width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    change_a_label(page, written)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert found_by_axe(page) == []
    page.keyboard.press("?")
    assert found_by_axe(page) == []
    context.close()


def test_on_paper_the_tools_are_left_out(opened: "Page") -> None:
    choose(opened, "sure")
    opened.emulate_media(media="print")
    for control in (".practise", "details.review", "#changes", "#show-keys"):
        assert opened.locator(control).is_hidden()
