"""A folder in which much is no clip, and the clips have names that other programs stumble over."""

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets_tests.support.paths import SAMPLE
from bachata_assets_tests.support.workplace import generate, report_of

CLIP = SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4"
NAMES = {
    "caf%E9": b"caf\xe9.mp4",
    "12:30": b"12:30.mp4",
    "title [abc123] *": b"title [abc123] *.mp4",
    "[red]x[_red]": b"[red]x[_red].mp4",
    "![x](y) <img src=x onerror=hurt()>": b"![x](y) <img src=x onerror=hurt()>.mp4",
}


def test_every_clip_is_made_whatever_it_is_called_and_whatever_lies_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = tmp_path / "videos"
    (videos / "keypoints").mkdir(parents=True)
    for name in NAMES.values():
        shutil.copy(CLIP, videos / os.fsdecode(name))
    os.mkfifo(videos / "pipe.mp4")
    (videos / "self.mp4").symlink_to("self.mp4")
    (videos / "zero.mp4").symlink_to("/dev/zero")
    (videos / "keypoints" / "up").symlink_to("..")
    shutil.copy(CLIP, videos / "keypoints" / "in_an_asset.mp4")
    deep = "[" * 100_000 + "]" * 100_000
    (tmp_path / "annotations.json").write_text(
        f'{{"clips": [{deep}, {{"clip_id": "12:30", "move_label": "dips", "estimated_tempo": {"9" * 5000}}}, '
        '{"clip_id": "caf%E9", "video_path": "\\u0000", "move_label": "turn"}]}'
    )
    monkeypatch.chdir(videos)  # so that no path begins with a slash
    result = generate(Path(), Path("../annotations.json"), Path())
    assert result.exit_code == 0, result.output
    embeddings = pd.read_parquet(videos / "embeddings.parquet").set_index("clip_id")
    assert set(embeddings.index) == {*NAMES, "in_an_asset"}
    assert embeddings.loc["12:30", "move_label"] == "dips"
    assert embeddings.loc["caf%E9", "move_label"] == "turn"
    assert {entry["path"] for entry in report_of(videos)["left_out"]} == {
        "keypoints/up",
        "pipe.mp4",
        "self.mp4",
        "zero.mp4",
    }
    assert len(report_of(videos)["annotation_problems"]) == 3

    status = CliRunner().invoke(app, ["status", "--json", "--data_dir", "."])
    assert status.exit_code == 0, status.output
    assert set(json.loads(status.output)["made"]) == {*NAMES, "in_an_asset"}
    pruned = CliRunner().invoke(app, ["prune", "--dry-run", "--data_dir", "."])
    assert "Clips without a file, or without a couple: none" in pruned.output
    again = generate(Path(), Path("../annotations.json"), Path())
    assert "0 processed this time" in again.output
