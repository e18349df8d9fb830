"""The HTML report in a real browser."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS
from bachata_assets.report.neighbours import unit_vectors
from bachata_assets.report.page import ShownClip, render_page
from bachata_assets.report.summary import summarize
from bachata_assets_tests.support.paths import SAMPLE_CLIP

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Position

IN_VIEW = """video => new Promise(done => {
    const look = () => {
        const box = video.getBoundingClientRect();
        box.top >= 0 && box.bottom <= innerHeight ? done(true) : setTimeout(look, 50);
    };
    look();
})"""
"""Waits until a video is in view."""
LOADED = """image => new Promise(done => {
    image.complete ? done(image.naturalWidth) : (image.onload = () => done(image.naturalWidth));
})"""
"""Waits until a picture is there; gives its width, px."""
HOSTILE = "</script><script>window.hurt=1</script><img src=x onerror=window.hurt=1>\u2028'\"&"
MOVES = ("basic_step", "body_roll", "hammerlock")


def document(number: int, **over: Any) -> dict[str, Any]:
    return {
        "clip_id": f"clip_{number}",
        "video_path": f"clips/clip_{number}.mp4",
        "move_label": MOVES[number % 3],
        "difficulty": ("beginner", "advanced")[number % 2],
        "energy_level": "high",
        "notes": "",
        "estimated_tempo": 100.0 + number,
        "quality_score": 0.95 - number / 50,
        "detection_rate": 0.9,
        "frame_count": 150,
        "processing_time": 2.0,
    } | over


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of thirty clips; the first two have a video, one is hostile, one failed."""
    folder = tmp_path_factory.mktemp("page #1")
    rng = np.random.default_rng(0)
    units = {family: unit_vectors(rng.normal(size=(30, size))) for family, size in DIMENSIONS.items()}
    documents = [document(number) for number in range(30)]
    documents[7] |= {"clip_id": HOSTILE, "video_path": HOSTILE, "move_label": HOSTILE, "notes": HOSTILE}
    video = os.path.relpath(SAMPLE_CLIP, folder)
    clips = [
        ShownClip(
            clip_id=row["clip_id"],
            video_path=row["video_path"],
            state="look" if number == 7 else "made",
            facts=row,
            video=video if number < 2 else "gone.mp4" if number < 29 else None,
            timeline="9990099999",
            passed=("quality_at_least_half", "lead_follow_certain", "lead_embedding_present") if number < 2 else (),
            messages=(HOSTILE,) if number == 7 else (),
        )
        for number, row in enumerate(documents)
    ]
    clips.append(ShownClip("broken", HOSTILE, "failed", messages=(HOSTILE,)))
    (folder / "previews").mkdir()
    for name in ("clip_0", "clip_1"):
        cv2.imwrite(str(folder / "previews" / f"{name}.jpg"), np.full((90, 160, 3), 200, np.uint8))
    content = summarize(
        documents,
        [],
        generated_at="2026-11-27T12:00:00Z",
        pending=[],
        absent={},
        annotations_without_file=[],
        checks={},
        versions={"bachata_assets": "1"},
    )
    path = folder / "page.html"
    path.write_text("".join(render_page(content, clips, units, "today")), encoding="utf-8")
    return path


def dot_of(page: "Page", clip_id: str) -> "Position":
    x, y = page.evaluate("(id) => dotPosition(map, view().places, byId.get(id))", clip_id)
    return {"x": x, "y": y}


def test_a_click_on_a_dot_plays_the_clip_and_shows_its_five_nearest(opened: "Page") -> None:
    opened.locator("#map").click(position=dot_of(opened, "clip_0"))
    assert opened.locator("#clip h3").inner_text() == "clip_0"
    # The page's security policy forbids the evaluation of strings that wait_for_function would need.
    playing = "video => new Promise(done => video.videoWidth ? done(true) : (video.onloadeddata = () => done(true)))"
    assert opened.locator("#clip video").evaluate(playing)
    cards = opened.locator("#nearest .card")
    assert cards.count() == 5
    scores = [float(text) for text in opened.locator("#nearest .head b").all_inner_texts()]
    assert scores == sorted(scores, reverse=True)
    families = cards.first.locator(".bars > span:not(.why)").all_inner_texts()[::2]
    assert families == ["lead", "follow", "together", "music", "words"]
    assert "," in cards.first.locator(".why").first.inner_text()  # a body part, and a kind of measurement


def test_a_neighbour_can_be_chosen_and_the_address_keeps_it(opened: "Page") -> None:
    opened.locator("#map").click(position=dot_of(opened, "clip_0"))
    opened.locator("#nearest .card .link").first.click()
    chosen = opened.locator("#clip h3").inner_text()
    assert chosen != "clip_0"
    opened.reload()
    assert opened.locator("#clip h3").inner_text() == chosen


