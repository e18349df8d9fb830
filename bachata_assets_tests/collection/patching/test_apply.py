"""A patch laid against an annotation file."""

import json
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.collection.annotations.annotation_file import Entry, entries_of
from bachata_assets.collection.patching.apply import FieldChange, differences, patched, replace_file
from bachata_assets.collection.patching.patch import Patch, PatchError

FILE = """{
  "instructions": "by hand",
  "clips": [
    {"clip_id": "a", "move_label": "turn", "tags": [1,2 ], "rating": 1e3},
    {
      "clip_id": "b",
      "notes": "caf\\u00e9"
    }
  ]
}
"""


def entries(content: bytes) -> dict[str, Entry]:
    return {entry.clip_id: entry for entry in entries_of(content, Path("annotations.json"))}


def patch(**of_clips: dict[str, Any]) -> Patch:
    changes = [{"clip_id": clip_id, "set": values} for clip_id, values in of_clips.items()]
    return Patch.model_validate({"format": "bachata-annotations-patch", "version": 1, "changes": changes})


def applied(content: bytes, **of_clips: dict[str, Any]) -> bytes:
    known = entries(content)
    return patched(content, differences(patch(**of_clips), known, {"a", "b", "c"}), known)


def test_only_what_changes_is_written_anew() -> None:
    after = applied(FILE.encode(), a={"move_label": "dip", "lead": "left"}, b={"notes": None})
    assert after.decode() == FILE.replace('"turn"', '"dip"').replace("1e3}", '1e3, "lead": "left"}').replace(
        '"b",\n      "notes": "caf\\u00e9"', '"b"'
    )


def test_a_clip_without_an_entry_gets_one_behind_the_last() -> None:
    after = applied(FILE.encode(), c={"move_label": "dip", "couple": "none"})
    assert json.loads(after)["clips"][2] == {"clip_id": "c", "move_label": "dip", "couple": "none"}
    assert after.decode().startswith(FILE[: FILE.rindex("}\n  ]")])


@pytest.mark.parametrize("content", ["[]", '{"clips": []}\n', '\ufeff{"by": "me", "clips": [ ]}'])
def test_the_first_entry_of_an_empty_file_keeps_what_is_around_it(content: str) -> None:
    after = json.loads(applied(content.encode(), c={"lead": "right"}).decode("utf-8-sig"))
    clips = after["clips"] if isinstance(after, dict) else after
    assert clips == [{"clip_id": "c", "lead": "right"}]
    assert "by" not in content or after["by"] == "me"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_keeps_its_encoding(encoding: str) -> None:
    content = FILE.replace("\\u00e9", "é").encode(encoding)
    after = applied(content, a={"notes": "ñ"})
    assert after[:2] == content[:2]
    assert json.loads(after.decode(encoding))["clips"][0]["notes"] == "ñ"
    assert after.decode(encoding) == FILE.replace("\\u00e9", "é").replace("1e3}", '1e3, "notes": "ñ"}')


def test_bytes_that_are_no_text_stay_in_an_entry_that_nobody_changed() -> None:
    content = b'[{"clip_id": "b", "notes": "caf\xe9"}, {"clip_id": "a"}]'
    assert applied(content, a={"lead": "left"}) == content.replace(b'"a"', b'"a", "lead": "left"')


def test_a_file_whose_list_is_there_twice_is_not_edited() -> None:
    content = b'{"clips": [{"clip_id": "x"}], "clips": [{"clip_id": "a"}]}'
    with pytest.raises(PatchError, match="by hand"):
        applied(content, a={"lead": "left"})


def test_an_entry_with_a_number_too_long_is_not_edited() -> None:
    content = b'[{"clip_id": "a", "x": ' + b"1" * 9_000 + b"}]"
    with pytest.raises(PatchError, match="by hand"):
        applied(content, a={"lead": "left"})


def test_a_clip_that_is_not_of_the_collection_is_named() -> None:
    with pytest.raises(PatchError, match=r"Not clips of this collection: ghost\. Nothing is applied"):
        differences(patch(ghost={"lead": "left"}), {}, {"a"})


def test_what_is_so_already_is_no_change() -> None:
    known = entries(FILE.encode())
    assert differences(patch(a={"move_label": "turn"}, b={"lead": None}), known, {"a", "b"}) == []
    assert differences(patch(b={"notes": " ", "lead": "left"}), known, {"a", "b"}) == [
        FieldChange("b", "notes", "café", None),
        FieldChange("b", "lead", None, "left"),
    ]


def test_a_field_that_has_changed_since_refuses_the_patch() -> None:
    change = {"clip_id": "a", "set": {"move_label": "dip"}, "was": {"move_label": "basic"}}
    stale = Patch.model_validate({"format": "bachata-annotations-patch", "version": 1, "changes": [change]})
    with pytest.raises(PatchError, match=r'a: move_label was "basic" when it was changed, and is now "turn"'):
        differences(stale, entries(FILE.encode()), {"a"})
    # Somebody has said the same in the meantime: nothing to quarrel about.
    change["set"] = {"move_label": "turn"}
    same = Patch.model_validate({"format": "bachata-annotations-patch", "version": 1, "changes": [change]})
    assert differences(same, entries(FILE.encode()), {"a"}) == []


def test_a_link_to_the_file_stays_one_and_its_rights_stay(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text("[]")
    (tmp_path / "real.json").chmod(0o640)
    (tmp_path / "link.json").symlink_to("real.json")
    replace_file(tmp_path / "link.json", b"{}")
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "real.json").read_bytes() == b"{}"
    assert (tmp_path / "real.json").stat().st_mode & 0o777 == 0o640
    assert len(list(tmp_path.iterdir())) == 2
