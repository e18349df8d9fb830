"""The report page over HTTP: which files browsers get, and which they do not."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import keep, scan_clips
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.service import Service, serving

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


@pytest.fixture
def server(folder: Path) -> Iterator[Service]:
    settings = load_settings(video_dir=folder / "videos", data_dir=str(folder / "data"), serve_port=0)
    dataset = Dataset(settings.data_dir)
    keep(dataset, scan_clips(settings, dataset))
    with serving(settings) as opened:
        yield opened


def test_the_address_leads_to_the_page(server: Service) -> None:
    status, _, headers = server.ask("/")
    assert status == 302
    status, content, headers = server.ask(headers["location"])
    assert (status, content) == (200, b"<title>Report</title>")
    assert headers["content-type"].startswith("text/html")


def test_the_pages_clips_and_previews_are_served(server: Service, folder: Path) -> None:
    assert server.ask(quote(str(folder / "videos" / CLIP)))[:2] == (200, CONTENT)
    assert server.ask(quote(str(folder / "data" / "previews" / "a.jpg")))[:2] == (200, b"picture")
    assert server.ask(quote(str(folder / "data" / "poses" / "a.html")))[:2] == (200, b"poses")
    assert server.ask(quote(str(folder / "videos" / CLIP)), "HEAD")[:2] == (200, b"")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=10-19", CONTENT[10:20]),
        ("bytes=90-", CONTENT[90:]),
        ("bytes=-5", CONTENT[-5:]),
        ("bytes=90-500", CONTENT[90:]),
    ],
)
def test_a_video_is_served_in_parts(server: Service, folder: Path, asked: str, expected: bytes) -> None:
    status, content, headers = server.ask(quote(str(folder / "videos" / CLIP)), Range=asked)
    first = CONTENT.index(expected)
    assert (status, content) == (206, expected)
    assert headers["content-range"] == f"bytes {first}-{first + len(expected) - 1}/100"


@pytest.mark.parametrize(("asked", "status"), [("bytes=200-300", 416), ("bytes=9-1", 400), ("lines=1-2", 400)])
def test_a_part_that_is_none_is_refused(server: Service, folder: Path, asked: str, status: int) -> None:
    assert server.ask(quote(str(folder / "videos" / CLIP)), Range=asked)[0] == status


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
def test_nothing_else_is_served(server: Service, folder: Path, path: str) -> None:
    assert server.ask(path.format(folder=folder))[0] == 404


def test_a_clip_that_came_since_is_served(server: Service, folder: Path) -> None:
    (folder / "videos" / "new.mp4").write_bytes(b"new")
    assert server.ask(quote(str(folder / "videos" / "new.mp4")))[0] == 404
    dataset = Dataset(server.settings.data_dir)
    keep(dataset, scan_clips(server.settings, dataset))
    assert server.ask(quote(str(folder / "videos" / "new.mp4")))[:2] == (200, b"new")


def test_without_a_report_it_says_what_makes_one(server: Service, folder: Path) -> None:
    page = folder / "data" / "embedding_generation_report.html"
    page.unlink()
    status, content, _ = server.ask(quote(str(page)))
    assert status == 404
    assert b"bachata-assets report" in content
