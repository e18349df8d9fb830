"""`export`: clips of a collection in the files of other programs."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets_tests.support.workplace import Workplace


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["export", *words])


def test_every_format_is_written_of_a_collection(sample_made: tuple[Workplace, Result], tmp_path: Path) -> None:
    place, _ = sample_made
    place_words = ["--data_dir", str(place.data), "--json"]
    for form in ("coco", "fiftyone", "movement", "rerun", "webvtt"):
        done = run(form, "--out", str(tmp_path / form), "--clip", "basic_step_1", *place_words)
        assert done.exit_code == 0, done.output
        written = [Path(path) for path in json.loads(done.output)["written"]]
        assert written
        assert all(path.is_file() for path in written)
    subtitles = json.loads(run("webvtt", "--out", str(tmp_path / "all"), *place_words).output)["written"]
    assert len(subtitles) == 4 + 4  # of the checks, and of the moments
    said = run("webvtt", "--out", str(tmp_path / "all"), *place_words[:2]).output
    assert "basic_step_1.vtt, moments/basic_step_1.vtt, cross_body_lead_1.vtt" in said


def test_a_clip_that_is_not_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sample_made: tuple[Workplace, Result]
) -> None:
    data = str(sample_made[0].data)
    said = run("webvtt", "--out", str(tmp_path), "--clip", "basic_stepp_1", "--data_dir", data)
    assert (said.exit_code, said.output) == (2, "Error: No clip basic_stepp_1 is made: did you mean basic_step_1?\n")
    (tmp_path / "videos").mkdir()
    monkeypatch.setenv("BACHATA_VIDEO_DIR", str(tmp_path / "videos"))
    said = run("webvtt", "--out", str(tmp_path), "--data_dir", str(tmp_path / "data"))
    assert (said.exit_code, said.output) == (2, "Error: No clip is made yet: run `bachata-assets generate`\n")
