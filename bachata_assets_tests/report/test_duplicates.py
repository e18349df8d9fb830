"""Clips that show the same dance."""

import numpy as np
import pytest

from bachata_assets.report import duplicates
from bachata_assets.report.duplicates import COMPARED, Duplicate, find_duplicates

CLIPS = ("a", "b", "c")
DIFFERENT = {"a": "1", "b": "2", "c": "3"}


def vectors(**rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return the same three rows for every family, random unless given."""
    random = np.random.default_rng(0).normal(size=(3, 32)).astype(np.float32)
    for name, row in rows.items():
        random[CLIPS.index(name)] = row
    return {family: random.copy() for family in COMPARED}


def test_different_clips_are_no_duplicates() -> None:
    assert find_duplicates(DIFFERENT, vectors(), CLIPS) == []


def test_one_file_under_two_names_is_found_once() -> None:
    row = np.ones(32)
    (pair,) = find_duplicates({"a": "1", "b": "2", "c": "1"}, vectors(a=row, c=row), CLIPS)
    assert pair == Duplicate("a", "c", "the same file content")


def test_a_re_encoded_copy_is_found_by_its_vectors() -> None:
    row = np.random.default_rng(1).normal(size=32)
    (pair,) = find_duplicates(DIFFERENT, vectors(a=row, b=row + np.linspace(-0.2, 0.2, 32)), CLIPS)
    assert (pair.clip_id, pair.other) == ("a", "b")
    assert pair.reason.startswith("all vectors nearly the same (cosine 0.9")


def test_the_same_music_alone_is_no_duplicate() -> None:
    given = vectors()
    given["audio"][1] = given["audio"][0]
    assert find_duplicates(DIFFERENT, given, CLIPS) == []


def test_a_family_that_a_clip_lacks_does_not_hide_a_duplicate() -> None:
    row = np.random.default_rng(1).normal(size=32)
    given = vectors(a=row, b=row)
    given["follow"][0] = np.nan
    assert [(pair.clip_id, pair.other) for pair in find_duplicates(DIFFERENT, given, CLIPS)] == [("a", "b")]


def test_clips_without_any_vector_are_no_duplicates() -> None:
    given = {family: np.full((3, 32), np.nan, np.float32) for family in COMPARED}
    assert find_duplicates(DIFFERENT, given, CLIPS) == []


@pytest.mark.parametrize("block", [1, 2, 3])
@pytest.mark.parametrize("same", ["ab", "ac", "bc"])
def test_a_copy_is_found_in_whichever_block_it_is(block: int, same: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "_BLOCK", block)
    given = vectors(**dict.fromkeys(same, np.random.default_rng(1).normal(size=32)))
    assert [(pair.clip_id, pair.other) for pair in find_duplicates(DIFFERENT, given, CLIPS)] == [tuple(same)]
