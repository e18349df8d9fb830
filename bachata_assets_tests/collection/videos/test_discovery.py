"""The clips found below a folder, what is left out and why, and what may be there unseen."""

import errno
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bachata_assets.collection import layout, registry
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.registry import ClipFile
from bachata_assets.collection.videos.discovery import DiscoveryError, Listing, list_clips
from bachata_assets.video.files import Seen


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def found(folder: Path) -> list[str]:
    """Return the clips of a folder in which nothing is left out."""
    listing = list_clips(folder)
    assert listing.left_out == ()
    return [str(path) for path in listing.files]


def left_out(listing: Listing) -> dict[str, str]:
    return {str(one.path): one.reason for one in listing.left_out}


def test_clips_are_found_in_all_folders_and_in_any_case_of_their_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "a/one.mp4", "a/b/two.AVI", "three.Mov", "notes.txt", "a/.hidden.mp4", ".trash/four.mp4")
    assert found(tmp_path) == ["a/b/two.AVI", "a/one.mp4", "three.Mov"]


def test_what_a_file_looks_like_is_seen_without_opening_it(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("dance")
    os.utime(tmp_path / "a.mp4", ns=(1, 5_000_000_001))
    assert list_clips(tmp_path).files == {PurePosixPath("a.mp4"): Seen(5, 5_000_000_001)}


def test_an_empty_folder_has_no_clips(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_a_missing_folder_is_not_an_empty_one(name: str, tmp_path: Path) -> None:
    touch(tmp_path, "file")
    with pytest.raises(DiscoveryError, match=rf"Video directory not found: .*/{name}.*--video_dir"):
        list_clips(tmp_path / name)


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    # A file system that forbids listing, made without one: root may list anything, but not a looping link.
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(DiscoveryError, match="loop"):
        list_clips(tmp_path / "loop")


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def nowhere(path: Path) -> None:
    path.symlink_to("gone.mp4")


def itself(path: Path) -> None:
    path.symlink_to(path.name)


def huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 10**12)  # takes no room


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (pipe, "not a regular file (a named pipe)"),
        (unix_socket, "not a regular file (a socket)"),
        (device, "not a regular file (a device)"),
        (nowhere, "a link that leads nowhere"),
        (itself, "a link that leads back to itself"),
        (huge, "larger than 100 GB: cut it into clips"),
    ],
)
def test_what_cannot_be_a_clip_is_left_out_with_its_reason_and_the_others_are_taken(
    make: Any, reason: str, tmp_path: Path
) -> None:
    touch(tmp_path, "a.mp4", "z.mp4")
    make(tmp_path / "m.mp4")
    listing = list_clips(tmp_path)
    assert [str(path) for path in listing.files] == ["a.mp4", "z.mp4"]
    assert left_out(listing) == {"m.mp4": reason}
    assert listing.hides(PurePosixPath("m.mp4"))
    assert not listing.hides(PurePosixPath("n.mp4"))


