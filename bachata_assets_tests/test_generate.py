"""`bachata-assets generate` from files to vectors, with real models, in one process."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.embedding import DIMENSIONS
from bachata_assets.generation import instance_of

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE = PROJECT / "data" / "sample"
SAMPLE_CLIPS = {"basic_step_1", "cross_body_lead_1", "forward_backward_1", "lady_right_turn_1"}


def generate(video_dir: Path, annotations: Path, data_dir: Path, *flags: str) -> Result:
    words = ["generate", "--video_dir", str(video_dir), "--annotations", str(annotations), "--data_dir", str(data_dir)]
    return CliRunner().invoke(app, [*words, *flags])


def report_of(data_dir: Path) -> dict[str, Any]:
    return dict(json.loads((data_dir / "embedding_generation_report.json").read_text()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The sample's clips and annotations, to be spoilt by the test, beside an empty data dir."""
    shutil.copytree(SAMPLE / "videos", tmp_path / "videos")
    shutil.copy(SAMPLE / "annotations.json", tmp_path / "annotations.json")
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Callable[..., Result]:
    return lambda *flags: generate(folder / "videos", folder / "annotations.json", folder / "data", *flags)


def check_vectors(embeddings: pd.DataFrame) -> None:
    """Every vector that is there is finite, and none is constant."""
    for family, size in DIMENSIONS.items():
        for vector in embeddings[f"{family}_embedding"].dropna():
            assert vector.shape == (size,)
            assert np.isfinite(vector).all()
            assert np.std(vector) > 0


def test_the_sample_becomes_vectors_a_report_and_a_history(folder: Path, run: Callable[..., Result]) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    data = folder / "data"
    embeddings = pd.read_parquet(data / "embeddings.parquet")
    assert set(embeddings["clip_id"]) == SAMPLE_CLIPS
    check_vectors(embeddings)
    assert embeddings.filter(like="_embedding").notna().all().all()
    assert pl.read_parquet(data / "embeddings.parquet").schema["lead_embedding"] == pl.Array(pl.Float32, 512)

    report = report_of(data)
    assert report["summary"] == {"total_videos": 4, "successful": 4, "failed": 0, "success_rate": 1.0}
    assert report["timing"]["average_time_per_video_seconds"] > 0
    scores = sorted(clip["quality_score"] for clip in report["embeddings"])
    assert report["quality_metrics"]["min_quality_score"] == scores[0]
    assert report["quality_metrics"]["median_quality_score"] == (scores[1] + scores[2]) / 2
    assert "basic_step_1: made" in (data / "embedding_generation.log").read_text()

    with instance_of(str(data)) as instance:
        assert set(instance.get_dynamic_partitions("clips")) == SAMPLE_CLIPS


def test_a_truncated_and_an_empty_clip_fail_alone_and_a_second_run_touches_nothing_else(
    folder: Path, run: Callable[..., Result]
) -> None:
    whole = (folder / "videos" / "basic_steps" / "basic_step_1.mp4").read_bytes()
    (folder / "videos" / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "videos" / "empty.mp4").touch()
    result = run()
    assert result.exit_code == 1, result.output
    failed = {clip["clip_id"]: clip["error"] for clip in report_of(folder / "data")["failed_videos"]}
    assert set(failed) == {"cut", "empty"}
    assert "cut.mp4" in failed["cut"]
    assert "empty.mp4" in failed["empty"]
    assert "failed: empty" in result.output

    tables = {path: path.stat().st_mtime_ns for path in (folder / "data").glob("*/*_1.parquet")}
    assert len(tables) == 4 * 8
    assert run().exit_code == 1
    assert {path: path.stat().st_mtime_ns for path in tables} == tables


def test_an_edited_annotation_makes_one_text_and_one_document_again(folder: Path, run: Callable[..., Result]) -> None:
    assert run().exit_code == 0
    before = {path: path.stat().st_mtime_ns for path in (folder / "data").glob("*/*.parquet")}
    path = folder / "annotations.json"
    said = json.loads(path.read_text())
    next(clip for clip in said["clips"] if clip["clip_id"] == "basic_step_1")["notes"] = "slow and close"
    path.write_text(json.dumps(said))
    assert run().exit_code == 0
    changed = {p.relative_to(folder / "data").as_posix() for p, at in before.items() if p.stat().st_mtime_ns != at}
    assert changed == {"text_embedding/basic_step_1.parquet", "search_index/basic_step_1.parquet"}
    row = pd.read_parquet(folder / "data" / "embeddings.parquet").set_index("clip_id").loc["basic_step_1"]
    assert row["notes"] == "slow and close"


def test_a_clip_without_sound_and_annotation_is_made_without_its_audio_vector(tmp_path: Path) -> None:
    import av

    silent = tmp_path / "videos" / "quiet.mp4"
    silent.parent.mkdir()
    with av.open(str(SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4")) as source, av.open(silent, "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    (tmp_path / "annotations.json").write_text('{"clips": [{"clip_id": "ghost"}]}')
    result = generate(tmp_path / "videos", tmp_path / "annotations.json", tmp_path / "data")
    assert result.exit_code == 0, result.output
    (row,) = pd.read_parquet(tmp_path / "data" / "embeddings.parquet").to_dict("records")
    assert row["audio_embedding"] is None
    assert (row["move_label"], row["energy_level"], row["estimated_tempo"]) == ("unknown", "medium", 120.0)
    report = report_of(tmp_path / "data")
    assert report["partial_videos"] == [{"clip_id": "quiet", "absent": {"audio": "the file has no audio stream"}}]
    assert report["annotations_without_file"] == ["ghost"]


def test_the_real_clips_are_all_made(shared_clips: Path, tmp_path: Path) -> None:
    result = generate(shared_clips / "Bachata_steps", shared_clips / "bachata_annotations.json", tmp_path / "data")
    assert result.exit_code == 0, result.output
    embeddings = pd.read_parquet(tmp_path / "data" / "embeddings.parquet")
    assert len(embeddings) == 14
    check_vectors(embeddings)
    report = report_of(tmp_path / "data")
    absent = {clip["clip_id"]: set(clip["absent"]) for clip in report["partial_videos"]}
    for row in embeddings.to_dict("records"):
        null = {family for family in DIMENSIONS if row[f"{family}_embedding"] is None}
        assert null == absent.get(row["clip_id"], set())
    assert report["annotations_without_file"] == ["combination_3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--video_dir", "nowhere", "--annotations", "a.json"], "Annotation file not found: a.json"),
        (["--video-dir", "nowhere", "--annotations", "ok.json"], "Video directory not found: nowhere"),
        (["--video_dir", ".", "--annotations", "ok.json", "--environment", "moon"], "ENVIRONMENT: Input should be"),
    ],
)
def test_a_wrong_call_ends_with_two_and_one_clear_line(words: list[str], said: str) -> None:
    Path("ok.json").write_text('{"clips": []}')
    result = CliRunner().invoke(app, ["generate", *words, "--data_dir", "data"])
    assert result.exit_code == 2
    (line,) = result.output.strip().splitlines()
    assert line.startswith(f"Error: {said}")


def test_an_empty_folder_makes_an_empty_report(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "annotations.json").write_text('{"clips": []}')
    result = generate(tmp_path / "videos", tmp_path / "annotations.json", tmp_path / "data")
    assert result.exit_code == 0, result.output
    assert report_of(tmp_path / "data")["summary"]["total_videos"] == 0
    assert pd.read_parquet(tmp_path / "data" / "embeddings.parquet").empty
