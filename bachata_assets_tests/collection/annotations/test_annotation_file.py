"""Which entry of an annotation file belongs to which clip, and what a malformed entry costs."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.annotation import Annotation, PlaceOfCouple
from bachata_assets.collection.annotations.annotation_file import load_annotations, match_annotations
from bachata_assets.collection.annotations.file_content import AnnotationError
from bachata_assets.collection.remarks import told


def written(tmp_path: Path, *clips: object) -> Path:
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps({"clips": clips}))
    return path


def test_a_clip_without_an_entry_gets_the_missions_fallbacks() -> None:
    assert Annotation().model_dump() == {
        "move_label": "unknown",
        "difficulty": "unknown",
        "energy_level": "medium",
        "lead_follow_roles": "both",
        "estimated_tempo": 120.0,
        "notes": "",
        "lead": None,
        "couple": None,
        "swapped_at": (),
    }


def test_an_entry_says_only_what_it_says(tmp_path: Path) -> None:
    (entry,) = load_annotations(
        written(tmp_path, {"clip_id": "a", "move_label": "dips", "notes": None, "difficulty": ""})
    )
    assert entry.annotation.model_fields_set == {"move_label"}
    assert entry.annotation.difficulty == "unknown"


def test_a_field_that_cannot_be_used_falls_back_and_is_named(tmp_path: Path) -> None:
    (entry,) = load_annotations(written(tmp_path, {"clip_id": "a", "estimated_tempo": -3, "move_label": "dips"}))
    assert entry.annotation.estimated_tempo == 120.0
    assert entry.annotation.move_label == "dips"
    assert "entry 1: estimated_tempo = -3" in entry.problems[0].text


def test_an_entry_that_is_no_object_does_not_stop_the_others(tmp_path: Path) -> None:
    entries = load_annotations(written(tmp_path, "oops", {"clip_id": "b"}))
    assert "expected an object, got str" in entries[0].problems[0].text
    assert entries[1].clip_id == "b"


def said_of(tmp_path: Path, content: str | bytes) -> tuple[list[str], list[str]]:
    """Return the labels of the entries of a file, and what is said of them."""
    path = tmp_path / "annotations.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    entries = load_annotations(path)
    return [entry.annotation.move_label for entry in entries], [
        problem.text.removeprefix("annotations.json, ") for entry in entries for problem in entry.problems
    ]


GOOD = '{"clip_id": "b", "move_label": "dips"}'
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (DEEP, "nested too deeply"),
        (f'{{"clip_id": "a", "notes": {DEEP}}}', "nested too deeply"),
        (
            f'{{"clip_id": "a", "notes": {"[" * 500}{"]" * 500}}}',
            "notes = [[[[[[[...]]]]]]]: Input should be a valid string",
        ),
        (f'{{"clip_id": "a", "estimated_tempo": {"9" * 5000}}}', "estimated_tempo = a number of 5,000 digits: Input"),
        (f'{{"clip_id": "a", "estimated_tempo": {"9" * 300}}}', "estimated_tempo = 9999"),
        ('{"clip_id": "a", "estimated_tempo": NaN}', "estimated_tempo = nan: Input should be a finite number"),
        ('{"clip_id": "a", "estimated_tempo": -Infinity}', "estimated_tempo = -inf: Input should be a finite number"),
        ('{"clip_id": "a", "estimated_tempo": 1e999}', "estimated_tempo = inf: Input should be a finite number"),
        (
            '{"clip_id": "a", "estimated_tempo": 39.9}',
            "estimated_tempo = 39.9: Input should be greater than or equal to 40",
        ),
        (
            '{"clip_id": "a", "estimated_tempo": 301}',
            "estimated_tempo = 301: Input should be less than or equal to 300",
        ),
        ('{"clip_id": "a", "estimated_tempo": "fast"}', "estimated_tempo = 'fast': Input should be a valid number"),
        ('{"clip_id": "a", "estimated_tempo": true}', "estimated_tempo = True: Input should be greater"),
        ('{"clip_id": "a", "lead": "middle"}', "lead = 'middle': Input should be 'left' or 'right'"),
        ('{"clip_id": "a", "couple": "centre"}', 'couple = \'centre\': must be "left", "middle", "right", {"box": '),
        ('{"clip_id": "a", "couple": [3, 3]}', "couple = [3, 3]: must be"),
        ('{"clip_id": "a", "couple": [0, 1]}', "couple = [0, 1]: must be"),
        ('{"clip_id": "a", "couple": [1, true]}', "couple = [1, True]: must be"),
        ('{"clip_id": "a", "couple": {"box": [9, 0, 1, 5]}}', "couple = {'box': [9, 0, 1, 5]}: must be"),
        ('{"clip_id": "a", "couple": {"box": [0, 0, 1, NaN], "at_s": 2}}', "'box': [0, 0, 1, nan]}: must be"),
        ('{"clip_id": "a", "couple": {"box": [0, 0, 1, 5], "at": 2}}', "couple = {'at': 2, 'box': "),
        ('{"clip_id": "a", "move_label": 5}', "move_label = 5: Input should be a valid string"),
        ('{"clip_id": "a", "move_label": "\\u0000"}', "move_label = '\\x00': contains the character NUL"),
        ('{"clip_id": "a", "notes": "\\ud800"}', "notes = '\\ud800': Input should be a valid string"),
        (f'{{"clip_id": "a", "notes": "{"x" * 3_000_000}"}}', "String should have at most 10000 characters"),
        (f'{{"clip_id": "a", "move_label": "{"x" * 201}"}}', "String should have at most 200 characters"),
        ('{"clip_id": "a", "video_path": "a\\u0000b.mp4"}', "video_path = 'a\\x00b.mp4' cannot be the name of a clip"),
        ('{"clip_id": "a", "video_path": "\\udc80.mp4"}', "video_path = '\\udc80.mp4' cannot be the name of a clip"),
        ('{"clip_id": ["a"]}', "clip_id = ['a'] cannot be the name of a clip"),
        (f'{{"clip_id": "{"a" * 5000}"}}', "cannot be the name of a clip"),
        ('{"clip_id": null, "video_path": null}', "names no clip: clip_id and video_path are missing"),
        (
            '{"clip_id": "a", "move_labell": "dips"}',
            "'move_labell' is not a field of an annotation: did you mean move_label?",
        ),
        ('{"clip_id": "a", "tags": []}', "'tags' is not a field of an annotation"),
        ('{"clip_id": "a", "notes": "1", "notes": "2"}', "'notes' occurs more than once; the last counts"),
        ("null", "expected an object, got NoneType"),
    ],
    ids=range(34),
)
def test_what_cannot_be_used_of_an_entry_is_one_line_with_its_place_and_costs_nothing_else(
    entry: str, problem: str, tmp_path: Path
) -> None:
    labels, problems = said_of(tmp_path, f'{{"clips": [{GOOD}, {entry}, {GOOD}]}}')
    assert (labels[0], labels[2]) == ("dips", "dips")
    (line,) = problems
    assert line.startswith("entry 2: ")
    assert problem in line
    assert len(line) < 250
    assert line.isprintable()


@pytest.mark.parametrize(
    ("couple", "said"),
    [
        (" left ", "left"),
        ([5, 3], (3, 5)),
        ({"box": [10, 20, 300, 400], "at_s": 2.5}, PlaceOfCouple((10, 20, 300, 400), 2.5)),
        ({"box": [0, 0, 0.5, 1]}, PlaceOfCouple((0, 0, 0.5, 1), 0)),
        (None, None),
        ("", None),
    ],
)
def test_the_couple_is_said_by_its_side_its_place_or_its_numbers(couple: object, said: object, tmp_path: Path) -> None:
    (entry,) = load_annotations(written(tmp_path, {"clip_id": "a", "couple": couple}))
    assert (entry.annotation.couple, entry.problems) == (said, ())


def test_who_the_couple_is_and_who_leads_change_the_version_of_the_video_and_nothing_else_does() -> None:
    said: list[dict[str, Any]] = [
        *({"lead": "left"}, {"lead": "right"}),
        *({"couple": couple} for couple in ("left", "right", (1, 2), (1, 3), PlaceOfCouple((0, 0, 9, 9)))),
        {"couple": "none"},
        *({"swapped_at": times} for times in ((2.0,), (2.0, 3.0))),
        {"couple": "left", "lead": "left"},
        {"couple": PlaceOfCouple((0, 0, 9, 9), 1)},
    ]
    versions = [Annotation(**words).video_version for words in said]
    assert len({*versions, ""}) == len(said) + 1
    assert Annotation(move_label="dip", notes="slow").video_version == ""
    assert versions[0] == "-lead-left"  # as collections made before have it
    assert Annotation(swapped_at=(2.0,)).data_version == Annotation().data_version  # it says nothing in words


def test_the_good_of_an_entry_is_used_beside_what_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    path.write_text('[{"clip_id": "a", "video_path": "\\u0000", "lead": "up", "notes": "slow", "move_label": "  "}]')
    (entry,) = load_annotations(path)
    assert (entry.clip_id, entry.video_path, entry.annotation.notes) == ("a", "", "slow")
    assert entry.annotation.model_fields_set == {"notes"}
    assert len(entry.problems) == 2


@pytest.mark.parametrize("before", ["", f'"instructions": {DEEP}, ', '"a": {"clips": [1, 2]}, "b": "[{,", '])
@pytest.mark.parametrize(
    "clips", [f"{GOOD}, {DEEP}, {GOOD}", f' {GOOD} ,{DEEP}, {{"notes": "],[\\"", "clip_id": "c"}} ']
)
def test_entries_beside_what_is_nested_too_deeply_are_found_by_their_brackets(
    before: str, clips: str, tmp_path: Path
) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(f'{{{before}"clips": [{clips}], "after": 1}}')
    entries = load_annotations(path)
    assert [entry.clip_id for entry in entries][:2] == ["b", ""]
    assert len(entries) == 3
    assert entries[2].clip_id in ("b", "c")


def test_a_list_without_an_object_around_it_is_read_too_when_it_is_deep(tmp_path: Path) -> None:
    assert said_of(tmp_path, f"[{GOOD}, {DEEP}]")[0] == ["dips", "unknown"]


@pytest.mark.parametrize("bom", [b"", b"\xff\xfe"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
def test_a_file_is_read_in_the_encodings_that_editors_write(encoding: str, bom: bytes, tmp_path: Path) -> None:
    content = (bom if encoding == "utf-16-le" else b"") + '[{"clip_id": "b", "move_label": "café"}]'.encode(encoding)
    assert said_of(tmp_path, content) == (["café"], [])


def test_a_byte_that_is_no_text_costs_its_field_alone(tmp_path: Path) -> None:
    labels, problems = said_of(tmp_path, b'[{"clip_id": "a", "move_label": "caf\xe9"}, %s]' % GOOD.encode())
    assert labels == ["unknown", "dips"]
    assert "entry 1: move_label = 'caf\\udce9': Input should be a valid string" in problems[0]


def test_line_breaks_and_tabs_in_a_text_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    path.write_text('[{"clip_id": "a", "notes": "slow\n\tclose"}]')
    assert load_annotations(path)[0].annotation.notes == "slow\n\tclose"


def test_an_entry_with_a_thousand_unknown_fields_is_named_and_counted(tmp_path: Path) -> None:
    fields = ", ".join(f'"x{number}": 1' for number in range(1000))
    _, problems = said_of(tmp_path, f'[{{"clip_id": "a", {fields}}}]')
    assert len(problems) == 6
    assert problems[-1] == "entry 1: 995 more are not fields of an annotation"


def test_a_thousand_entries_with_one_problem_are_counted(tmp_path: Path) -> None:
    entries = load_annotations(
        written(tmp_path, *({"clip_id": f"{n}", "tags": n} for n in range(1000)), {"clip_id": 1.5})
    )
    lines = told(problem for entry in entries for problem in entry.problems)
    assert len(lines) == 12
    assert lines[10] == "… and 990 more: not a field of an annotation"
    assert lines[11].endswith("entry 1001: clip_id = 1.5 cannot be the name of a clip")


def test_the_second_of_two_entries_for_one_clip_is_named_with_the_first_which_counts(tmp_path: Path) -> None:
    path = written(tmp_path, *({"clip_id": "a", "move_label": label} for label in ("first", "second")))
    matched = match_annotations(
        load_annotations(path), {"a": tmp_path / "a.mp4"}, annotations_path=path, video_dir=tmp_path
    )
    assert matched.annotation("a").move_label == "first"
    (problem,) = matched.problems
    assert problem.text == (
        "annotations.json, entry 2: clip a has an earlier entry, annotations.json, entry 1, which counts"
    )


def test_a_pipe_or_a_folder_is_no_annotation_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(AnnotationError, match=r"Cannot read the annotation file .*pipe\.json: not a regular file"):
        load_annotations(tmp_path / "pipe.json")
    with pytest.raises(AnnotationError, match="Cannot read the annotation file"):
        load_annotations(tmp_path)


def test_a_file_that_is_too_large_is_refused_before_it_is_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    path.touch()
    os.truncate(path, 10**12)
    with pytest.raises(AnnotationError, match="is larger than 64 MB"):
        load_annotations(path)


def test_an_entry_whose_path_is_a_link_to_itself_is_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    labels, without = match(tmp_path, [{"clip_id": "x", "video_path": "loop.mp4"}], {"a": "videos/steps/a.mp4"})
    assert (labels, without) == ({}, ["x"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not valid JSON"),
        ('{"clips": 3}', "has no list of clips"),
        ("\xff", "is not valid JSON"),
        (f"[{GOOD}, {DEEP}, {{]", "is not valid JSON"),
        (f'{{"clips": [{GOOD}, {DEEP}', "is not valid JSON"),
        (f'{{"clipz": {DEEP}}}', "has no list of clips"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_clear_error(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(AnnotationError, match=said) as error:
        load_annotations(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x1f\x8b\x08\x00", "is compressed with gzip, not JSON. Unpack it"),
        (b"PK\x03\x04\x14", "is a zip archive, not JSON. Unpack it"),
        (b"", "is empty: expected"),
        (b" \n", "is empty: expected"),
    ],
)
def test_a_file_that_is_packed_or_empty_is_said_to_be_so(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    path.write_bytes(content)
    with pytest.raises(AnnotationError) as error:
        load_annotations(path)
    assert str(error.value).startswith(f"{path} {said}")


def test_a_second_list_of_clips_is_read_too_and_named(tmp_path: Path) -> None:
    labels, problems = said_of(tmp_path, f'{{"clips": [{GOOD}], "clips": [{{"clip_id": "a", "move_label": "turn"}}]}}')
    assert labels[:2] == ["dips", "turn"]
    assert problems == ["annotations.json: clips occurs 2 times; all of them count"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"Annotation file not found: .*none\.json"):
        load_annotations(tmp_path / "none.json")


def match(tmp_path: Path, entries: list[dict[str, str]], clips: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return clip id -> move label, and the ids of entries without a file; paths are relative to `tmp_path`."""
    path = written(tmp_path, *entries)
    files = {clip_id: tmp_path / file for clip_id, file in clips.items()}
    matched = match_annotations(
        load_annotations(path), files, annotations_path=path, video_dir=tmp_path / "videos" / "steps"
    )
    labels = {clip_id: entry.annotation.move_label for clip_id, entry in matched.by_clip.items()}
    return labels, [entry.clip_id for entry in matched.without_file]


