"""Downloads from a server of the test's own on loopback, which can break off, lie and be absent."""

import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bachata_assets.cli import app

FILES = {"detector.pth": b"detector" * 50_000, "pose.pth": b"pose" * 100_000}


class Server(ThreadingHTTPServer):
    """Serves FILES with ranges; `breaks` answers end in the middle."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(FILES)
        self.breaks = 0
        self.ranges: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        content = self.server.files.get(self.path.lstrip("/"))
        if content is None:
            self.send_error(404)
            return
        start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.server.ranges.append(self.headers["Range"])
        if start >= len(content):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        rest = content[start:]
        if self.server.breaks:
            self.server.breaks -= 1
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    """A checkpoint folder with a set whose weights are on the server."""
    configs = {
        "detector": ("mmpose:demo/mmdetection_cfg/rtmdet_nano_320-8xb32_coco-person.py", [320, 192]),
        "pose": (
            "mmpose:configs/body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py",
            [192, 256],
        ),
    }
    lines = []
    for kind, (config, size) in configs.items():
        sha256 = hashlib.sha256(FILES[f"{kind}.pth"]).hexdigest()[:8]
        lines += [f"[far.{kind}]", f'config = "{config}"', f'checkpoint = "far/{kind}.pth"', f'sha256 = "{sha256}"']
        lines += [f"input_size = {size}", f'url = "{server.url}/{kind}.pth"']
    (tmp_path / "models.toml").write_text("\n".join(lines))
    return tmp_path


def download(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["download-models", "far", "--checkpoint_path", str(folder), *words])


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "far").iterdir()}


def test_a_set_is_fetched_checked_and_fetched_once(folder: Path, server: Server) -> None:
    result = download(folder)
    assert result.exit_code == 0, result.output
    assert files(folder) == FILES
    assert "far/detector.pth: 400,000 bytes" in result.output
    asked = len(server.ranges)
    assert download(folder).exit_code == 0
    assert len(server.ranges) == asked


def test_a_cut_connection_resumes_where_it_broke(folder: Path, server: Server) -> None:
    server.breaks = 2
    assert download(folder).exit_code == 0
    assert files(folder) == FILES
    first, second, third = (int(asked.removeprefix("bytes=").removesuffix("-")) for asked in server.ranges[:3])
    assert first == 0
    assert 100_000 < second <= 200_000
    assert second < third <= 300_000


def test_another_file_is_refused_and_gone(folder: Path, server: Server) -> None:
    server.files["pose.pth"] = b"something else"
    result = download(folder)
    assert result.exit_code == 2
    assert "pose.pth is not the file that models.toml names" in result.output
    assert set(files(folder)) == {"detector.pth"}


def test_a_file_that_is_not_there_is_one_clear_line(folder: Path, server: Server) -> None:
    del server.files["detector.pth"]
    result = download(folder)
    assert result.exit_code == 2
    assert "the server answers 404" in result.output
    assert "--base-url" in result.output


def test_no_network_is_one_clear_line(folder: Path, server: Server) -> None:
    server.shutdown()
    server.server_close()
    result = download(folder)
    assert result.exit_code == 2
    assert "Cannot download" in result.output
    assert "Check the network" in result.output


def test_a_mirror_serves_the_files_under_their_names(folder: Path, server: Server) -> None:
    manifest = folder / "models.toml"
    manifest.write_text(manifest.read_text().replace(server.url, "http://127.0.0.1:1"))
    assert download(folder, "--base-url", server.url).exit_code == 0
    assert files(folder) == FILES


def test_the_bundled_set_needs_no_download() -> None:
    result = CliRunner().invoke(app, ["download-models"])
    assert result.exit_code == 0, result.output
    assert "The model set bundled is complete" in result.output
