"""A patch compared with an annotation file: which fields change, and the text of the file afterwards."""

import codecs
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bachata_assets.annotation import Annotation
from bachata_assets.collection.annotations import lenient_json
from bachata_assets.collection.annotations.annotation_file import Entry, entries_of
from bachata_assets.collection.patching import json_text
from bachata_assets.collection.patching.patch import Patch, PatchError
from bachata_assets.collection.remarks import named
from bachata_assets.collection.whole_files import write_durably

EMPTY = b'{"clips": []}\n'
"""An annotation file without entries."""
_BY_HAND = "The annotation file cannot be edited without loss: write the changes into it by hand"


@dataclass(frozen=True)
class FieldChange:
    """One field of one clip's annotation; None: it is missing, so its fallback applies."""

    clip_id: str
    field: str
    before: Any
    after: Any


def differences(patch: Patch, entries: Mapping[str, Entry], clip_ids: Collection[str]) -> list[FieldChange]:
    """Return what a patch changes; leave out fields that already have the value.

    Parameters
    ----------
    entries : clip id -> its annotation entry
    clip_ids : ids of all clips of the collection

    Raises
    ------
    PatchError
        A clip is unknown, or a field has changed since the patch was made.
    """
    unknown = [change.clip_id for change in patch.changes if change.clip_id not in clip_ids]
    if unknown:
        raise PatchError(f"Not clips of this collection: {named(unknown)}. Nothing is applied.")
    found, conflicts = [], []
    for change in patch.changes:
        entry = entries.get(change.clip_id)
        annotation = entry.annotation if entry else Annotation()
        now = annotation.model_dump(mode="json")
        conflicts += [
            f"{change.clip_id}: {field} was {_shown(was)} when it was changed, and is now {_shown(now[field])}"
            for field, was in change.was.items()
            if field in change.set and was != _said_of(now[field]) and change.set[field] != _said_of(now[field])
        ]
        said = {field: now[field] for field in annotation.model_fields_set}
        found += [
            FieldChange(change.clip_id, field, said.get(field), after)
            for field, after in change.set.items()
            if said.get(field) != after
        ]
    if conflicts:
        raise PatchError(f"{named(conflicts)}. Nothing is applied: make the report and the changes again.")
    return found


def patched(content: bytes, changes: Collection[FieldChange], entries: Mapping[str, Entry]) -> bytes:
    """Return an annotation file after some changes; all other entries stay byte for byte.

    Parameters
    ----------
    content : content of the file
    changes : changes from `differences`
    entries : clip id -> its annotation entry, as the file has it

    Raises
    ------
    PatchError
        The file cannot be written back without loss.
    """
    values: dict[str, dict[str, Any]] = {}
    for change in changes:
        values.setdefault(change.clip_id, {})[change.field] = change.after
    numbers = {clip_id: entries[clip_id].number - 1 for clip_id in values if clip_id in entries}
    try:
        text, encoding = _decoded(content)
        written = _edited(text, values, numbers).encode(encoding, "surrogateescape")
    except (ValueError, IndexError, RecursionError) as error:
        raise PatchError(_BY_HAND) from error
    if _said_after(content, values, numbers) != [_said(entry) for entry in entries_of(written, Path("annotations"))]:
        raise PatchError(_BY_HAND)
    return written


def replace_file(path: Path, content: bytes) -> None:
    """Replace the content of an annotation file, whole or not at all; keep its permissions, and links to it."""
    target = path.resolve()
    mode = target.stat().st_mode & 0o777 if target.exists() else None
    write_durably(target, content)
    if mode is not None:
        target.chmod(mode)


def _edited(text: str, values: Mapping[str, dict[str, Any]], numbers: Mapping[str, int]) -> str:
    """Return the text with changed entries; clips without an entry get one after the last.

    Parameters
    ----------
    numbers : clip id -> index of its entry in the list
    """
    spans = _elements(text)
    for clip_id in sorted(numbers, key=numbers.__getitem__, reverse=True):
        start, end = spans[numbers[clip_id]]
        text = text[:start] + json_text.with_values(text[start:end], values[clip_id]) + text[end:]
    for clip_id, said in values.items():
        if clip_id not in numbers:
            new = {"clip_id": clip_id, **{name: value for name, value in said.items() if value is not None}}
            spans = _elements(text)
            text = json_text.with_element(text, spans, new) if spans else _with_first(text, new)
    return text


def _with_first(text: str, new: dict[str, Any]) -> str:
    """Return the text of a file without entries, with a first entry added."""
    inner = text.strip("\ufeff \t\r\n")
    first = (
        json.dumps([new], ensure_ascii=False) if inner[:1] == "[" else json_text.with_values(inner, {"clips": [new]})
    )
    return text.replace(inner, first, 1)


def _said(entry: Entry) -> tuple[str, str, dict[str, Any]]:
    return entry.clip_id, entry.video_path, entry.annotation.model_dump(mode="json", exclude_unset=True)


def _said_after(
    content: bytes, values: Mapping[str, dict[str, Any]], numbers: Mapping[str, int]
) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the expected content of the entries after the changes; the written file must read back as this."""
    said = [_said(entry) for entry in entries_of(content, Path("annotations"))]
    for clip_id, changed in values.items():
        if clip_id in numbers:
            name, path, before = said[numbers[clip_id]]
        else:
            name, path, before = clip_id, "", {}
        after = {field: value for field, value in {**before, **changed}.items() if value is not None}
        if clip_id in numbers:
            said[numbers[clip_id]] = (name, path, after)
        else:
            said.append((name, path, after))
    return said


def _elements(text: str) -> list[tuple[int, int]]:
    """Return start and end of every entry, without the space around it."""
    found = []
    for start, end in lenient_json.spans(text, "clips"):
        inner = text[start:end]
        found.append((start + len(inner) - len(inner.lstrip()), end - len(inner) + len(inner.rstrip())))
    return found


def _decoded(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the encoding that writes it back byte for byte."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if content.startswith(mark):
            return content.decode(encoding), encoding  # the byte order mark stays the first character
    return content.decode("utf-8", "surrogateescape"), "utf-8"


def _said_of(value: Any) -> Any:
    """Return the value of a field in the form of `stated`."""
    return None if value in ("", []) else value


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:80]
