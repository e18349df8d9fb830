"""`bachata-assets generate` from files to vectors, with real models, in one process."""

import base64
import json
import shutil
import socket
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.collection.videos.place import VideoFolder
from bachata_assets.families import DIMENSIONS
from bachata_assets.music.beats import Beats
from bachata_assets.orchestration.history import History
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.pipeline.checks import clip_checks
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import code_version
from bachata_assets.report.markdown import as_text
from bachata_assets_tests.support.elasticsearch_node import Node
from bachata_assets_tests.support.paths import SAMPLE_CLIP, SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace, generate, report_of


def check_vectors(embeddings: pd.DataFrame) -> None:
    """Every vector that is there is finite, and none is constant."""
    for family, size in DIMENSIONS.items():
        for vector in embeddings[f"{family}_embedding"].dropna():
            assert vector.shape == (size,)
            assert np.isfinite(vector).all()
            assert np.std(vector) > 0


def test_the_sample_becomes_vectors_a_report_and_a_log(sample_made: tuple[Workplace, Result]) -> None:
    place, result = sample_made
    assert result.exit_code == 0, result.output
    embeddings = pd.read_parquet(place.data / "embeddings.parquet")
    assert set(embeddings["clip_id"]) == SAMPLE_CLIPS
    check_vectors(embeddings)
    assert embeddings.filter(like="_embedding").notna().all().all()
    assert pl.read_parquet(place.data / "embeddings.parquet").schema["lead_embedding"] == pl.Array(pl.Float32, 512)

    report = report_of(place.data)
    assert report["summary"] == {"total_videos": 4, "successful": 4, "failed": 0, "success_rate": 1.0}
    assert report["timing"]["average_time_per_video_seconds"] > 0
    assert report["failed_videos"] == report["failures"] == []
    assert datetime.fromisoformat(report["generated_at"]).utcoffset() == timedelta(0)
    scores = sorted(clip["quality_score"] for clip in report["embeddings"])
    assert report["quality_metrics"]["min_quality_score"] == scores[0]
    assert report["quality_metrics"]["median_quality_score"] == (scores[1] + scores[2]) / 2
    assert report["embeddings"][0]["avg_confidence"] > 0
    assert report["versions"]["stages"]["keypoints"].startswith(f"{code_version()}+")
    assert all(
        len(said["passed"]) + len(said["warnings"]) == len(clip_checks(0.5)) for said in report["checks"].values()
    )
    assert "basic_step_1: made" in (place.data / "embedding_generation.log").read_text()


def test_the_sample_leaves_a_history_of_partitions_and_checks(sample_made: tuple[Workplace, Result]) -> None:
    place, _ = sample_made
    with open_instance(str(place.data)) as instance:
        assert set(instance.get_dynamic_partitions("clips")) == SAMPLE_CLIPS
        for asset in ("keypoints", "beats", "lead_embedding", "search_index"):
            assert instance.get_materialized_partitions(dg.AssetKey(asset)) == SAMPLE_CLIPS
        for asset, check, times in (
            ("keypoints", "keypoints_finite", 4),
            ("audio_embedding", "audio_embedding_present", 4),
            ("embeddings", "index_is_complete", 1),
            ("embeddings", "index_matches_dataset", 1),
        ):
            key = dg.AssetCheckKey(dg.AssetKey(asset), check)
            history = instance.event_log_storage.get_asset_check_execution_history(key, limit=10)
            assert [record.status.name for record in history] == ["SUCCEEDED"] * times, check


def test_each_clip_has_a_preview_in_the_ui_and_beside_its_tables(sample_made: tuple[Workplace, Result]) -> None:
    place, _ = sample_made
    assert {path.name for path in (place.data / "previews").iterdir()} == {f"{name}.jpg" for name in SAMPLE_CLIPS}
    with open_instance(str(place.data)) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("keypoints"))
        made = event and event.asset_materialization
        assert made
        shown = made.metadata["preview"]
    assert isinstance(shown, dg.MarkdownMetadataValue)
    picture = base64.b64encode((place.data / "previews" / f"{made.partition}.jpg").read_bytes()).decode()
    assert shown.md_str == f"![{as_text(str(made.partition))}](data:image/jpeg;base64,{picture})"


