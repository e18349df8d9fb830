"""The annotation file: reading it, its fallbacks, and which entry belongs to which clip.

Which clips exist is `collection/discovery.py`'s concern.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import ValidationError

from bachata_assets.annotation import Annotation


class AnnotationError(ValueError):
    """The annotation file cannot be used."""


@dataclass(frozen=True)
class Entry:
    """One entry of the file: which clip it means, what it says, and what could not be used of it."""

    clip_id: str
    video_path: str
    annotation: Annotation
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matched:
    """Entries laid against clips."""

    by_clip: dict[str, Entry] = field(default_factory=dict)
    without_file: tuple[Entry, ...] = ()

    def annotation(self, clip_id: str) -> Annotation:
        """Return what is known of a clip, the fallbacks where it has no entry."""
        entry = self.by_clip.get(clip_id)
        return entry.annotation if entry else Annotation()


def load_annotations(path: Path) -> list[Entry]:
    """Read an annotation file.

    A field that cannot be used falls back to its default and is named in the entry's `problems`.

    Raises
    ------
    AnnotationError
        When the file is missing, is not JSON or has no list of clips.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise AnnotationError(f"Annotation file not found: {path}. Give its path with --annotations.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"Cannot read the annotation file {path}: {error}") from error
    except json.JSONDecodeError as error:
        raise AnnotationError(f"{path} is not valid JSON: {error}. Correct the file at that place.") from error
    clips = content.get("clips") if isinstance(content, dict) else content
    if not isinstance(clips, list):
        raise AnnotationError(f'{path} has no list of clips: expected {{"clips": [{{"clip_id": …}}, …]}}.')
    return [_entry(raw, f"{path}, entry {number}") for number, raw in enumerate(clips, start=1)]


def match_annotations(
    entries: list[Entry], clips: Mapping[str, Path], *, annotations_path: Path, video_dir: Path
) -> Matched:
    """Find the entry of every clip.

    An entry's `video_path` is tried against the annotation file's folder, the video dir and its parent, then by the
    longest common suffix of path parts; then its `clip_id` is looked for. The first entry of a clip counts.

    Parameters
    ----------
    clips : clip id -> file
    """
    by_path = {path.resolve(): clip_id for clip_id, path in clips.items()}
    by_name: dict[str, list[str]] = {}
    for clip_id, path in clips.items():
        by_name.setdefault(path.name, []).append(clip_id)
    roots = [folder.resolve() for folder in (annotations_path.parent, video_dir, video_dir.parent)]
    by_clip: dict[str, Entry] = {}
    without_file: list[Entry] = []
    for entry in entries:
        meant = (
            _by_root(entry, roots, by_path)
            or _by_suffix(entry, clips, by_name)
            or (entry.clip_id if entry.clip_id in clips else None)
        )
        if meant is None:
            without_file.append(entry)
        else:
            by_clip.setdefault(meant, entry)
    return Matched(by_clip, tuple(without_file))


def _entry(raw: Any, where: str) -> Entry:
    if not isinstance(raw, dict):
        return Entry("", "", Annotation(), (f"{where}: expected an object, got {type(raw).__name__}",))
    said = {key: value for key, value in raw.items() if value is not None and value != ""}
    problems = []
    try:
        annotation = Annotation.model_validate(said)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            name = str(problem["loc"][0])
            problems.append(f"{where}: {name} = {said.pop(name, None)!r}: {problem['msg']}; fallback used")
        annotation = Annotation.model_validate(said)
    return Entry(str(raw.get("clip_id") or ""), str(raw.get("video_path") or ""), annotation, tuple(problems))


def _by_root(entry: Entry, roots: list[Path], by_path: Mapping[Path, str]) -> str | None:
    if not entry.video_path:
        return None
    tried = ((root / entry.video_path).resolve() for root in roots)
    return next((by_path[path] for path in tried if path in by_path), None)


def _by_suffix(entry: Entry, clips: Mapping[str, Path], by_name: Mapping[str, list[str]]) -> str | None:
    """Return the clip that shares most trailing path parts, None when several share as many."""
    parts = PurePosixPath(entry.video_path.replace("\\", "/")).parts
    if not parts:
        return None
    shared = {clip_id: _shared_suffix(parts, clips[clip_id].parts) for clip_id in by_name.get(parts[-1], ())}
    best = [clip_id for clip_id, count in shared.items() if count == max(shared.values())]
    return best[0] if len(best) == 1 else None


def _shared_suffix(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
