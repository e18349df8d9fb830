"""The clips of a collection: which id a file was given, and what was in it when last looked.

How a folder is listed and ids are made lives in `video/discovery.py`; where the registry is kept, in `collection.py`.
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.video.discovery import assign_clip_ids, find_clips

logger = logging.getLogger(__name__)

UNREADABLE = "unreadable"
"""Content of a file that is there but could not be read."""


@dataclass(frozen=True)
class ClipFile:
    """One file and the id it was given."""

    clip_id: str
    path: PurePosixPath
    size: int
    mtime_ns: int
    content: str
    present: bool = True


def look(video_dir: Path, known: Mapping[str, ClipFile]) -> dict[str, ClipFile]:
    """List a folder against what is known of it; a file is only read when its size or time differs.

    Files that are gone stay, marked as not present: their ids are not given to others.

    Raises
    ------
    DiscoveryError
        When the folder cannot be listed.
    """
    ids = {file.path: clip_id for clip_id, file in known.items()}
    named = assign_clip_ids(find_clips(video_dir), ids)
    seen = {clip_id: _look_at(video_dir, clip_id, path, known.get(clip_id)) for clip_id, path in named.items()}
    gone = {clip_id: replace(file, present=False) for clip_id, file in known.items() if clip_id not in seen}
    return {**gone, **seen}


def look_again(video_dir: Path, file: ClipFile) -> ClipFile:
    """Return what is known of one file, read anew if it has changed since."""
    return _look_at(video_dir, file.clip_id, file.path, file)


def to_table(files: Mapping[str, ClipFile]) -> pa.Table:
    """Return the table of `schemas.clips`."""
    rows = [{**vars(file), "path": str(file.path)} for _, file in sorted(files.items())]
    return pa.Table.from_pylist(rows, schema=schemas.clips)


def from_table(table: pa.Table) -> dict[str, ClipFile]:
    """Return what `to_table` wrote."""
    rows = (ClipFile(**{**row, "path": PurePosixPath(row["path"])}) for row in table.to_pylist())
    return {file.clip_id: file for file in rows}


def _look_at(video_dir: Path, clip_id: str, path: PurePosixPath, known: ClipFile | None) -> ClipFile:
    file = video_dir / path
    try:
        status = file.stat()
        unchanged = known is not None and (known.size, known.mtime_ns) == (status.st_size, status.st_mtime_ns)
        if known is not None and unchanged and known.content != UNREADABLE:
            return replace(known, present=True)
        return ClipFile(clip_id, path, status.st_size, status.st_mtime_ns, content_hash(file))
    except OSError as error:
        logger.warning("Cannot read %s: %s", file, error.strerror)
        return ClipFile(clip_id, path, 0, 0, UNREADABLE)


def content_hash(path: Path) -> str:
    """Return the hash of what is in a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
