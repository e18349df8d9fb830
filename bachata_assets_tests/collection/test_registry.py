"""What a folder's names, sizes and times say against what is known of it."""

import errno
import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pytest

from bachata_assets.annotation import Annotation
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.rebuild import registry_of_tables
from bachata_assets.collection.registry import (
    ClipFile,
    compare,
    from_table,
    read,
    still_moving,
    to_table,
)
from bachata_assets.collection.videos import place
from bachata_assets.collection.videos.place import UNREADABLE, VideoFolder, content_of
from bachata_assets.schemas import keypoints
from bachata_assets.video.files import Seen


def known(path: str) -> dict[str, ClipFile]:
    """Return what is known of one clip that was read."""
    place = PurePosixPath(path)
    return {place.stem: ClipFile(place.stem, place, 1, 1, "c0ffee")}


def folder(**files: tuple[int, int]) -> dict[PurePosixPath, Seen | None]:
    """Return a folder of these files, written as `a=(size, time)`."""
    return {PurePosixPath(f"{name}.mp4"): Seen(*look) for name, look in files.items()}


def unexpected(_path: PurePosixPath) -> str:
    raise AssertionError("nothing is to be read")


def test_a_new_file_is_not_read_yet() -> None:
    (file,) = compare(folder(a=(1, 1)), {}).files.values()
    assert (file.clip_id, file.is_read) == ("a", False)


def test_a_file_that_looks_the_same_keeps_what_is_known_of_it() -> None:
    before = known("a.mp4")
    assert compare(folder(a=(1, 1)), before, read=unexpected).files == before


@pytest.mark.parametrize("look", [(2, 1), (1, 2)])
def test_a_file_of_another_size_or_time_has_to_be_read_again(look: tuple[int, int]) -> None:
    file = compare(folder(a=look), known("a.mp4")).files["a"]
    assert not file.is_read
    assert file.looks(Seen(*look))


def test_a_file_that_is_gone_stays_marked_and_its_id_is_not_given_again() -> None:
    files = compare(folder(a=(5, 5)), known("old/a.mp4")).files
    assert not files["a"].present
    assert files["a__mp4"].path == PurePosixPath("a.mp4")


def test_a_moved_file_keeps_its_id_and_its_content() -> None:
    difference = compare(folder(b=(1, 1)), known("a.mp4"), read=unexpected)
    assert difference.files["a"] == ClipFile("a", PurePosixPath("b.mp4"), 1, 1, "c0ffee", renamed=True)
    assert [(one.clip_id, str(one.old), str(one.new)) for one in difference.renamed] == [("a", "a.mp4", "b.mp4")]


def test_a_copy_beside_the_file_is_another_clip() -> None:
    difference = compare(folder(a=(1, 1), b=(1, 1)), known("a.mp4"))
    assert (set(difference.files), difference.renamed) == ({"a", "b"}, ())


def test_of_two_alike_that_moved_each_keeps_its_own_name() -> None:
    before = known("x/a.mp4") | known("x/b.mp4")
    difference = compare(folder(b=(1, 1), a=(1, 1)), before)
    assert {i: str(file.path) for i, file in difference.files.items()} == {"a": "a.mp4", "b": "b.mp4"}


def test_a_copy_of_a_file_that_is_gone_is_recognised_by_its_content_where_it_may_be_read() -> None:
    new = folder(b=(1, 99))
    assert set(compare(new, known("a.mp4")).files) == {"a", "b"}
    assert compare(new, known("a.mp4"), read=lambda _path: "c0ffee").files["a"].path == PurePosixPath("b.mp4")
    assert set(compare(new, known("a.mp4"), read=lambda _path: "0ther").files) == {"a", "b"}


def test_only_files_as_large_as_one_that_is_gone_are_read() -> None:
    assert set(compare(folder(b=(2, 99)), known("a.mp4"), read=unexpected).files) == {"a", "b"}


