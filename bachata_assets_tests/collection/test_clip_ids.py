"""The ids that clips get."""

from pathlib import PurePosixPath

import pytest

from bachata_assets.collection.clip_ids import assign_clip_ids, clip_key


def paths(*names: str) -> list[PurePosixPath]:
    return [PurePosixPath(name) for name in names]


def test_a_clip_is_called_by_its_stem() -> None:
    assert assign_clip_ids(paths("basic/basic_step_1.mp4"), {}) == {
        "basic_step_1": PurePosixPath("basic/basic_step_1.mp4")
    }


def test_both_of_two_clips_with_one_stem_live() -> None:
    named = assign_clip_ids(paths("intro/paseala.mp4", "turns/paseala.mp4"), {})
    assert list(named) == ["paseala", "turns__paseala"]


def test_clips_whose_stems_differ_in_case_alone_get_tables_that_a_mac_tells_apart() -> None:
    assert list(assign_clip_ids(paths("intro/Turn.mp4", "turns/turn.mp4"), {})) == ["Turn", "turns__turn"]
    assert list(assign_clip_ids(paths("turns/TURN.mp4"), {PurePosixPath("gone/turn.mp4"): "turn"})) == ["turns__TURN"]
    known = {PurePosixPath("a/Turn.mp4"): "Turn", PurePosixPath("b/turn.mp4"): "turn"}  # of an earlier version
    assert list(assign_clip_ids(paths("a/Turn.mp4", "b/turn.mp4"), known)) == ["Turn", "turn"]


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
