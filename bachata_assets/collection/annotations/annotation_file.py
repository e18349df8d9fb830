"""The annotation file: reading it, its fallbacks, and which entry belongs to which clip.

An unusable part of an entry affects only that part; a file that is not JSON is refused as a whole, since then nobody
knows where its entries end. `videos/discovery.py` finds the clips.
"""

import difflib
import json
import os
import reprlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from bachata_assets.annotation import Annotation
from bachata_assets.collection.annotations import lenient_json
from bachata_assets.collection.annotations.file_content import AnnotationError, once_written, read_file, text_of
from bachata_assets.collection.remarks import Remark

LONGEST_NAME = 4096
"""Maximum length of a `clip_id` and a `video_path`, characters: that of a path on Linux."""
MOST_UNKNOWN = 5
"""Maximum number of unknown fields of an entry that are named."""
LONGEST_FIELD = 40
"""Maximum length of an unknown name for which a similar field is suggested, characters."""
_NAMES = ("clip_id", "video_path")
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_FIELDS = (*_NAMES, *Annotation.model_fields)


@dataclass(frozen=True)
class Entry:
    """One entry of the file: its clip, its annotation, and its problems.

    Attributes
    ----------
    number : number of the entry in the file, from 1
    """

    clip_id: str
    video_path: str
    annotation: Annotation
    problems: tuple[Remark, ...] = ()
    place: str = ""
    number: int = 0

    @property
    def name(self) -> str:
        """The entry's name for its clip."""
        return self.clip_id or self.video_path


@dataclass(frozen=True)
class Matched:
    """Entries matched with clips."""

    by_clip: dict[str, Entry] = field(default_factory=dict)
    without_file: tuple[Entry, ...] = ()
    problems: tuple[Remark, ...] = ()

    def annotation(self, clip_id: str) -> Annotation:
        """Return the annotation of a clip; the fallbacks if it has no entry."""
        entry = self.by_clip.get(clip_id)
        return entry.annotation if entry else Annotation()


def load_annotations(path: str | Path) -> list[Entry]:
    """Read an annotation file from a path or the URL of an object; wait for a file that is being written.

    An unusable field falls back to its default and is named in the entry's `problems`.

    Raises
    ------
    AnnotationError
        If the file is missing, too large, is not JSON or has no list of clips.
    """
    return once_written(path, lambda: entries_of(read_file(path), path))


def entries_of(written: bytes, path: str | Path) -> list[Entry]:
    """Return the entries of an annotation file's content.

    Parameters
    ----------
    path : path or URL of the file, for messages

    Raises
    ------
    AnnotationError
        If it is not JSON or has no list of clips.
    """
    text, more, name = text_of(written, path), 0, PurePosixPath(path).name
    try:
        try:
            content = lenient_json.loads(text)
            clips, more = _lists_of(content) if isinstance(content, dict) else (content, 0)
        except RecursionError:
            clips = list(lenient_json.elements(text, "clips")) or None
    except json.JSONDecodeError as error:
        raise AnnotationError(f"{path} is not valid JSON: {error}. Correct the file at that position.") from error
    if not isinstance(clips, list):
        raise AnnotationError(f'{path} has no list of clips: expected {{"clips": [{{"clip_id": …}}, …]}}.')
    entries = [
        replace(_entry(raw, f"{name}, entry {number}"), number=number) for number, raw in enumerate(clips, start=1)
    ]
    if more:
        said = Remark("clips occurs more than once", f"{name}: clips occurs {more + 1} times; all of them count")
        entries.append(Entry("", "", Annotation(), (said,), name))
    return entries


def _lists_of(content: Mapping[str, Any]) -> tuple[Any, int]:
    """Return the entries of a file, and the number of further lists after the first."""
    lists = content.every("clips") if isinstance(content, lenient_json.Repeating) else []
    if len(lists) > 1 and all(isinstance(one, list) for one in lists):
        return [entry for one in lists for entry in one], len(lists) - 1
    return content.get("clips"), 0


def match_annotations(
    entries: list[Entry],
    clips: Mapping[str, Path],
    *,
    annotations_path: Path,
    video_dir: Path,
    by_id: Collection[str] = (),
) -> Matched:
    """Find the entry of every clip.

    An entry's `video_path` is tried relative to the annotation file's folder, the video dir and its parent, then by the
    longest common suffix of path parts; then its `clip_id` is tried. The first entry of a clip counts.

    Parameters
    ----------
    clips : clip id -> file
    by_id : ids that only a `clip_id` can match: further couples of a file
    """
    by_path = {_real(path): clip_id for clip_id, path in clips.items()}
    by_name: dict[str, list[str]] = {}
    for clip_id, path in clips.items():
        by_name.setdefault(path.name, []).append(clip_id)
    roots = [_real(folder) for folder in (annotations_path.parent, video_dir, video_dir.parent)]
    by_clip: dict[str, Entry] = {}
    without_file: list[Entry] = []
    problems: list[Remark] = []
    for entry in entries:
        meant = (
            (entry.clip_id if entry.clip_id in by_id else None)
            or _by_root(entry, roots, by_path)
            or _by_suffix(entry, clips, by_name)
            or (entry.clip_id if entry.clip_id in clips else None)
        )
        if meant is None and entry.name:
            without_file.append(entry)
        elif meant is not None and by_clip.setdefault(meant, entry) is not entry:
            kind = "a clip has an earlier entry, which counts"
            problems.append(
                Remark(kind, f"{entry.place}: clip {meant} has an earlier entry, {by_clip[meant].place}, which counts")
            )
    return Matched(by_clip, tuple(without_file), tuple(problems))


