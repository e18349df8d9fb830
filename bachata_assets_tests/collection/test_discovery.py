"""The clips found below a folder, and the ids they get."""

from pathlib import Path, PurePosixPath

import pytest

from bachata_assets.collection.discovery import DiscoveryError, assign_clip_ids, clip_key, find_clips


def paths(*names: str) -> list[PurePosixPath]:
    return [PurePosixPath(name) for name in names]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_clips_are_found_in_all_folders_and_in_any_case_of_their_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "a/one.mp4", "a/b/two.AVI", "three.Mov", "notes.txt", "a/.hidden.mp4", ".trash/four.mp4")
    assert find_clips(tmp_path) == paths("a/b/two.AVI", "a/one.mp4", "three.Mov")


def test_the_outputs_of_a_data_dir_are_not_clips(tmp_path: Path) -> None:
    touch(tmp_path, "data/collection.json", "data/keypoints/one.parquet", "data/keypoints/preview.mp4")
    touch(tmp_path, "data/previews/one.mp4", "previews/three.mp4")
    touch(tmp_path, "data/steps/one.mp4")
    assert find_clips(tmp_path) == paths("data/steps/one.mp4", "previews/three.mp4")


def test_an_empty_folder_has_no_clips(tmp_path: Path) -> None:
    assert find_clips(tmp_path) == []


def test_a_missing_folder_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(DiscoveryError, match=r"Video directory not found: .*/nowhere.*--video_dir"):
        find_clips(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    # A file system that forbids listing, made without one: root may list anything, but not a looping link.
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(DiscoveryError, match="loop"):
        find_clips(tmp_path / "loop")


def test_a_clip_is_called_by_its_stem() -> None:
    assert assign_clip_ids(paths("basic/basic_step_1.mp4"), {}) == {
        "basic_step_1": PurePosixPath("basic/basic_step_1.mp4")
    }


def test_both_of_two_clips_with_one_stem_live() -> None:
    named = assign_clip_ids(paths("intro/paseala.mp4", "turns/paseala.mp4"), {})
    assert list(named) == ["paseala", "turns__paseala"]


def test_the_extension_tells_apart_what_folders_cannot() -> None:
    named = assign_clip_ids(paths("turns/a.avi", "turns/a.mov", "turns/a.mp4"), {})
    assert list(named) == ["a", "turns__a", "turns__a__mp4"]


def test_a_number_tells_apart_what_nothing_else_can() -> None:
    known = {PurePosixPath("x/a.mp4"): "a", PurePosixPath("y/a.mp4"): "turns__a", PurePosixPath("z"): "turns__a__mp4"}
    assert list(assign_clip_ids(paths("turns/a.mp4"), known)) == ["turns__a__mp4__2"]


def test_an_id_once_given_stays_when_a_file_with_its_stem_sorts_before_it() -> None:
    known = {PurePosixPath("turns/paseala.mp4"): "paseala"}
    named = assign_clip_ids(paths("intro/paseala.mp4", "turns/paseala.mp4"), known)
    assert named["paseala"] == PurePosixPath("turns/paseala.mp4")
    assert named["intro__paseala"] == PurePosixPath("intro/paseala.mp4")


def test_the_id_of_a_file_that_is_gone_is_not_given_again() -> None:
    assert list(assign_clip_ids(paths("b/a.mp4"), {PurePosixPath("gone/a.mp4"): "a"})) == ["b__a"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("cafe\u0301", "caf\u00e9"),
        ("a\nb\x00c", "abc"),
        ("wait...what....", "wait..what.."),
        ("\u200b", "clip"),
        ("  ", "clip"),
    ],
)
def test_a_key_is_nfc_without_control_characters_or_ellipses(name: str, key: str) -> None:
    assert clip_key(name) == key


def test_a_long_name_is_cut_and_stays_unlike_its_neighbours() -> None:
    one, other = clip_key("é" * 300 + "1"), clip_key("é" * 300 + "2")
    assert one != other
    assert len(one.encode()) <= 200
