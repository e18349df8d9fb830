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
from bachata_assets_tests.support.edges import clip_with_edges
from bachata_assets_tests.support.paths import SAMPLE
from bachata_assets_tests.support.service import Service, serving

VIDEO = SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4"


@pytest.fixture(scope="module")
def taking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes files of at most 3 MB, over 40 drawn documents and six that follow one another."""
    folder = tmp_path_factory.mktemp("data")
    settings = load_settings(data_dir=str(folder), serve_port=0, serve_uploads=True, upload_megabytes=3)
    with open_index(settings, fingerprint="x") as index:
        index.put(documents(40))
        index.put(
            clip_with_edges(f"step_{number}", 60 * number, 60 * number + 50, estimated_tempo=(120.0, 100.0)[number % 2])
            for number in range(6)
        )
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


def test_what_can_follow_to_a_song_fits_its_tempo_as_the_library_says(taking: Service, uploads: Path) -> None:
    song = embed_song(VIDEO)
    with open_index(taking.settings) as index:
        follows = [one.to_dict() for one in index.find_next("step_0", song=song, size=2)]
        chain = index.find_chain("step_0", song=song, length=3).to_dict()
    assert [one["clip_id"] for one in follows] == ["step_2", "step_4"]  # those between are too slow
    content = VIDEO.read_bytes()
    assert send(taking, "/next/song?clip_id=step_0&size=2&name=a.mp4", content) == (200, plain(follows))
    assert send(taking, "/chain/song?clip_id=step_0&length=3&name=a.mp4", content) == (200, plain(chain))
    assert not list(uploads.glob("bachata-upload-*"))


def plain(answer: Any) -> Any:
    return json.loads(json.dumps(answer))


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/similar/song?name=a.mp3", b"no song", 422, "a.mp3: "),
        ("/similar/song?name=a.exe", b"no song", 422, "a.exe: "),
        ("/similar/video?name=a.mp4", b"no video", 422, "a.mp4: "),
        ("/similar/video?name=../../a", b"no video", 422, "this file type is not accepted as a video"),
        ("/similar/video", b"no video", 422, "name: "),
        ("/similar/song?name=a.wav", b"x" * 3_000_001, 413, "larger than 3 MB"),
        ("/next/song?clip_id=step_0&name=a.mp3", b"no song", 422, "a.mp3: "),
        ("/next/song?clip_id=step_0&name=a.wav", b"x" * 3_000_001, 413, "larger than 3 MB"),
        ("/next/song?name=a.mp4", b"", 422, "clip_id: "),
        ("/chain/song?clip_id=step_0&name=a.mp3", b"", 422, "a.mp3: "),
        ("/chain/song?clip_id=step_0&name=a.mp4&length=1", b"", 422, "length: "),
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
        for path in ("/similar/song?", "/similar/video?", "/next/song?clip_id=a&", "/chain/song?clip_id=a&"):
            assert send(closed, f"{path}name=a.mp4", b"x")[0] == 403