def test_a_video_in_another_format_is_named_and_other_files_are_not(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.MKV", "c.webm", "e.wmv", "notes.txt", "d.mp4.part")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "old.txt").symlink_to("gone")
    assert left_out(list_clips(tmp_path)) == {
        "b.MKV": "a file type that is not accepted (.mkv): set BACHATA_MATROSKA=true, or export it as .mp4",
        "c.webm": "a file type that is not accepted (.webm): set BACHATA_MATROSKA=true, or export it as .mp4",
        "e.wmv": "a file type that is not accepted (.wmv): export it as .mp4",
    }


def test_matroska_is_taken_where_it_is_set_so(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.MKV", "c.webm", "e.wmv")
    listing = list_clips(tmp_path, matroska=True)
    assert [str(path) for path in listing.files] == ["a.mp4", "b.MKV", "c.webm"]
    assert list(left_out(listing)) == ["e.wmv"]


def test_a_file_that_is_linked_is_taken_and_a_folder_called_like_a_video_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "real.bin", "folder.mp4/inside.mp4")
    (tmp_path / "link.mp4").symlink_to("real.bin")
    assert found(tmp_path) == ["folder.mp4/inside.mp4", "link.mp4"]


@pytest.mark.parametrize("target", ["..", "../..", ".", "../a"])
def test_a_link_back_into_the_folder_is_entered_once(target: str, tmp_path: Path) -> None:
    touch(tmp_path, "top/a/good.mp4")
    (tmp_path / "top" / "a" / "up").symlink_to(target)
    listing = list_clips(tmp_path / "top")
    assert [str(path) for path in listing.files] == ["a/good.mp4"]
    (reason,) = left_out(listing).values()
    assert reason in (
        "a link to a folder that is listed already",
        "a link to a folder that contains the folder of clips",
    )
    assert listing.unseen == frozenset()


def test_links_that_lead_to_one_another_from_outside_are_entered_once(tmp_path: Path) -> None:
    touch(tmp_path, "videos/a.mp4", "one/b.mp4", "other/c.mp4")
    (tmp_path / "videos" / "one").symlink_to(tmp_path / "one")
    (tmp_path / "one" / "other").symlink_to(tmp_path / "other")
    (tmp_path / "other" / "one").symlink_to(tmp_path / "one")
    listing = list_clips(tmp_path / "videos")
    assert [str(path) for path in listing.files] == ["a.mp4", "one/b.mp4", "one/other/c.mp4"]
    assert list(left_out(listing)) == ["one/other/one"]


def test_a_folder_is_listed_by_its_own_name_rather_than_by_a_link_before_it(tmp_path: Path) -> None:
    touch(tmp_path, "z/y/good.mp4")
    (tmp_path / "a").symlink_to("z/y")
    assert [str(path) for path in list_clips(tmp_path).files] == ["z/y/good.mp4"]


def test_a_name_that_is_not_utf_8_is_taken_as_text_and_the_others_too(tmp_path: Path) -> None:
    for name in (b"caf\xe9.mp4", b"\xff/x.mp4", "café.mp4".encode()):
        touch(tmp_path, os.fsdecode(name))
    assert found(tmp_path) == ["%FF/x.mp4", "caf%E9.mp4", "café.mp4"]


@pytest.mark.parametrize("name", [b"caf\xe9.mp4", b"a%E9\xe9.mp4"])
def test_a_name_that_cannot_be_told_from_another_one_is_left_out_with_the_remedy(name: bytes, tmp_path: Path) -> None:
    touch(tmp_path, os.fsdecode(name), "caf%E9.mp4", "z.mp4")
    listing = list_clips(tmp_path)
    assert [str(path) for path in listing.files] == ["caf%E9.mp4", "z.mp4"]
    (reason,) = left_out(listing).values()
    assert reason == "its name is not valid UTF-8 and looks like another name: rename it"


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a folder that may not be listed; root may list any, so the system is stood in for."""
    scandir = os.scandir

    def refuse(folder: Any) -> Any:
        if Path(folder).name == "private":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    return "private"  # type: ignore[return-value]


def test_a_folder_below_that_cannot_be_listed_is_left_out_and_hides_what_is_in_it(
    forbidden: str, tmp_path: Path
) -> None:
    touch(tmp_path, "a.mp4", f"{forbidden}/deep/b.mp4", "z/c.mp4")
    listing = list_clips(tmp_path)
    assert [str(path) for path in listing.files] == ["a.mp4", "z/c.mp4"]
    assert left_out(listing) == {"private": "a folder that cannot be listed (Permission denied)"}
    assert listing.hides(PurePosixPath("private/deep/b.mp4"))
    assert not listing.hides(PurePosixPath("z/gone.mp4"))


def test_a_folder_behind_a_link_that_leads_nowhere_hides_what_was_in_it(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    (tmp_path / "usb").symlink_to("/nowhere/usb")
    listing = list_clips(tmp_path)
    assert left_out(listing) == {"usb": "a link that leads nowhere"}
    assert listing.hides(PurePosixPath("usb/b.mp4"))


def data_dir(folder: Path, clips: dict[str, str], video_dir: Path) -> None:
    """Make a data dir of these clips (id -> file), with keypoints, pictures and preview videos."""
    dataset = Dataset(url=str(folder))
    dataset.remember(video_dir=str(video_dir))
    files = {clip_id: ClipFile(clip_id, PurePosixPath(path), 0, 0, "c0ffee") for clip_id, path in clips.items()}
    dataset.write_parquet(layout.REGISTRY, registry.to_table(files), {})
    for clip_id in clips:
        touch(folder, f"keypoints/{clip_id}.parquet", f"previews/{clip_id}.jpg")


def test_the_preview_videos_of_a_data_dir_are_no_clips_and_all_other_videos_in_it_are(tmp_path: Path) -> None:
    touch(tmp_path, "steps/one.mp4", "data/keypoints/two.mp4", "data/previews/three.mp4", "data/previews/one.mp4")
    touch(tmp_path, "data/lancedb/four.mp4", "previews/one.mp4")
    data_dir(tmp_path / "data", {"one": "steps/one.mp4"}, tmp_path)
    assert found(tmp_path) == [
        "data/keypoints/two.mp4",
        "data/lancedb/four.mp4",
        "data/previews/three.mp4",
        "previews/one.mp4",
        "steps/one.mp4",
    ]


@pytest.mark.parametrize("moved", [False, True])
def test_clips_in_folders_called_like_outputs_stay_clips_once_they_are_made(moved: bool, tmp_path: Path) -> None:
    clips = {"a": "keypoints/a.mp4", "b": "previews/b.mp4"}
    touch(tmp_path, *clips.values())
    data_dir(tmp_path, clips, tmp_path / "before" if moved else tmp_path)
    assert found(tmp_path) == list(clips.values())


def test_previews_of_another_collection_are_no_clips_and_its_clips_are(tmp_path: Path) -> None:
    touch(tmp_path, "other/previews/a.mp4", "other/previews/b.mp4", "elsewhere/b.mp4")
    data_dir(tmp_path / "other", {"a": "previews/a.mp4", "b": "../elsewhere/b.mp4"}, tmp_path / "other")
    assert found(tmp_path) == ["elsewhere/b.mp4", "other/previews/a.mp4"]


@pytest.mark.parametrize("damage", ["cut", "missing", "pipe", "json", "cut and compacted"])
def test_previews_are_known_by_what_was_made_where_the_registry_cannot_be_read(damage: str, tmp_path: Path) -> None:
    touch(tmp_path, "steps/one.mp4", "data/previews/one.mp4", "data/previews/own.mp4")
    data_dir(tmp_path / "data", {"one": "steps/one.mp4"}, tmp_path)
    path = tmp_path / "data" / layout.REGISTRY
    if damage == "json":
        (tmp_path / "data" / layout.COLLECTION).write_text(json.dumps([]))
    elif damage.startswith("cut"):
        path.write_bytes(path.read_bytes()[:50])
    else:
        path.unlink()
    if damage == "pipe":
        os.mkfifo(path)
    if damage.endswith("compacted"):
        (tmp_path / "data" / "keypoints" / "one.parquet").unlink()
    assert found(tmp_path) == ["data/previews/own.mp4", "steps/one.mp4"]


@pytest.fixture
def disks(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Folders that are disks of their own; mounting takes rights, so the system is stood in for."""
    mounted: set[Path] = set()
    monkeypatch.setattr(os.path, "ismount", lambda folder: Path(folder) in mounted)
    return mounted


@pytest.mark.parametrize("leaves_a_folder", [True, False])
def test_a_disk_that_is_not_mounted_hides_what_was_on_it(
    leaves_a_folder: bool, disks: set[Path], tmp_path: Path
) -> None:
    touch(tmp_path, "a.mp4", "usb/b.mp4")
    disks.add(tmp_path / "usb")
    before = list_clips(tmp_path)
    assert before.mounts == {PurePosixPath("usb")}
    disks.clear()
    (tmp_path / "usb" / "b.mp4").unlink()
    if not leaves_a_folder:
        (tmp_path / "usb").rmdir()
    after = list_clips(tmp_path, mounts_before=before.mounts)
    assert left_out(after) == {"usb": "a disk that is not mounted now; what was made from its clips is kept"}
    assert after.hides(PurePosixPath("usb/b.mp4"))
    assert not after.hides(PurePosixPath("gone.mp4"))
    assert after.mounts == before.mounts


def test_clips_that_were_moved_from_a_disk_into_the_folder_in_its_place_are_taken(
    disks: set[Path], tmp_path: Path
) -> None:
    touch(tmp_path, "usb/b.mp4")
    after = list_clips(tmp_path, mounts_before={PurePosixPath("usb")})
    assert [str(path) for path in after.files] == ["usb/b.mp4"]
    assert not after.hides(PurePosixPath("usb/gone.mp4"))
    assert after.mounts == frozenset()


@pytest.mark.parametrize("in_its_place", ["nothing", "another"])
def test_a_folder_that_goes_away_while_it_is_listed_is_not_an_empty_one(
    in_its_place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    videos = tmp_path / "videos"
    touch(videos, "a.mp4", "b/c.mp4")
    scandir = os.scandir

    def unmount(folder: Any) -> Any:
        if Path(folder).name == "b":
            videos.rename(tmp_path / "away")
            if in_its_place == "another":
                videos.mkdir()
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", unmount)
    with pytest.raises(DiscoveryError, match="videos disappeared while it was listed"):
        list_clips(videos)