def test_a_file_of_which_nothing_can_be_seen_is_unreadable() -> None:
    assert compare({PurePosixPath("a.mp4"): None}, {}).files["a"].content == UNREADABLE


def test_a_file_at_rest_is_taken_and_one_just_written_waits() -> None:
    seen = {**folder(young=(1, 95), old=(1, 80), future=(1, 500)), **folder(grown=(2, 10))}
    seen = {path: Seen(look.size, look.mtime_ns * 10**9) for path, look in seen.items() if look}
    moving = still_moving(seen, {PurePosixPath("grown.mp4"): 1}, now_s=100, rest_s=10)
    assert {path.stem for path in moving} == {"young", "grown"}
    difference = compare(seen, {}, moving=moving)
    assert set(difference.files) == {"old", "future"}
    assert {str(path): size for path, size in difference.waiting.items()} == {"young.mp4": 1, "grown.mp4": 2}


def test_a_known_clip_written_anew_stays_present_and_waits() -> None:
    difference = compare(folder(a=(9, 9)), known("a.mp4"), moving={PurePosixPath("a.mp4")})
    assert difference.files == known("a.mp4")
    assert difference.ready == {}


def test_reading_hashes_what_is_new_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("dance")
    file = read(VideoFolder(tmp_path), ClipFile("a", PurePosixPath("a.mp4"), 0, 0, "unread-0-0"))
    assert file.content == content_of(path)
    assert read(VideoFolder(tmp_path), ClipFile(**{**vars(file), "content": "known"})).content == "known"
    path.unlink()
    assert read(VideoFolder(tmp_path), file) == file
    assert read(VideoFolder(tmp_path), ClipFile(**{**vars(file), "content": "unread-0-0"})).content == UNREADABLE


def test_a_file_that_cannot_be_read_has_the_version_under_which_it_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("dance")
    status = path.stat()
    wanted = compare({PurePosixPath("a.mp4"): Seen(status.st_size, status.st_mtime_ns)}, {}).files["a"]

    def refuse(_path: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(place, "open_regular", refuse)
    assert read(VideoFolder(tmp_path), wanted) == wanted
    assert not wanted.is_read


def test_a_file_that_may_be_there_unseen_stays_as_it_was_known_and_is_not_taken_for_a_renamed_one() -> None:
    before = known("private/a.mp4") | known("b.mp4")

    def hidden(path: PurePosixPath) -> bool:
        return path.parent.name == "private"

    difference = compare(folder(c=(1, 1)), before, hidden=hidden)
    assert difference.files["a"] == before["a"]
    assert difference.files["b"].path == PurePosixPath("c.mp4")
    gone = {"a": replace(before["a"], present=False)}
    assert compare({}, gone, hidden=hidden).files == gone


def test_a_file_whose_name_is_not_utf_8_is_read_and_stored(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.mp4")).write_text("dance")
    file = read(VideoFolder(tmp_path), ClipFile("caf%E9", PurePosixPath("caf%E9.mp4"), 0, 0, "unread-0-0"))
    assert (file.size, file.is_read) == (5, True)
    assert from_table(to_table({"caf%E9": file})) == {"caf%E9": file}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    assert content_of(tmp_path / "a.mp4") == UNREADABLE


@pytest.mark.parametrize("said", [{}, {"lead": "left"}, {"couple": (1, 2)}, {"lead": "left", "couple": "right"}])
def test_a_clip_of_which_a_person_said_who_dances_is_found_again_by_its_file(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "a.mp4").write_text("pictures")
    content = content_of(tmp_path / "videos" / "a.mp4")
    dataset = Dataset(url=str(tmp_path / "data"))
    inputs = {"clip_file": content + Annotation(**said).video_version}
    dataset.write_table("keypoints", "steps__a", pa.Table.from_pylist([], schema=keypoints), {"inputs": inputs})
    (file,) = registry_of_tables(dataset, VideoFolder(tmp_path / "videos")).values()
    assert (file.clip_id, file.path, file.content) == ("steps__a", PurePosixPath("a.mp4"), content)
