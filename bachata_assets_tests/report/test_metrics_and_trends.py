"""Figures for Prometheus beside the report, and how a collection went on."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import Result

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.folders import Folders
from bachata_assets.collection.registry import ClipFile, Difference
from bachata_assets.collection.scan import Scan
from bachata_assets.collection.videos.place import VideoFolder
from bachata_assets.report.metrics import metrics_text, reason_of
from bachata_assets.report.trends import KEPT, SHOWN, add_report, lines
from bachata_assets_tests.support.workplace import Workplace

NOW = 1_800_000_000.0


def content(made: int = 3, quality: float | None = 0.8) -> dict[str, Any]:
    days = (0.5, 3, 30)
    at = [datetime.fromtimestamp(NOW - day * 86_400, UTC).isoformat() for day in days]
    return {
        "generated_at": "2026-11-27T12:00:00Z",
        "summary": {"successful": made, "failed": 3},
        "pending_videos": ["new", "unknown"],
        "not_indexed_videos": [],
        "embeddings": [{"created_at": one} for one in at],
        "failures": [
            {"error": "/videos/a 1.mp4: nobody found in 90 frames. Check it.", "transient": False},
            {"error": "/videos/b.mp4: nobody found in 120 frames. Check it.", "transient": False},
            {"error": 'index "x"\n does not answer', "transient": True},
        ],
        "timing": {"total_processing_time_seconds": 12.5, "average_time_per_video_seconds": 4.0},
        "quality_metrics": {"mean_quality_score": quality},
    }


def scan() -> Scan:
    file = ClipFile("new", PurePosixPath("new.mp4"), 1, int((NOW - 7200) * 1e9), "x")
    return Scan({}, (), Folders(VideoFolder(Path("videos")), None), Difference({"new": file}, {}, ()))


def test_prometheus_reads_clips_failures_and_the_age_of_the_queue() -> None:
    text = metrics_text(content(), scan(), NOW)
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["bachata_clips", "made"] == 3
    assert samples["bachata_clips", "pending"] == 2
    assert samples["bachata_clips_made", "1d"] == 1
    assert samples["bachata_clips_made", "7d"] == 2
    assert samples["bachata_clip_failures", "false", "nobody found in N frames"] == 2
    assert samples["bachata_clip_failures", 'index "x"', "true"] == 1
    assert samples["bachata_queue_oldest_seconds",] == pytest.approx(7200)
    assert samples["bachata_processing_seconds",] == 12.5
    assert samples["bachata_report_timestamp_seconds",] == NOW


def test_many_reasons_do_not_make_many_series() -> None:
    many = content()
    many["failures"] = [{"error": f"reason {'x' * number}", "transient": False} for number in range(50)]
    text = metrics_text(many, scan(), NOW)
    assert text.count("bachata_clip_failures{") == 21
    assert 'bachata_clip_failures{reason="others",transient="false"} 30.0' in text


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("/v/a.mp4: only one person found in 90 frames. Check.", "only one person found in N frames"),
        ("cannot read /v/a.mp4", "cannot read FILE"),
        ("x" * 300, "x" * 80),
        ("", ""),
    ],
)
def test_a_reason_has_no_names_and_numbers_in_it(error: str, reason: str) -> None:
    assert reason_of(error) == reason


def test_trends_are_kept_from_report_to_report(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    add_report(dataset, content(1, None))
    add_report(dataset, content(3, 0.5))
    rows = add_report(dataset, content(5, 0.7))
    assert [row["made"] for row in rows] == [1, 3, 5]
    drawn = {line["says"]: line for line in lines(rows)}
    assert drawn["clips made"]["points"] == "0.0,40.0 100.0,22.0 200.0,4.0"
    assert drawn["mean quality"]["points"] == "100.0,40.0 200.0,4.0"  # of the first report there is none
    assert drawn["clips failed"]["low"] == drawn["clips failed"]["high"] == 3
    assert lines(rows[:1]) == []


def test_trends_stay_short_and_what_is_damaged_begins_anew(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    for number in range(KEPT + 5):
        rows = add_report(dataset, content(number))
    assert len(rows) == SHOWN
    assert rows[-1]["made"] == KEPT + 4
    for damage in ("{", "3", '[{"at": 1}]', '[{"at": "", "made": "<b>", "failed": 0, "quality": 0, "each_s": 0}]'):
        dataset.write_text("report_trends.json", damage)
        assert len(add_report(dataset, content())) == 1


def test_generate_leaves_the_figures_beside_the_report(sample_made: tuple[Workplace, Result]) -> None:
    place, _ = sample_made
    assert 'bachata_clips{state="made"} 4.0' in (place.data / "metrics.prom").read_text()
    assert [row["made"] for row in json.loads((place.data / "report_trends.json").read_text())] == [4]
    assert {path.stem for path in (place.data / "poses").glob("*.html")} == Dataset(str(place.data)).clip_ids("beats")
    found = re.search(r'id="data">(.*?)</script>', (place.data / "embedding_generation_report.html").read_text())
    assert found
    moments = json.loads(found[1])["moments"]
    assert moments["firsts"][-1] == len(moments["start"]) >= 4
    assert max(moments["near"]) >= 0