@pytest.mark.parametrize("video_path", ["videos/steps/turns/a.mp4", "turns/a.mp4", "steps/turns/a.mp4"])
def test_a_path_is_tried_from_the_annotations_the_videos_and_their_parent(tmp_path: Path, video_path: str) -> None:
    labels, _ = match(
        tmp_path,
        [{"clip_id": "zzz", "video_path": video_path, "move_label": "turn"}],
        {"a": "videos/steps/intro/a.mp4", "turns__a": "videos/steps/turns/a.mp4"},
    )
    assert labels == {"turns__a": "turn"}


def test_a_path_from_elsewhere_is_matched_by_its_longest_common_end(tmp_path: Path) -> None:
    labels, _ = match(
        tmp_path,
        [{"clip_id": "a", "video_path": "D:\\mine\\turns\\a.mp4", "move_label": "turn"}],
        {"a": "videos/steps/intro/a.mp4", "turns__a": "videos/steps/turns/a.mp4"},
    )
    assert labels == {"turns__a": "turn"}


def test_an_entry_without_a_path_is_matched_by_its_id(tmp_path: Path) -> None:
    labels, _ = match(tmp_path, [{"clip_id": "a", "move_label": "turn"}], {"a": "videos/steps/a.mp4"})
    assert labels == {"a": "turn"}


