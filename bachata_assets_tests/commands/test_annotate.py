"""`annotate`: from a patch to the annotation file, and what is stale afterwards."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets_tests.support.workplace import Workplace


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def patch(folder: Path, *changes: dict[str, Any]) -> str:
    path = folder / "patch.json"
    path.write_text(json.dumps({"format": "bachata-annotations-patch", "version": 1, "changes": changes}))
    return str(path)


@pytest.fixture
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data dir in which nothing was made of two clips, which have annotations."""
    (tmp_path / "videos").mkdir()
    for name in ("a", "b"):
        (tmp_path / "videos" / f"{name}.mp4").touch()
    (tmp_path / "said.json").write_text('[{"clip_id": "a", "move_label": "turn", "by": "me"}]')
    monkeypatch.setenv("BACHATA_VIDEO_DIR", str(tmp_path / "videos"))
    monkeypatch.setenv("BACHATA_ANNOTATIONS", str(tmp_path / "said.json"))
    return tmp_path


def test_a_dry_run_shows_the_difference_and_writes_nothing(untouched: Path) -> None:
    change = {"clip_id": "a", "set": {"move_label": "dip", "swapped_at": [2]}}
    words = ["annotate", "--apply", patch(untouched, change), "--data_dir", str(untouched / "data")]
    before = (untouched / "said.json").read_bytes()
    shown = run(*words, "--dry_run")
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    assert lines[:2] == ['a: move_label: "turn" -> "dip"', "a: swapped_at: (nothing) -> [2.0]"]
    assert lines[2].startswith("  to be made again: a: beats, audio_embedding, text_embedding, keypoints, ")
    assert lines[3] == f"2 fields of 1 clip would change in {untouched / 'said.json'}. Nothing is written."
    assert (untouched / "said.json").read_bytes() == before
    done = run(*words, "--json")
    assert json.loads(done.output)["written"] is True
    assert (untouched / "said.json").read_text() == (
        '[{"clip_id": "a", "move_label": "dip", "by": "me", "swapped_at": [2.0]}]'
    )
    assert "has all of these values already" in run(*words).output


def test_a_patch_that_cannot_be_applied_changes_nothing_and_ends_with_2(untouched: Path) -> None:
    good, unknown = ({"clip_id": name, "set": {"lead": "left"}} for name in ("a", "ghost"))
    before = (untouched / "said.json").read_bytes()
    refused = run("annotate", "--apply", patch(untouched, good, unknown), "--data_dir", str(untouched / "data"))
    assert refused.exit_code == 2
    assert refused.output == "Error: Not clips of this collection: ghost. Nothing is applied.\n"
    assert (untouched / "said.json").read_bytes() == before


def test_a_clip_that_shows_no_couple_is_left_out_until_that_is_taken_back(untouched: Path) -> None:
    place = ["--data_dir", str(untouched / "data")]
    no = patch(untouched, {"clip_id": "b", "set": {"couple": "none"}})
    assert "left out, since it shows no couple: b" in run("annotate", "--apply", no, *place).output
    status = json.loads(run("status", "--json", *place).output)
    assert list(status["to_be_made"]) == ["a"]
    assert [one["path"] for one in status["left_out"]] == ["b.mp4"]
    back = patch(untouched, {"clip_id": "b", "set": {"couple": None}, "was": {"couple": "none"}})
    assert run("annotate", "--apply", back, *place).exit_code == 0
    assert list(json.loads(run("status", "--json", *place).output)["to_be_made"]) == ["a", "b"]


def test_annotations_that_are_not_there_yet_are_begun(untouched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACHATA_ANNOTATIONS")
    words = ["annotate", "--apply", patch(untouched, {"clip_id": "b", "set": {"move_label": "dip"}})]
    words += ["--data_dir", str(untouched / "data")]
    assert "name the one to write with --annotations" in run(*words).output
    new = untouched / "new.json"
    assert run(*words, "--annotations", str(new)).exit_code == 0
    assert json.loads(new.read_text()) == {"clips": [{"clip_id": "b", "move_label": "dip"}]}


def test_exactly_what_depends_on_a_change_is_stale(place: Workplace) -> None:
    label = {"clip_id": "basic_step_1", "set": {"move_label": "a_new_word"}}
    swapped = {"clip_id": "lady_left_turn_1", "set": {"swapped_at": [2.0]}}
    names = json.loads(run("status", "--json", "--data_dir", str(place.data)).output)["made"]
    swapped["clip_id"] = next(name for name in names if name != "basic_step_1")
    said = run("annotate", "--apply", patch(place.folder, label, swapped), "--json", "--data_dir", str(place.data))
    assert said.exit_code == 0, said.output
    stale = json.loads(run("status", "--json", "--data_dir", str(place.data)).output)["to_be_made"]
    assert stale == {name: sorted(stages) for name, stages in json.loads(said.output)["to_be_made"].items()}
    assert stale["basic_step_1"] == ["search_index", "text_embedding"]
    assert "text_embedding" not in stale[swapped["clip_id"]]
    assert "keypoints" in stale[swapped["clip_id"]]
