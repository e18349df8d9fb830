"""An empty index of each backend, in a data dir and under an alias of the test's own."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bachata_assets.search import SearchIndex, open_index
from bachata_assets.settings import Settings


@pytest.fixture
def alias() -> str:
    return f"moves-{uuid.uuid4().hex[:12]}"


@pytest.fixture(params=["lancedb", "elasticsearch 9.1.0", "elasticsearch 9.2.4"])
def backend(request: pytest.FixtureRequest, tmp_path: Path, alias: str) -> Iterator[Settings]:
    """Settings of each backend."""
    if request.param == "lancedb":
        yield Settings(_env_file=None, elasticsearch_host=None, data_dir=str(tmp_path), elasticsearch_index=alias)
        return
    name = "elasticsearch_node" if request.param.endswith("9.1.0") else "newest_node"
    node = request.getfixturevalue(name)
    yield node.settings(data_dir=str(tmp_path), elasticsearch_index=alias)
    node.delete_indices(alias)


@pytest.fixture
def writer(backend: Settings) -> Iterator[SearchIndex]:
    with open_index(backend, fingerprint="models of the tests") as index:
        yield index
