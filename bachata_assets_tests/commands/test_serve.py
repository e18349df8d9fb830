"""`serve`: what browsers of this machine get of a collection, and what they do not."""

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import keep, scan_clips
from bachata_assets.commands.serve import ReportServer
from bachata_assets.settings import SettingsError, load_settings

CLIP = "salsa & bachata ä.mp4"
CONTENT = bytes(range(100))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / CLIP).write_bytes(CONTENT)
    (tmp_path / "videos" / "notes.txt").write_text("private")
    (tmp_path / "data" / "previews").mkdir(parents=True)
    (tmp_path / "data" / "previews" / "a.jpg").write_bytes(b"picture")
    (tmp_path / "data" / "poses").mkdir()
    (tmp_path / "data" / "poses" / "a.html").write_bytes(b"poses")
    (tmp_path / "data" / "embeddings.parquet").write_bytes(b"vectors")
    (tmp_path / "data" / "embedding_generation_report.html").write_text("<title>Report</title>")
    return tmp_path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(folder: Path) -> Iterator[ReportServer]:
    settings = load_settings(
        video_dir=folder / "videos", data_dir=str(folder / "data"), report_url=f"http://127.0.0.1:{free_port()}/"
    )
    dataset = Dataset(settings.data_dir)
    keep(dataset, scan_clips(settings, dataset))
    with ReportServer(settings) as opened:
        thread = Thread(target=opened.serve_forever, daemon=True)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def ask(server: ReportServer, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    said = answer.status, answer.read(), dict(answer.getheaders())
    connection.close()
    return said


def test_the_address_leads_to_the_page(server: ReportServer) -> None:
    status, _, headers = ask(server, "/")
    assert status == 302
    status, content, headers = ask(server, headers["Location"])
    assert (status, content, headers["Content-Type"]) == (200, b"<title>Report</title>", "text/html")


def test_the_pages_clips_and_previews_are_served(server: ReportServer, folder: Path) -> None:
    assert ask(server, quote(str(folder / "videos" / CLIP)))[:2] == (200, CONTENT)
    assert ask(server, quote(str(folder / "data" / "previews" / "a.jpg")))[:2] == (200, b"picture")
    assert ask(server, quote(str(folder / "data" / "poses" / "a.html")))[:2] == (200, b"poses")
    assert ask(server, quote(str(folder / "videos" / CLIP)), "HEAD")[:2] == (200, b"")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=10-19", CONTENT[10:20]),
        ("bytes=90-", CONTENT[90:]),
        ("bytes=-5", CONTENT[-5:]),
        ("bytes=90-500", CONTENT[90:]),
    ],
)
def test_a_video_is_served_in_parts(server: ReportServer, folder: Path, asked: str, expected: bytes) -> None:
    status, content, headers = ask(server, quote(str(folder / "videos" / CLIP)), Range=asked)
    first = CONTENT.index(expected)
    assert (status, content) == (206, expected)
    assert headers["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/100"


@pytest.mark.parametrize("asked", ["bytes=-", "bytes=200-300", "bytes=9-1", "lines=1-2"])
def test_a_part_that_is_none_is_the_whole(server: ReportServer, folder: Path, asked: str) -> None:
    assert ask(server, quote(str(folder / "videos" / CLIP)), Range=asked)[:2] == (200, CONTENT)


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "{folder}/videos/notes.txt",
        "{folder}/data/embeddings.parquet",
        "{folder}/data/previews/../embeddings.parquet",
        "{folder}/data/previews/%2e%2e/embeddings.parquet",
        "{folder}/data/previews",
        "{folder}/videos",
        "{folder}/data/previews/a.jpg%00",
        "//etc/passwd",
    ],
)
def test_nothing_else_is_served(server: ReportServer, folder: Path, path: str) -> None:
    assert ask(server, path.format(folder=folder))[0] == 404


def test_a_page_that_came_under_a_strangers_name_gets_nothing(server: ReportServer) -> None:
    assert ask(server, "/", Host=f"evil.example:{server.server_port}")[0] == 403


def test_a_clip_that_came_since_is_served(server: ReportServer, folder: Path) -> None:
    (folder / "videos" / "new.mp4").write_bytes(b"new")
    assert ask(server, quote(str(folder / "videos" / "new.mp4")))[0] == 404
    keep(server.dataset, scan_clips(server.settings, server.dataset))
    assert ask(server, quote(str(folder / "videos" / "new.mp4")))[:2] == (200, b"new")


def test_without_a_report_it_says_what_makes_one(server: ReportServer) -> None:
    server.page.unlink()
    status, content, _ = ask(server, quote(str(server.page)))
    assert status == 404
    assert b"bachata-assets report" in content


@pytest.mark.parametrize(
    ("url", "word"), [("https://reports.example/", "another server"), ("http://0.0.0.0:3001/", "another server")]
)
def test_an_address_that_is_not_this_machines_is_refused(folder: Path, url: str, word: str) -> None:
    with pytest.raises(SettingsError, match=word):
        ReportServer(load_settings(data_dir=str(folder / "data"), report_url=url))


def test_a_port_that_is_taken_is_named(server: ReportServer) -> None:
    with pytest.raises(SettingsError, match=f"{server.server_port}/': Address already in use"):
        ReportServer(server.settings)


def test_a_data_dir_that_is_not_there_is_not_served(tmp_path: Path) -> None:
    settings = load_settings(data_dir=str(tmp_path / "mistyped"), report_url=f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(SettingsError, match="mistyped is not there: give the folder that `generate` wrote into"):
        ReportServer(settings)
