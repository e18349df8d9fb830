"""Further couples of a file as clips: their ids, when they are there, and what is said of them."""

from dataclasses import replace
from pathlib import PurePosixPath

from bachata_assets.annotation import Annotation
from bachata_assets.collection.couples import annotation_of, with_further_couples
from bachata_assets.collection.registry import ClipFile, Difference, compare, from_table, to_table
from bachata_assets.video.files import Seen


def difference(*names: str, known: dict[str, ClipFile] | None = None) -> Difference:
    return compare({PurePosixPath(f"{name}.mp4"): Seen(1, 1) for name in names}, known or {})


def test_each_further_couple_is_a_clip_of_the_same_file() -> None:
    files = with_further_couples(difference("a", "b"), {}, {"a": 3, "b": 1}.get).files
    assert {i: (str(file.path), file.of, file.couple) for i, file in files.items()} == {
        "a": ("a.mp4", "", 1),
        "a__couple_2": ("a.mp4", "a", 2),
        "a__couple_3": ("a.mp4", "a", 3),
        "b": ("b.mp4", "", 1),
    }
    assert from_table(to_table(files)) == files


def test_an_id_once_given_to_a_couple_stays_and_no_file_gets_it() -> None:
    known = with_further_couples(difference("a"), {}, lambda _: 2).files
    now = with_further_couples(difference("a", "a__couple_2", known=known), known, lambda _: 2).files
    assert now["a__couple_2"] == known["a__couple_2"]
    assert {str(file.path) for i, file in now.items() if i not in known} == {"a__couple_2.mp4"}


def test_a_couple_gets_another_id_where_a_file_has_its_own() -> None:
    files = with_further_couples(difference("a", "a__couple_2"), {}, lambda clip_id: 2 if clip_id == "a" else 1).files
    assert {i for i, file in files.items() if file.of == "a"} == {"a__couple_2_"}


def test_couples_stay_while_their_number_is_not_known_and_are_gone_when_it_falls_or_the_file_goes() -> None:
    known = with_further_couples(difference("a"), {}, lambda _: 3).files

    def present(names: list[str], count: int | None) -> set[str]:
        found = with_further_couples(difference(*names, known=known), known, lambda _: count)
        return set(found.ready)

    assert present(["a"], None) == {"a", "a__couple_2", "a__couple_3"}
    assert present(["a"], 2) == {"a", "a__couple_2"}
    assert present(["a"], 1) == {"a"}
    assert present([], 3) == set()
    alone = {i: file for i, file in known.items() if file.of}
    assert set(with_further_couples(difference(known=alone), alone, lambda _: 3).ready) == set()


def test_couples_follow_their_file_to_another_name() -> None:
    known = with_further_couples(difference("a"), {}, lambda _: 2).files
    moved = compare({PurePosixPath("z.mp4"): Seen(1, 1)}, known)
    files = with_further_couples(moved, known, lambda _: 2).files
    assert {i: str(file.path) for i, file in files.items()} == {"a": "z.mp4", "a__couple_2": "z.mp4"}
    assert files["a__couple_2"] == replace(files["a"], clip_id="a__couple_2", of="a", couple=2)


def test_the_tempo_is_that_of_the_file_and_the_rest_is_the_couples_own() -> None:
    of_file = Annotation(move_label="dip", estimated_tempo=130, couple="left", lead="left")
    assert annotation_of(Annotation(), of_file) == Annotation(estimated_tempo=130, couple="left")
    own = annotation_of(Annotation(move_label="turn", lead="right", couple="right"), of_file)
    assert own == Annotation(move_label="turn", lead="right", estimated_tempo=130, couple="left")
