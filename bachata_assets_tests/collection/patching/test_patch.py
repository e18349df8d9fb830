"""A patch as it is read: anybody may have written it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.collection.patching.patch import PatchError, load_patch

HEAD = {"format": "bachata-annotations-patch", "version": 1}


def written(folder: Path, content: Any) -> Path:
    path = folder / "patch.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def of(folder: Path, **change: Any) -> Path:
    return written(folder, {**HEAD, "changes": [{"clip_id": "a", **change}]})


def test_every_field_is_read_in_the_form_that_the_file_states(tmp_path: Path) -> None:
    said = {
        "move_label": " dip ",
        "estimated_tempo": 128,
        "lead": "left",
        "couple": [5, 3],
        "swapped_at": [4, 2.5, 4],
        "notes": None,
    }
    (change,) = load_patch(of(tmp_path, set=said, was={"move_label": "turn"})).changes
    assert change.set == {
        "move_label": "dip",
        "estimated_tempo": 128.0,
        "lead": "left",
        "couple": [3, 5],
        "swapped_at": [2.5, 4.0],
        "notes": None,
    }
    assert change.was == {"move_label": "turn"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"set": {}}, "changes.0.set"),
        ({"set": {"clip_id": "b"}}, "'clip_id' is not a field of an annotation"),
        ({"set": {"__proto__": 1}}, "'__proto__' is not a field"),
        ({"set": {"lead": "up"}}, "changes.0.set"),
        ({"set": {"estimated_tempo": 1e9}}, "less than or equal to 300"),
        ({"set": {"notes": "x" * 20_000}}, "at most 10000 characters"),
        ({"set": {"notes": "a\0b"}}, "contains the character NUL"),
        ({"set": {"swapped_at": [-1]}}, "list of at most 200 times"),
        ({"set": {"swapped_at": [0.1] * 201}}, "list of at most 200 times"),
        ({"set": {"couple": "all"}}, '"none" if there is no couple'),
        ({"set": {"notes": "a"}, "more": 1}, "Extra inputs"),
        ({"set": {"notes": "a"}, "was": {"lead": 7}}, "changes.0.was"),
    ],
)
def test_a_change_that_cannot_be_used_refuses_the_patch_and_is_named(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(PatchError, match=r"is not a patch: ") as error:
        load_patch(of(tmp_path, **change))
    assert said in str(error.value)
    assert len(str(error.value)) < 500 + len(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"changes": NaN}', "is not a patch"),
        ({**HEAD, "version": 2, "changes": []}, "version"),
        ({"format": "other", "version": 1, "changes": []}, "format"),
        ({**HEAD, "changes": [{"clip_id": "a", "set": {"lead": "left"}}] * 2}, "clip 'a' occurs more than once"),
        ({**HEAD, "changes": [{"clip_id": "", "set": {"lead": "left"}}]}, "clip_id"),
        ('{"version": 1' + "0" * 9_000 + "}", "is not a patch"),
    ],
)
def test_what_is_no_patch_is_one_clear_error(content: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(PatchError, match=said):
        load_patch(written(tmp_path, content))


def test_a_file_that_is_too_large_or_no_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.touch()
    os.truncate(path, 10**12)
    with pytest.raises(PatchError, match="is larger than 16 MB"):
        load_patch(path)
    for gone in (tmp_path / "none.json", tmp_path):
        with pytest.raises(PatchError, match="Cannot read the patch"):
            load_patch(gone)
