"""What the checks of a whole collection say."""

import json
from pathlib import Path

import dagster as dg

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.asset_checks import report_checks
from bachata_assets.orchestration.build import build_resources
from bachata_assets.orchestration.resources import PLAIN
from bachata_assets.settings import load_settings


def test_failed_clips_and_those_of_low_quality_are_named_for_review(tmp_path: Path) -> None:
    dataset = Dataset(url=str(tmp_path))
    report = {
        "failures": [{"clip_id": "empty", "video_path": "empty.mp4", "error": "the file is empty"}],
        "embeddings": [{"clip_id": "dark", "quality_score": 0.49}, {"clip_id": "good", "quality_score": 0.5}],
    }
    dataset.write_text(layout.REPORT, json.dumps(report))
    settings = load_settings(data_dir=str(tmp_path))
    _, all_clips_are_good = report_checks(settings, PLAIN)
    result = all_clips_are_good(dg.build_asset_check_context(resources=build_resources(settings)))
    assert isinstance(result, dg.AssetCheckResult)
    assert not result.passed
    table = result.metadata["table"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data for record in table.records] == [
        {"clip": "empty", "why": "the file is empty"},
        {"clip": "dark", "why": "quality 0.49 is below 0.5"},
    ]
