"""How many cores the models use."""

import os
from pathlib import Path

import pytest

from bachata_assets.inference.cpu import available_cores
from bachata_assets.orchestration.build import build_resources
from bachata_assets.settings import load_settings


@pytest.mark.parametrize(
    ("name", "content", "cores"),
    [("cpu.max", "100000 100000", 1), ("cpu.max", "max 100000", 64), ("cpu.max", "250000 100000", 3)],
)
def test_a_containers_quota_limits_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, cores: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    (tmp_path / name).write_text(content)
    assert available_cores(tmp_path) == cores


def test_the_older_cgroups_quota_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("200000\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert available_cores(tmp_path) == 2
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1\n")
    assert available_cores(tmp_path) == 64


def test_affinity_counts_where_there_is_no_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3}, raising=False)
    assert available_cores(tmp_path) == 2


@pytest.mark.parametrize("asked", [1, 2])
def test_the_settings_for_cores_and_streams_reach_the_compiled_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: int
) -> None:
    monkeypatch.setenv("BACHATA_THREADS", str(asked))
    monkeypatch.setenv("BACHATA_STREAMS", str(asked))
    models = build_resources(load_settings(data_dir=str(tmp_path)))["pose_models"].open().estimator().models
    assert models.threads == asked
    compiled = models._pose.run.compiled
    assert compiled.get_property("INFERENCE_NUM_THREADS") == asked
    assert compiled.get_property("NUM_STREAMS") == asked


def test_without_settings_all_cores_that_this_process_may_use_are_taken(tmp_path: Path) -> None:
    models = build_resources(load_settings(data_dir=str(tmp_path)))["pose_models"].open().estimator().models
    assert models.threads == available_cores()
    assert models._pose.run.compiled.get_property("INFERENCE_NUM_THREADS") == available_cores()
