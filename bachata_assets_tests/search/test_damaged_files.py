"""Damaged files of an embedded index: whatever LanceDB makes of them is one clear error, and can be mended."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bachata_assets.search import open_index
from bachata_assets.search.errors import IndexMissingError, IndexUnreadableError, SearchUnavailableError
from bachata_assets.search.lancedb.errors import clear_errors
from bachata_assets.search.lancedb.panics import without_panics
from bachata_assets.settings import Settings
from bachata_assets_tests.support.documents import documents

IDS = {f"clip_{number:04d}" for number in range(3)}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an index of three documents."""
    made = Settings(_env_file=None, elasticsearch_host=None, data_dir=str(tmp_path), elasticsearch_index="moves")
    with open_index(made, fingerprint="models of the tests") as index:
        index.put(documents(3))
        index.promote(set())
    return made


def damaged(path: Path) -> Iterator[bytes]:
    """Yield contents that a file may have after a power cut."""
    content = path.read_bytes()
    yield b""
    yield from (content[: len(content) * part // 16] for part in range(1, 16))
    yield bytes(len(content))


def test_any_damage_to_any_file_is_one_kind_of_error_or_does_no_harm(
    settings: Settings, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kept, place, said = tmp_path / "kept", tmp_path / "lancedb", list[str]()
    place.rename(kept)
    for path in sorted(kept.rglob("*.*")):
        for content in damaged(path) if path.is_file() else ():
            shutil.copytree(kept, place)
            (place / path.relative_to(kept)).write_bytes(content)
            with open_index(settings) as index:
                try:
                    assert index.ids() == IDS
                    assert len(list(index.get_all_embeddings())) == 3
                except (IndexUnreadableError, IndexMissingError) as error:
                    said.append(str(error))
            shutil.rmtree(place)
    assert len(said) > 20
    assert all(f" in {place} " in line and "`bachata-assets " in line for line in said)
    assert capfd.readouterr() == ("", "")  # where Rust panics it would print some lines of its own


@pytest.mark.parametrize(
    ("said", "clear"),
    [
        (
            "LanceError(IO): No space left on device (os error 28), /build/io.rs",
            "on device): free some space",
        ),
        ('Io { path: Some("/x"), err: Os { code: 13, kind: PermissionDenied } }', "denied): change its permissions"),
        ("IO error: Read-only file system (os error 30)", "file system): make it writable"),
        ("LanceError(IO): Disk quota exceeded (os error 122), /build/io.rs", "exceeded): free some space"),
        ("External error: Input/output error (os error 5)", "error): check its disk"),
        ("IO error: Stale file handle (os error 116)", "handle): its folder was replaced"),
    ],
)
def test_a_disk_that_is_full_or_may_not_be_read_is_no_damaged_index(said: str, clear: str) -> None:
    with pytest.raises(SearchUnavailableError, match=re.escape(clear)), clear_errors("data/lancedb"):
        raise RuntimeError(said)


PANIC = """
thread 'lance-cpu' (4711) panicked at /build/lance-file/src/reader.rs:12:34:
range end index 9 out of range for slice of length 4
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

thread 'tokio' panicked at /build/lance.rs:5:6:
again
"""


def test_what_others_print_while_a_panic_is_kept_off_the_terminal_stays(capfd: pytest.CaptureFixture[str]) -> None:
    with without_panics(), without_panics():
        os.write(2, f"before\n{PANIC}after\n".encode())
        assert capfd.readouterr().err == ""
    assert capfd.readouterr().err == "before\nafter\n"
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "later\n"


def test_what_cannot_be_read_is_dropped_and_made_again(settings: Settings, tmp_path: Path) -> None:
    for path in (tmp_path / "lancedb").rglob("*.manifest"):
        path.write_bytes(path.read_bytes()[:100])
    with open_index(settings, fingerprint="models of the tests") as index:
        assert len(index.drop_unreadable()) == 3
        index.put(documents(3))
        index.promote(set())
    with open_index(settings) as index:
        assert index.ids() == IDS


def test_what_is_not_ours_to_drop_is_one_clear_error_too(settings: Settings, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "lancedb")
    (tmp_path / "lancedb").write_text("no folder")
    with (
        open_index(settings, fingerprint="models of the tests") as index,
        pytest.raises(IndexUnreadableError, match=r"lancedb cannot be read or written \("),
    ):
        index.drop_unreadable()