def test_another_view_has_other_places_and_other_neighbours(opened: "Page") -> None:
    opened.evaluate("location.hash = 'clip_0'")
    names = opened.locator("#nearest .link")
    names.first.wait_for()
    before, place = names.all_inner_texts(), dot_of(opened, "clip_0")
    opened.get_by_role("button", name="Music", exact=True).click()
    assert names.all_inner_texts() != before
    assert dot_of(opened, "clip_0") != place


def test_the_map_can_be_coloured_by_every_field_that_is_offered(opened: "Page") -> None:
    moves, legend = opened.evaluate("map.colours"), opened.locator("#legend")
    assert "body roll" in legend.inner_text()
    opened.locator("#colour").select_option(label="difficulty")
    assert "advanced" in legend.inner_text()
    opened.locator("#colour").select_option(label="quality")
    assert legend.inner_text().split() == ["0.3", "0.95"]
    assert all(colour.startswith("rgb(") for colour in opened.evaluate("map.colours"))
    assert opened.evaluate("map.colours") != moves


def test_a_video_that_is_not_there_leaves_a_note(opened: "Page") -> None:
    opened.evaluate("location.hash = 'clip_4'")
    opened.get_by_text("Not found, or not playable here: gone.mp4").first.wait_for()
    opened.evaluate("location.hash = 'clip_29'")
    opened.locator("#clip").get_by_text("The videos are not beside this page: clips/clip_29.mp4").wait_for()


def test_the_table_is_filtered_and_sorted(opened: "Page") -> None:
    rows = opened.locator("#rows tr")
    assert rows.count() == 31
    opened.locator("#words").fill("body ROLL")
    assert rows.count() == 10 - 1  # the hostile clip's move is another
    opened.locator("#difficulty").select_option("advanced")
    assert opened.locator("#count").inner_text() == f"{rows.count()} of 31 clips"
    opened.get_by_role("button", name="Quality").click()
    shown = [float(text) for text in opened.locator("#rows td:nth-child(6)").all_inner_texts()]
    assert shown == sorted(shown)
    opened.get_by_role("button", name="Quality").click()
    assert [float(text) for text in opened.locator("#rows td:nth-child(6)").all_inner_texts()] == shown[::-1]


def test_what_people_wrote_is_shown_and_never_run(opened: "Page") -> None:
    opened.evaluate("choose(7, true)")
    assert opened.locator("#clip h3").inner_text() == HOSTILE.replace("\u2028", "\u2028")
    assert opened.locator("#clip .message").inner_text().startswith("</script>")
    opened.locator("#words").fill("window")
    assert opened.locator("#rows tr").count() == 2
    assert "</script>" in opened.locator(".failed").inner_text()
    opened.wait_for_timeout(100)
    assert opened.evaluate("window.hurt") is None
    assert opened.locator("img[src='x']").count() == 0


def test_a_script_that_is_not_the_pages_own_does_not_run(opened: "Page") -> None:
    opened.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.hurt = 1'}))")
    assert opened.evaluate("window.hurt") is None


def test_light_and_dark_follow_the_system_and_the_button(opened: "Page") -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    opened.emulate_media(color_scheme="light")
    light = opened.evaluate(background)
    opened.emulate_media(color_scheme="dark")
    dark = opened.evaluate(background)
    assert light != dark
    opened.locator("#theme").click()
    assert opened.evaluate(background) == light


def test_the_skeletons_the_checks_and_the_file_of_a_clip_are_shown(opened: "Page", written: Path) -> None:
    opened.evaluate("choose(byId.get('clip_0'), true)")
    picture = opened.locator("#clip .skeletons img")
    assert picture.evaluate(LOADED) == 160
    opened.get_by_text("Checks passed: 3").click()
    assert opened.locator(".passed li").all_inner_texts() == [
        "Quality 0.95 is high enough",
        "It is clear who leads",
        "1 vector, all numbers finite: lead",
    ]
    assert opened.locator("#clip .facts a").inner_text() == "clips/clip_0.mp4"
    assert opened.locator("#path").inner_text() == str(written)
    opened.evaluate("choose(byId.get('clip_4'), true)")  # without a picture
    opened.locator("#clip .skeletons").wait_for(state="detached")


def test_a_dot_shows_its_name_and_picture_under_the_pointer(opened: "Page") -> None:
    opened.locator("#map").hover(position=dot_of(opened, "clip_0"))
    tip = opened.locator("#tip")
    assert tip.inner_text() == "clip_0 · basic step"
    assert tip.locator("img").count() == 1
    opened.locator("h1").hover()
    assert tip.is_hidden()


def test_the_map_is_used_by_keys_alone(opened: "Page") -> None:
    opened.locator("#whole-map").focus()
    opened.keyboard.press("Tab")
    tip = opened.locator("#tip")
    first = tip.inner_text()
    assert first.startswith("clip_0")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        opened.keyboard.press(key)
    assert tip.inner_text() != first
    name = tip.inner_text().split(" · ")[0]
    opened.keyboard.press("Enter")
    assert opened.locator("#clip h3").inner_text() == name
    opened.keyboard.press("Tab")
    assert tip.is_hidden()


