"""A folder in the place of a file, or a file in that of a folder: one line that names it, and `repair` mends it."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace

CLIP = "basic_step_1"


def run(place: Workplace, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--data_dir", str(place.data)])


def misplace(path: Path) -> Path:
    """Put a folder with a file in it in the place of a file, or a file in that of a folder."""
    if path.is_dir():
        shutil.rmtree(path)
        path.write_text("no folder")
    else:
        path.unlink(missing_ok=True)
        path.mkdir()
        (path / "something").write_text("somebody's")
    return path


FILES = [
    *("clips.parquet", "collection.json", "embeddings.parquet", "embedding_generation_report.json", ".lock"),
    *("embedding_generation_report.html", "embedding_generation.log", f"beats/{CLIP}.parquet"),
    *(".dagster/dagster.yaml", ".dagster/history/runs.db", ".dagster/.lock"),
]
FOLDERS = ["keypoints", "lancedb", ".dagster", ".dagster/history"]


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_what_is_in_the_place_of_another_is_named_with_the_remedy_and_repair_mends_it(
    name: str, place: Workplace
) -> None:
    path = misplace(place.data / name)
    result = place.generate()
    assert result.exit_code in (1, 2), result.output
    said = [line for line in result.output.splitlines() if str(path) in line and "`bachata-assets repair`" in line]
    assert said, result.output
    assert "Traceback" not in result.output
    given = ["--video_dir", str(place.videos), "--annotations", str(place.annotations)]
    result = run(place, "repair", *given)
    assert result.exit_code == 0, result.output
    assert "is set aside" in result.output
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert f"Clips: {len(SAMPLE_CLIPS)} made, 0 failed" in result.output
    kept = [one for one in place.data.rglob("*.damaged*") if one.is_dir() or one.read_bytes() == b"no folder"]
    assert kept


def test_a_file_in_the_place_of_the_previews_is_set_aside_before_anything_wants_them(place: Workplace) -> None:
    path = misplace(place.data / "previews")
    assert f"{path} was a file where a folder belongs, and is set aside" in run(place, "repair").output
    assert not path.exists()


@pytest.mark.parametrize("command", ["generate", "status", "report", "repair", "prune", "verify", "similar"])
def test_a_file_in_the_place_of_the_data_dir_is_one_line(command: str, place: Workplace) -> None:
    wrong = place.folder / "file"
    wrong.write_text("no folder")
    words = {"generate": ["--video_dir", str(place.videos)], "similar": [CLIP]}.get(command, [])
    for data in (wrong, wrong / "below"):
        result = CliRunner().invoke(app, [command, *words, "--data_dir", str(data)])
        assert result.exit_code == 2, result.output
        (line,) = result.output.splitlines()
        assert line.startswith("Error: BACHATA_DATA_DIR = ")
        assert line.endswith(f": {wrong} exists and is not a folder")
    assert wrong.read_text() == "no folder"
