"""Which entry of an annotation file belongs to which clip, and what a malformed entry costs."""

import json
from pathlib import Path

import pytest

from bachata_assets.annotation import Annotation
from bachata_assets.collection.annotation_file import AnnotationError, load_annotations, match_annotations


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
    assert "entry 1: estimated_tempo = -3" in entry.problems[0]


def test_an_entry_that_is_no_object_does_not_stop_the_others(tmp_path: Path) -> None:
    entries = load_annotations(written(tmp_path, "oops", {"clip_id": "b"}))
    assert "expected an object, got str" in entries[0].problems[0]
    assert entries[1].clip_id == "b"


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "is not valid JSON"), ('{"clips": 3}', "has no list of clips"), ("\xff", "Cannot read|is not valid JSON")],
)
def test_a_file_that_cannot_be_used_is_one_clear_error(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "annotations.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(AnnotationError, match=said) as error:
        load_annotations(path)
    assert str(path) in str(error.value)


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
    from bachata_assets.collection.discovery import assign_clip_ids, find_clips

    videos, path = shared_clips / "Bachata_steps", shared_clips / "bachata_annotations.json"
    clips = {clip_id: videos / file for clip_id, file in assign_clip_ids(find_clips(videos), {}).items()}
    matched = match_annotations(load_annotations(path), clips, annotations_path=path, video_dir=videos)
    assert set(clips) - set(matched.by_clip) == {"forward_backward_2"}
    assert [entry.clip_id for entry in matched.without_file] == ["combination_3"]
