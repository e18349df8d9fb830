"""`verify`, `status`, `report` and `settings`."""

import json
import os
import shutil
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.commands import verify as verification
from bachata_assets.commands.verify import Finding
from bachata_assets.orchestration.build import build_platform
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.damage import cut
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.workplace import Workplace


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data dir in which nothing was made of two clips."""
    (tmp_path / "videos").mkdir()
    for name in ("a", "b"):
        (tmp_path / "videos" / f"{name}.mp4").touch()
    monkeypatch.setenv("BACHATA_VIDEO_DIR", str(tmp_path / "videos"))
    return tmp_path / "data"


def test_a_plan_says_what_every_stage_lacks_and_that_nothing_is_known_of_the_time(untouched: Path) -> None:
    shown = run("status", "--plan", "--data_dir", str(untouched))
    assert shown.exit_code == 1
    assert "  plan: keypoints: 2 clips, not known yet" in shown.output
    assert "too few clips were made here" in shown.output
    plan = json.loads(run("status", "--plan", "--json", "--data_dir", str(untouched)).output)["plan"]
    assert {stage["stage"]: stage["clips"] for stage in plan["stages"]}["search_index"] == 2
    assert plan["clock_s"] is None


def test_verify_finds_this_machine_fit(tmp_path: Path) -> None:
    result = run("verify", "--json", "--data_dir", str(tmp_path / "data"))
    findings = json.loads(result.output)
    assert result.exit_code == 0, findings
    assert {finding["state"] for finding in findings} <= {"ok", "warning"}
    asked = (
        "Python 3",
        "PyAV",
        "GB are free at",
        "The model set bundled is complete",
        "worker processes of at most 4 GB",
        "There are no tables yet",
        "There is no report yet",
        "is complete (0 clips)",
        "A rendered",
    )
    assert len(findings) == len(asked)
    for finding, words in zip(findings, asked, strict=True):
        assert words in finding["what"]


def test_verify_names_missing_models_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMPOSE_CHECKPOINT_PATH", str(tmp_path / "none"))
    result = run("verify", "--data_dir", str(tmp_path / "data"))
    assert result.exit_code == 1
    assert "problem  Checkpoint directory not found" in result.output


def findings_of(data_dir: Path) -> dict[str, Finding]:
    """Return the answers to all questions but the slow last one, the rendered clip."""
    names = ("versions", "libraries", "disk", "models", "workers", "tables", "reports", "index")
    platform = build_platform(load_settings(data_dir=str(data_dir)))
    return dict(zip(names, islice(verification.verify(platform), len(names)), strict=True))


def test_verify_warns_of_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "NEEDED_GB", 2_000_000)
    finding = findings_of(tmp_path / "data")["disk"]
    assert finding.state == "warning"
    assert finding.what.endswith(f"GB are free at {tmp_path}")
    assert finding.remedy == "Make 2e+06 GB free."


def test_verify_names_weights_that_are_not_what_their_set_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "checkpoints"
    shutil.copytree(PROJECT / "checkpoints", folder, ignore=shutil.ignore_patterns("recipes"))
    weights = next(folder.glob("bundled/rtmpose*.pth"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    monkeypatch.setenv("MMPOSE_CHECKPOINT_PATH", str(folder))
    finding = findings_of(tmp_path / "data")["models"]
    assert finding.state == "problem"
    assert weights.name in finding.what
    assert "sha256" in finding.what
    assert finding.remedy == "See docs/models.md."


def test_verify_counts_what_the_index_lacks(place: Workplace) -> None:
    assert findings_of(place.data)["index"].what.endswith("answers and is complete (4 clips)")
    platform = build_platform(load_settings(data_dir=str(place.data)))
    with platform.tools.search.open() as index:
        index.delete(["basic_step_1"])
    (place.data / "search_index" / "lady_right_turn_1.parquet").unlink()
    finding = findings_of(place.data)["index"]
    assert finding.state == "warning"
    assert finding.what.endswith("does not match the tables: 1 missing, 1 unknown")
    assert finding.remedy.startswith("`bachata-assets generate` sends again what is missing, `bachata-assets repair`")


def test_verify_names_damaged_tables_and_reports(place: Workplace) -> None:
    assert findings_of(place.data)["tables"].what == "All 40 tables are whole (sizes checked)"
    assert findings_of(place.data)["reports"].what == "The table of all clips and the reports are whole"
    cut(place.data / "beats" / "basic_step_1.parquet")
    cut(place.data / "embeddings.parquet")
    tables, reports = (findings_of(place.data)[name] for name in ("tables", "reports"))
    assert tables.state == reports.state == "problem"
    assert tables.what.startswith(f"1 of 40 tables are damaged: {place.data}/beats/basic_step_1.parquet (")
    assert reports.what == f"Damaged or gone: {place.data}/embeddings.parquet"


def test_status_says_what_is_to_be_made(untouched: Path) -> None:
    result = run("status", "--json", "--data_dir", str(untouched))
    assert result.exit_code == 1
    state = json.loads(result.output)
    assert set(state["to_be_made"]) == {"a", "b"}
    assert "keypoints" in state["to_be_made"]["a"]


def test_status_and_report_name_what_was_left_out_and_what_of_the_annotations_cannot_be_used(
    untouched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = untouched.parent / "videos"
    os.mkfifo(videos / "pipe.mp4")
    for number in range(12):
        (videos / f"{number:02d}.mkv").touch()
    annotations = untouched.parent / "annotations.json"
    annotations.write_text('[{"clip_id": "a", "move_labell": "dips"}, {"clip_id": "a"}, {"clip_id": "ghost"}]')
    monkeypatch.setenv("BACHATA_ANNOTATIONS", str(annotations))
    problems = [
        "annotations.json, entry 1: 'move_labell' is not a field of an annotation: did you mean move_label?",
        "annotations.json, entry 2: clip a has an earlier entry, annotations.json, entry 1, which counts",
    ]
    state = json.loads(run("status", "--json", "--data_dir", str(untouched)).output)
    assert state["annotation_problems"] == problems
    assert len(state["left_out"]) == 13
    assert state["left_out"][-1] == {"path": "pipe.mp4", "reason": "not a regular file (a named pipe)"}
    lines = [line.strip() for line in run("status", "--data_dir", str(untouched)).output.splitlines()]
    not_read = "a file type that is not accepted (.mkv): set BACHATA_MATROSKA=true, or export it as .mp4"
    assert [line for line in lines if not_read in line] == [
        *(f"left out: {number:02d}.mkv: {not_read}" for number in range(10)),
        f"… and 2 more: {not_read}",
    ]
    assert "left out: pipe.mp4: not a regular file (a named pipe)" in lines
    assert set(problems) <= set(lines)
    assert run("report", "--data_dir", str(untouched)).exit_code == 0
    report = json.loads((untouched / "embedding_generation_report.json").read_text())
    assert (report["left_out"], report["annotation_problems"]) == (state["left_out"], problems)
    page = (untouched / "embedding_generation_report.html").read_text()
    assert "left out: pipe.mp4: not a regular file (a named pipe)" in page
    assert "… and 2 more" in page


def test_report_counts_what_is_still_to_be_made(untouched: Path) -> None:
    assert run("report", "--data_dir", str(untouched)).exit_code == 0
    report = json.loads((untouched / "embedding_generation_report.json").read_text())
    assert report["summary"] == {"total_videos": 2, "successful": 0, "failed": 0, "success_rate": 0.0}
    assert report["pending_videos"] == ["a", "b"]


def test_status_of_nothing_says_how_to_begin(tmp_path: Path) -> None:
    result = run("status", "--data_dir", str(tmp_path / "data"))
    assert result.exit_code == 2
    assert "The folder of clips is unknown: set BACHATA_VIDEO_DIR, or run `bachata-assets generate" in result.output


def test_settings_are_shown_with_secrets_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_API_KEY", "hunter2")
    output = run("settings").output
    assert "ELASTICSEARCH_INDEX=bachata_move_embeddings" in output
    assert "BACHATA_PRECISION=auto" in output
    assert "ELASTICSEARCH_API_KEY=**********" in output
    assert "hunter2" not in output
