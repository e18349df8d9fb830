"""Fixtures of all tests: the real clips, the sample collection, a real Elasticsearch node, a browser."""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run: a failure can be repeated, and no other change of the code is blamed for it.
settings.register_profile("repeatable", derandomize=True, database=None, max_examples=100, deadline=None)
settings.load_profile("repeatable")

pytest_plugins = [
    "bachata_assets_tests.support.workplace",
    "bachata_assets_tests.support.browser",
    "bachata_assets_tests.support.dagster_dev",
    "bachata_assets_tests.support.elasticsearch_node",
    "bachata_assets_tests.support.small_stages",
]

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_clips() -> Path:
    """Folder of real clips with their annotations; they are never copied into the repository."""
    folder = PROJECT.parent / "shared" / "clips"
    if not folder.is_dir():
        pytest.skip("../shared/clips is not here: the real clips are not part of the repository")
    return folder


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own .env, environment and Dagster state out of the tests."""
    for name in ("ENVIRONMENT", "ELASTICSEARCH_HOST", "MMPOSE_CHECKPOINT_PATH", "GCP_PROJECT_ID", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "1")
    monkeypatch.chdir(tmp_path)