def test_a_truncated_and_an_empty_clip_fail_alone_and_nothing_else_is_touched(place: Workplace) -> None:
    before = place.tables()
    whole = (place.videos / "basic_steps" / "basic_step_1.mp4").read_bytes()
    (place.videos / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (place.videos / "empty.mp4").touch()
    for _ in range(2):
        result = place.generate()
        assert result.exit_code == 1, result.output
        report = report_of(place.data)
        failed = {clip["clip_id"]: clip["error"] for clip in report["failures"]}
        assert report["failed_videos"] == sorted(failed) == ["cut", "empty"]
        assert "cut.mp4" in failed["cut"]
        assert "empty.mp4" in failed["empty"]
        assert "failed: empty" in result.output
        assert (
            "ERROR bachata_assets.pipeline.runner: cut: failed: "
            in (place.data / "embedding_generation.log").read_text()
        )
        assert report_of(place.data)["summary"]["successful"] == 4
    after = place.tables()
    assert {name: after[name] for name in before} == before


def test_an_edited_annotation_makes_one_text_and_one_document_again(place: Workplace) -> None:
    before = place.tables()
    said = json.loads(place.annotations.read_text())
    next(clip for clip in said["clips"] if clip["clip_id"] == "basic_step_1")["notes"] = "slow and close"
    place.annotations.write_text(json.dumps(said))
    assert place.generate().exit_code == 0
    after = place.tables()
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {"text_embedding/basic_step_1.parquet", "search_index/basic_step_1.parquet"}
    row = pd.read_parquet(place.data / "embeddings.parquet").set_index("clip_id").loc["basic_step_1"]
    assert row["notes"] == "slow and close"


def test_a_deleted_table_is_made_again_and_what_hangs_on_it_is_not(place: Workplace) -> None:
    before = place.tables()
    (place.data / "beats" / "basic_step_1.parquet").unlink()
    assert place.generate().exit_code == 0
    after = place.tables()
    assert {name for name in before if after[name] != before[name]} == {"beats/basic_step_1.parquet"}


def test_documents_move_to_elasticsearch_when_it_is_configured(
    place: Workplace, elasticsearch_node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = place.tables()
    monkeypatch.setenv("ELASTICSEARCH_HOST", "localhost")
    monkeypatch.setenv("ELASTICSEARCH_PORT", str(elasticsearch_node.port))
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "sample_moves")
    result = place.generate()
    assert result.exit_code == 0, result.output
    after = place.tables()
    changed = {name for name in before if after[name] != before[name]}
    assert changed == {f"search_index/{clip_id}.parquet" for clip_id in SAMPLE_CLIPS}
    client = elasticsearch_node.client()
    source = client.get(index="sample_moves", id="basic_step_1")["_source"]
    row = pd.read_parquet(place.data / "embeddings.parquet").set_index("clip_id").loc["basic_step_1"]
    np.testing.assert_allclose(source["lead_embedding"], row["lead_embedding"], rtol=1e-6)
    assert (source["move_label"], source["version"]) == ("basic_step", "mmpose_v1")
    assert client.count(index="sample_moves")["count"] == 4


def test_without_elasticsearch_the_vectors_are_safe_and_the_next_run_indexes_them(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ELASTICSEARCH_HOST", "127.0.0.1")
        monkeypatch.setenv("ELASTICSEARCH_PORT", str(nobody.getsockname()[1]))
        before = place.tables()
        vectors = pd.read_parquet(place.data / "embeddings.parquet").set_index("clip_id").filter(like="_embedding")
        (place.data / "beats" / "basic_step_1.parquet").unlink()
        refused = place.generate()
        made = place.generate("--index", "later")
        again = place.generate("--index", "later")
        status = json.loads(CliRunner().invoke(app, ["status", "--json", "--data_dir", str(place.data)]).output)
    assert refused.exit_code == 2
    (line,) = refused.output.strip().splitlines()
    assert line.startswith("Error: Cannot connect to Elasticsearch at 127.0.0.1")
    assert line.endswith("Nothing was made. `--index later` makes everything except the index.")
    assert made.exit_code == 0, made.output
    after = place.tables()
    assert {name for name in before if after[name] != before[name]} == {"beats/basic_step_1.parquet"}
    assert "basic_step_1: made" in made.output
    assert "Clips: 4 made, 0 failed, 1 processed this time." in made.output
    assert "not indexed yet: 4 clips; the same command without --index later indexes them" in made.output
    assert (again.exit_code, "0 processed this time" in again.output) == (0, True)
    assert (status["made"], status["to_be_made"], set(status["not_indexed"])) == ([], {}, SAMPLE_CLIPS)
    report = report_of(place.data)
    assert report["summary"] == {"total_videos": 4, "successful": 4, "failed": 0, "success_rate": 1.0}
    assert (set(report["not_indexed_videos"]), report["pending_videos"]) == (SAMPLE_CLIPS, [])
    kept = pd.read_parquet(place.data / "embeddings.parquet").set_index("clip_id").filter(like="_embedding")
    for name in vectors.columns:
        np.testing.assert_array_equal(
            np.stack(list(kept[name].loc[list(vectors.index)])), np.stack(list(vectors[name]))
        )
    before = after
    monkeypatch.delenv("ELASTICSEARCH_HOST")
    assert place.generate().exit_code == 0
    assert place.tables() == before


def test_a_clip_without_sound_and_annotation_is_made_without_its_audio_vector(tmp_path: Path) -> None:
    import av

    silent = tmp_path / "videos" / "quiet.mp4"
    silent.parent.mkdir()
    with av.open(str(SAMPLE_CLIP)) as source, av.open(silent, "w") as target:
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
    absent = {"audio": "the file has no audio stream", "text": "no annotation says what the clip shows"}
    assert report["partial_videos"] == [{"clip_id": "quiet", "absent": absent}]
    assert report["videos_without_annotation"] == ["quiet"]
    assert row["text_embedding"] is None
    state = CliRunner().invoke(app, ["status", "--data_dir", str(tmp_path / "data")])
    assert "without an annotation: 1 clip (quiet)" in state.output
    log = (tmp_path / "data" / "embedding_generation.log").read_text()
    assert "WARNING bachata_assets.commands.report_log: quiet: No audio vector: the file has no audio stream." in log
    assert "Without an annotation, so without a text vector: 1 clip (quiet)" in log
    assert "Readers see" not in log  # there was no version before
    assert f"; {row['processing_time']:.1f} s, {row['processing_time']:.1f} s per clip" in log
    assert f"quiet: made ({row['processing_time']:.1f} s)" in log
    assert "Report: 1 clip: 1 made, 0 failed, 0 to be made, 1 with a vector missing; mean quality" in log
    assert report["annotations_without_file"] == ["ghost"]


def test_a_clip_that_failed_is_not_said_to_lack_a_text_vector_too(place: Workplace) -> None:
    (place.videos / "new.mp4").write_text("no video")
    shutil.copy(place.videos / "basic_steps" / "basic_step_1.mp4", place.videos / "unannotated.mp4")
    result = place.generate()
    assert "failed: new (" in result.output
    (line,) = [line for line in result.output.splitlines() if "Without an annotation" in line]
    assert line == "Without an annotation, so without a text vector: 1 clip (unannotated)"
    assert report_of(place.data)["videos_without_annotation"] == ["new", "unannotated"]


def test_real_clips_are_made(shared_clips: Path, tmp_path: Path) -> None:
    """Four of the real clips, for time's sake; one has no annotation."""
    wanted = ("lady_left_turn_2", "forward_backward_2", "body_roll_3", "cross_body_lead_1")
    for path in (shared_clips / "Bachata_steps").rglob("*.mp4"):
        if path.stem in wanted:
            folder = tmp_path / "Bachata_steps" / path.parent.name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / path.name).symlink_to(path)
    annotations = shared_clips / "bachata_annotations.json"
    result = generate(tmp_path / "Bachata_steps", annotations, tmp_path / "data")
    assert result.exit_code == 0, result.output
    embeddings = pd.read_parquet(tmp_path / "data" / "embeddings.parquet").set_index("clip_id")
    assert set(embeddings.index) == set(wanted)
    assert embeddings.loc["forward_backward_2", "move_label"] == "unknown"
    check_vectors(embeddings)
    report = report_of(tmp_path / "data")
    absent = {clip["clip_id"]: set(clip["absent"]) for clip in report["partial_videos"]}
    for clip_id, row in embeddings.iterrows():
        null = {family for family in DIMENSIONS if row[f"{family}_embedding"] is None}
        assert null == absent.get(clip_id, set())
    assert "combination_3" in report["annotations_without_file"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--video_dir", "nowhere", "--annotations", "a.json"], "Annotation file not found: a.json"),
        (["--video-dir", "nowhere", "--annotations", "ok.json"], "Video directory not found: nowhere"),
        (["--video_dir", ".", "--annotations", "ok.json", "--environment", "moon"], "ENVIRONMENT = 'moon': must"),
        (
            ["--video_dir", ".", "--annotations", "ok.json", "--checkpoint_path", "no"],
            "Checkpoint directory not found: no",
        ),
    ],
)
def test_a_wrong_call_ends_with_two_and_one_clear_line(words: list[str], said: str) -> None:
    Path("ok.json").write_text('{"clips": []}')
    result = CliRunner().invoke(app, ["generate", *words, "--data_dir", "data"])
    assert result.exit_code == 2
    (line,) = result.output.strip().splitlines()
    assert line.startswith(f"Error: {said}")
    assert not Path("data").exists()


