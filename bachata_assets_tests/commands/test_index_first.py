"""The index is looked at before the first clip is made: what is wrong with it is one line, with a remedy that works."""

import socket
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.commands.verify import Finding, verify
from bachata_assets.orchestration.build import build_platform
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.documents import document
from bachata_assets_tests.support.elasticsearch_node import Node
from bachata_assets_tests.support.workplace import generate


@pytest.fixture
def alias(monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"moves-{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("ELASTICSEARCH_INDEX", name)
    return name


@pytest.fixture
def node(elasticsearch_node: Node, alias: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """A node on which a plain index of the earlier pipeline has the name of the alias."""
    use(monkeypatch, "localhost", elasticsearch_node.port)
    with elasticsearch_node.client() as client:
        vectors = {"type": "dense_vector", "dims": 512, "index": True, "similarity": "cosine"}
        client.indices.create(index=alias, mappings={"properties": {"lead_embedding": vectors}})
        client.index(index=alias, id="before", document=document("before").to_source(), refresh=True)
    yield elasticsearch_node
    elasticsearch_node.delete_indices(alias)


def use(monkeypatch: pytest.MonkeyPatch, host: str, port: int) -> None:
    monkeypatch.setenv("ELASTICSEARCH_HOST", host)
    monkeypatch.setenv("ELASTICSEARCH_PORT", str(port))


def of_generate(folder: Path) -> str:
    """Return the one line that `generate` ends with."""
    (folder / "videos").mkdir()
    (folder / "annotations.json").write_text('{"clips": []}')
    result = generate(folder / "videos", folder / "annotations.json", folder / "data")
    assert result.exit_code == 2
    (line,) = result.output.strip().splitlines()
    assert line.endswith("Nothing was made. `--index later` makes everything except the index.")
    return line


def of_verify(folder: Path) -> Finding:
    """Return what `verify` says of the index."""
    platform = build_platform(load_settings(data_dir=str(folder / "data")))
    *_, finding = islice(verify(platform), 8)  # behind it comes the rendered clip, which takes long
    return finding


def test_an_index_that_is_not_reached_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        use(monkeypatch, "127.0.0.1", nobody.getsockname()[1])
        line, finding = of_generate(tmp_path), of_verify(tmp_path)
    assert line.startswith("Error: Cannot connect to Elasticsearch at 127.0.0.1")
    assert "-e xpack.security.enabled=false elasticsearch:9.1.0" in line
    assert finding.state == "problem"


class Other(BaseHTTPRequestHandler):
    """A web server that is no Elasticsearch."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize("status", [200, 404])
def test_a_server_that_is_no_elasticsearch_is_said_first(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Other, "status", status)
    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        use(monkeypatch, "127.0.0.1", server.server_port)
        line, finding = of_generate(tmp_path), of_verify(tmp_path)
        server.shutdown()
    assert f"is not Elasticsearch ({status}): correct ELASTICSEARCH_HOST and ELASTICSEARCH_PORT" in line
    assert finding.state == "problem"


def test_a_server_that_is_too_old_is_said_first(
    outdated_node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, "localhost", outdated_node.port)
    assert "is older than 9; upgrade it to 9.1 or newer" in of_generate(tmp_path)
    assert of_verify(tmp_path).state == "problem"


@pytest.mark.usefixtures("node")
def test_a_plain_index_is_said_first_and_adopted_by_the_command_that_is_named(tmp_path: Path, alias: str) -> None:
    line, finding = of_generate(tmp_path), of_verify(tmp_path)
    assert f"{alias} is a plain index, but must be an alias: `bachata-assets index adopt` keeps its documents" in line
    assert finding.state == "problem"
    adopted = CliRunner().invoke(app, ["index", "adopt", "--data_dir", str(tmp_path / "data")])
    assert adopted.exit_code == 0, adopted.output
    assert adopted.output.startswith(f"The plain index is now {alias}-adopted-")
    assert "cannot be compared with those made here, although both say version mmpose_v1" in adopted.output
    finding = of_verify(tmp_path)
    assert finding.state == "warning"
    assert finding.what.startswith(f"Readers see {alias}-adopted-")
    result = generate(tmp_path / "videos", tmp_path / "annotations.json", tmp_path / "data")
    assert result.exit_code == 0, result.output
