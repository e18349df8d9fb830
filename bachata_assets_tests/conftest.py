"""Fixtures of all tests: the real clips, the sample collection, a real Elasticsearch node, a browser."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from bachata_assets.cli.signals import ENDING
from bachata_assets_tests.support.paths import REAL_CLIPS
from bachata_assets_tests.support.ray_nodes import TOKEN

# The same examples in every run: a failure can be repeated, and no other change of the code is blamed for it.
settings.register_profile("repeatable", derandomize=True, database=None, max_examples=100, deadline=None)
settings.load_profile("repeatable")

# Before any test calls Ray: one that does so without a token leaves its process unable to begin others with one.
os.environ.update(TOKEN)

pytest_plugins = [
    "bachata_assets_tests.support.buckets",
    "bachata_assets_tests.support.workplace",
    "bachata_assets_tests.support.browser",
    "bachata_assets_tests.support.dagster_dev",
    "bachata_assets_tests.support.elasticsearch_node",
    "bachata_assets_tests.support.postgres_server",
    "bachata_assets_tests.support.small_stages",
]


@pytest.fixture(scope="session")
def shared_clips() -> Path:
    """Folder of real clips with their annotations; they are never copied into the repository."""
    if not REAL_CLIPS.is_dir():
        pytest.skip("../shared/clips is not here: the real clips are not part of the repository")
    return REAL_CLIPS


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own .env, environment and Dagster state out of the tests."""
    for name in ("ENVIRONMENT", "ELASTICSEARCH_HOST", "MMPOSE_CHECKPOINT_PATH", "GCP_PROJECT_ID", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def no_signal_is_ignored() -> Iterator[None]:
    """Let the commands not inherit what a test run in the background, or under nohup, ignores."""
    ignored = [number for number in ENDING if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
