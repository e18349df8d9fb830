import os

import pytest

from bachata_assets.pose.cores import available_cores


@pytest.mark.parametrize(
    ("name", "content", "cores"),
    [("cpu.max", "100000 100000", 1), ("cpu.max", "max 100000", 64), ("cpu.max", "250000 100000", 3)],
)
def test_a_containers_quota_limits_the_cores(tmp_path, monkeypatch, name, content, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    (tmp_path / name).write_text(content)
    assert available_cores(tmp_path) == cores


def test_the_older_cgroups_quota_counts_too(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("200000\n")
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    assert available_cores(tmp_path) == 2
    (tmp_path / "cpu/cpu.cfs_quota_us").write_text("-1\n")
    assert available_cores(tmp_path) == 64


def test_affinity_counts_where_there_is_no_quota(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3}, raising=False)
    assert available_cores(tmp_path) == 2