def _entry(raw: Any, place: str) -> Entry:
    """Return an entry with its problems."""

    def problem(kind: str, text: str = "") -> Remark:
        return Remark(kind, f"{place}: {text or kind}")

    if raw is lenient_json.TOO_DEEP:
        return Entry("", "", Annotation(), (problem("nested too deeply"),), place)
    if not isinstance(raw, dict):
        return Entry("", "", Annotation(), (problem(f"expected an object, got {type(raw).__name__}"),), place)
    problems = [problem(*said) for said in _unknown(raw)]
    names = {name: _name(raw.get(name)) for name in _NAMES}
    for name in (name for name in _NAMES if names[name] is None):
        problems.append(problem(f"{name} cannot be used", f"{name} = {_shown(raw[name])} cannot be the name of a clip"))
    if not any(names.values()) and not any(name is None for name in names.values()):
        problems.append(problem("names no clip: clip_id and video_path are missing"))
    said = {name: raw[name] for name in Annotation.model_fields if name in raw and not _is_blank(raw[name])}
    try:
        annotation = Annotation.model_validate(said)
    except ValidationError as error:
        for wrong in error.errors(include_url=False, include_context=False):
            name = str(wrong["loc"][0])
            message = wrong["msg"].removeprefix("Value error, ")
            text = f"{name} = {_shown(said.pop(name, None))}: {message}; fallback used"
            problems.append(problem(f"{name} cannot be used; fallback used", text))
        annotation = Annotation.model_validate(said)
    return Entry(names["clip_id"] or "", names["video_path"] or "", annotation, tuple(problems), place)


def _unknown(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and text of the remarks about unknown or repeated fields."""
    unknown = sorted(raw.keys() - set(_FIELDS))
    for name in unknown[:MOST_UNKNOWN]:
        hint = _meant(name)
        yield hint or "not a field of an annotation", f"{_shown(name)} is not a field of an annotation{hint}"
    if len(unknown) > MOST_UNKNOWN:
        yield "many unknown fields", f"{len(unknown) - MOST_UNKNOWN:,} more are not fields of an annotation"
    for name in raw.repeated[:MOST_UNKNOWN] if isinstance(raw, lenient_json.Repeating) else ():
        yield "occurs more than once", f"{_shown(name)} occurs more than once; the last counts"


@cache
def _meant(name: str) -> str:
    """Return a suggestion of the field that was probably meant; empty if there is none."""
    near = difflib.get_close_matches(name, _FIELDS, 1) if len(name) <= LONGEST_FIELD else []
    return f": did you mean {near[0]}?" if near else ""


def _name(value: Any) -> str | None:
    """Return a name as text, empty if missing; None for a value that cannot be a name."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    name = str(value)
    return name if len(name) <= LONGEST_NAME and "\x00" not in name and _is_text(name) else None


def _is_text(value: str) -> bool:
    """Tell whether a text can be written as UTF-8: JSON allows lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _shown(value: Any) -> str:
    """Return a value for a message: short, on one line, without control characters."""
    return _SHORT.repr(value)


def _real(path: Path) -> Path:
    # Path.resolve() raises for a link that leads back to itself.
    return Path(os.path.realpath(path))


def _by_root(entry: Entry, roots: list[Path], by_path: Mapping[Path, str]) -> str | None:
    if not entry.video_path:
        return None
    tried = (_real(root / entry.video_path) for root in roots)
    return next((by_path[path] for path in tried if path in by_path), None)


def _by_suffix(entry: Entry, clips: Mapping[str, Path], by_name: Mapping[str, list[str]]) -> str | None:
    """Return the clip that shares most trailing path parts, None if several share as many."""
    parts = PurePosixPath(entry.video_path.replace("\\", "/")).parts
    if not parts:
        return None
    shared = {clip_id: _shared_suffix(parts, clips[clip_id].parts) for clip_id in by_name.get(parts[-1], ())}
    best = [clip_id for clip_id, count in shared.items() if count == max(shared.values())]
    return best[0] if len(best) == 1 else None


def _shared_suffix(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