def test_an_empty_folder_makes_an_empty_report(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "annotations.json").write_text('{"clips": []}')
    result = generate(tmp_path / "videos", tmp_path / "annotations.json", tmp_path / "data")
    assert result.exit_code == 0, result.output
    assert report_of(tmp_path / "data")["summary"]["total_videos"] == 0
    assert pd.read_parquet(tmp_path / "data" / "embeddings.parquet").empty


def test_the_folder_is_listed_once_the_log_is_asked_once_and_each_table_is_decoded_once(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: Counter[str] = Counter()

    def counted(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def call(*args: Any, **named: Any) -> Any:
            calls[f"{owner.__name__.rpartition('.')[2]}.{name}"] += 1
            return function(*args, **named)

        monkeypatch.setattr(owner, name, call)

    for owner, name in (
        (VideoFolder, "listing"),
        (History, "read"),
        (CoupleKeypoints, "from_table"),
        (Beats, "from_table"),
    ):
        counted(owner, name)
    for table in place.data.glob("*/basic_step_1.parquet"):
        table.unlink()
    assert place.generate().exit_code == 0
    assert calls == {
        "VideoFolder.listing": 1,
        "History.read": 1,
        "CoupleKeypoints.from_table": 1,
        "Beats.from_table": 1,
    }