def test_the_filters_act_on_the_map_too(opened: "Page") -> None:
    spot = dot_of(opened, "clip_1")
    opened.locator("#move").select_option("hammerlock")
    assert opened.evaluate("page.shown.size") == opened.locator("#rows tr").count() == 10
    opened.locator("#map").click(position=spot)
    assert opened.locator("#clip h3").count() == 0  # clip_1 is another move
    opened.locator("#map").click(position=dot_of(opened, "clip_2"))
    assert opened.locator("#clip h3").inner_text() == "clip_2"
    opened.locator("#move").select_option("")
    assert opened.evaluate("page.shown") is None


def test_on_paper_there_is_the_whole_table_and_no_control(opened: "Page") -> None:
    opened.emulate_media(media="print", color_scheme="dark")
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for control in ("#theme", ".filters", ".map-controls"):
        assert opened.locator(control).is_hidden()
    assert opened.locator("#rows tr").first.is_visible()


def test_on_paper_the_nearest_are_named_and_none_is_cut_off(opened: "Page") -> None:
    opened.evaluate("choose(byId.get('clip_0'), true)")
    names = opened.locator("#nearest .head .link").all_inner_texts()
    opened.emulate_media(media="print")
    opened.set_viewport_size({"width": 794, "height": 1123})  # A4
    shown = opened.locator("#nearest .head .link:visible")
    assert shown.all_inner_texts() == names
    boxes = [name.bounding_box() for name in shown.all()]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 794 for box in boxes)
    assert opened.locator("#nearest .beside").first.is_hidden()


def test_a_phone_scrolls_one_way_only(browser: "Browser", written: Path) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    phone = context.new_page()
    phone.goto(written.as_uri())
    phone.locator("#map").tap(position=dot_of(phone, "clip_0"))
    assert phone.locator("#nearest .card").count() == 5
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    assert phone.evaluate("document.querySelector('#clip video').muted")  # no sound before a tap for it
    phone.locator("#clip video").evaluate(IN_VIEW)
    row = phone.locator("#rows tr").first
    assert row.evaluate("row => getComputedStyle(row).display") == "grid"  # a card, with every column in it
    shown = row.locator("td:visible")
    assert shown.count() == 10
    boxes = [cell.bounding_box() for cell in shown.all()]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
    quality = "cell => getComputedStyle(cell, '::before').content"
    assert row.locator("td:nth-child(6)").evaluate(quality) == '"Quality "'
    context.close()


def test_an_empty_collection_says_how_to_begin(page: "Page", tmp_path: Path) -> None:
    content = summarize(
        [],
        [],
        generated_at="2026-11-27T12:00:00Z",
        pending=[],
        absent={},
        annotations_without_file=[],
        checks={},
        versions={"bachata_assets": "1"},
    )
    units = {family: np.zeros((0, size), np.float32) for family, size in DIMENSIONS.items()}
    (tmp_path / "empty.html").write_text("".join(render_page(content, [], units, "today")), encoding="utf-8")
    page.goto((tmp_path / "empty.html").as_uri())
    page.get_by_text("There are no clips in this collection yet.").wait_for()
    assert page.locator("#map").count() == 0


def test_clips_of_which_none_could_be_made_are_listed(page: "Page", tmp_path: Path) -> None:
    content = summarize(
        [],
        [],
        generated_at="2026-11-27T12:00:00Z",
        pending=["b"],
        absent={},
        annotations_without_file=[],
        checks={},
        versions={"bachata_assets": "1"},
    )
    units = {family: np.zeros((0, size), np.float32) for family, size in DIMENSIONS.items()}
    clips = [
        ShownClip("a", "clips/a.mp4", "failed", messages=("a.mp4: the file is empty",)),
        ShownClip("b", "clips/b.mp4", "pending"),
    ]
    (tmp_path / "none.html").write_text("".join(render_page(content, clips, units, "today")), encoding="utf-8")
    page.goto((tmp_path / "none.html").as_uri())
    assert page.locator("#rows td:last-child").all_inner_texts() == ["failed", "to be made"]
    page.locator(".failed").get_by_text("the file is empty").wait_for()


def test_many_failed_clips_are_folded_away(page: "Page", tmp_path: Path) -> None:
    content = summarize(
        [],
        [],
        generated_at="2026-11-27T12:00:00Z",
        pending=[],
        absent={},
        annotations_without_file=[],
        checks={},
        versions={"bachata_assets": "1"},
    )
    content["summary"]["total_videos"] = 300
    units = {family: np.zeros((0, size), np.float32) for family, size in DIMENSIONS.items()}
    clips = [ShownClip(f"clip_{number}", "a.mp4", "failed", messages=("empty",)) for number in range(300)]
    (tmp_path / "many.html").write_text("".join(render_page(content, clips, units, "today")), encoding="utf-8")
    page.goto((tmp_path / "many.html").as_uri())
    shown = page.locator(".failed li:visible")
    assert shown.count() == 20
    page.get_by_text("280 more").click()
    assert shown.count() == 200
    page.get_by_text("The first 200. The table lists them all").wait_for()
