"""The command lines of the earlier pipeline, as the specification writes them, call the same commands."""

import subprocess
import sys
from pathlib import Path

from bachata_assets_tests.support.paths import PROJECT


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    script, *flags = words
    command = [sys.executable, str(PROJECT / script), *flags]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_specification_s_command_lines_run(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "annotations.json").write_text('{"clips": []}')
    flags = ("--video_dir", "videos", "--annotations", "annotations.json", "--environment", "local", "--debug")
    made = run("scripts/generate_embeddings.py", *flags, folder=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "data" / "embedding_generation_report.json").is_file()
    refused = run("scripts/generate_embeddings.py", "--video_dir", "nowhere", folder=tmp_path)
    assert refused.returncode == 2
    assert "nowhere" in refused.stderr
    there = run("scripts/download_mmpose_models.py", folder=tmp_path)
    assert (there.returncode, there.stderr) == (0, "")
    assert there.stdout.startswith("The model set bundled is complete in ")
    asked = run("verify_embedding_pipeline.py", "--help", folder=tmp_path)
    assert asked.returncode == 0
    assert "bachata-assets verify" in asked.stdout
