"""Questions by files that callers send."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bachata_assets import embed_song
from bachata_assets.search.index import open_index
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.documents import documents
from bachata_assets_tests.support.paths import SAMPLE
from bachata_assets_tests.support.service import Service, serving

VIDEO = SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4"


@pytest.fixture(scope="module")
def taking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes files of at most 3 MB, over 40 drawn documents."""
    folder = tmp_path_factory.mktemp("data")
    settings = load_settings(data_dir=str(folder), serve_port=0, serve_uploads=True, upload_megabytes=3)
    with open_index(settings, fingerprint="x") as index:
        index.put(documents(40))
        index.promote()
    with serving(settings) as opened:
        yield opened


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary files are in."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


def send(service: Service, path: str, body: bytes) -> tuple[int, Any]:
    status, content, _ = service.ask(path, "POST", body)
    return status, json.loads(content)


def test_a_song_is_answered_as_the_library_does_and_not_kept(taking: Service, uploads: Path) -> None:
    status, found = send(taking, "/similar/song?name=a.mp4&size=3&start=1", VIDEO.read_bytes())
    assert status == 200
    with open_index(taking.settings) as index:
        expected = index.find_similar(vectors=embed_song(VIDEO, start=1), size=3)
    assert [clip["clip_id"] for clip in found] == [match.clip_id for match in expected]
    assert not list(uploads.glob("bachata-upload-*"))


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/similar/song?name=a.mp3", b"no song", 422, "a.mp3: "),
        ("/similar/song?name=a.exe", b"no song", 422, "a.exe: "),
        ("/similar/video?name=a.mp4", b"no video", 422, "a.mp4: "),
        ("/similar/video?name=../../a", b"no video", 422, "is not read as a video"),
        ("/similar/video", b"no video", 422, "name: "),
        ("/similar/song?name=a.wav", b"x" * 3_000_001, 413, "larger than 3 MB"),
    ],
)
def test_what_is_no_song_or_video_is_named_as_it_was_sent(
    taking: Service, uploads: Path, path: str, body: bytes, status: int, words: str
) -> None:
    answered, said = send(taking, path, body)
    assert (answered, words in said["detail"]) == (status, True), said
    assert str(uploads) not in said["detail"]
    assert not list(uploads.glob("bachata-upload-*"))


def test_files_are_taken_only_where_it_is_switched_on(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with serving(load_settings(data_dir=str(tmp_path / "data"), serve_port=0)) as closed:
        assert send(closed, "/similar/song?name=a.mp4", b"x")[0] == 403