def test_an_entry_that_fits_no_file_is_kept_apart(tmp_path: Path) -> None:
    labels, without_file = match(tmp_path, [{"clip_id": "ghost", "video_path": "x/ghost.mp4"}], {"a": "videos/a.mp4"})
    assert labels == {}
    assert without_file == ["ghost"]


def test_the_version_changes_with_any_field() -> None:
    assert Annotation(notes="slow").data_version != Annotation().data_version
    assert Annotation(energy_level="medium").data_version != Annotation().data_version


def test_the_real_annotations_match_the_real_clips(shared_clips: Path) -> None:
    from bachata_assets.collection.clip_ids import assign_clip_ids
    from bachata_assets.collection.videos.discovery import list_clips

    videos, path = shared_clips / "Bachata_steps", shared_clips / "bachata_annotations.json"
    clips = {clip_id: videos / file for clip_id, file in assign_clip_ids(list_clips(videos).files, {}).items()}
    matched = match_annotations(load_annotations(path), clips, annotations_path=path, video_dir=videos)
    assert set(clips) - set(matched.by_clip) == {"forward_backward_2"}
    assert [entry.clip_id for entry in matched.without_file] == ["combination_3"]


def test_a_file_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    text = '{"clips": [{"clip_id": "a", "move_label": "turn"}]}'
    path.write_text(text[:20])

    def write_on() -> None:
        for end in (25, len(text)):
            time.sleep(0.1)
            path.write_text(text[:end])

    with ThreadPoolExecutor(1) as pool:
        pool.submit(write_on)
        (entry,) = load_annotations(path)
    assert entry.annotation.move_label == "turn"


def test_a_file_that_stays_half_written_is_said_to_be_wrong(tmp_path: Path) -> None:
    path = tmp_path / "annotations.json"
    path.write_text('{"clips": [')
    with pytest.raises(AnnotationError, match=r"annotations\.json is not valid JSON"):
        load_annotations(path)
