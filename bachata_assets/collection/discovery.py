"""Which clips a folder holds and what each is called.

Only names are looked at here; what is inside a file is read by `video/probe.py`.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from bachata_assets.collection import layout

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov"})
_LONGEST_ID = 200  # bytes; file systems allow 255 for a name, and tables are named after clips


class DiscoveryError(OSError):
    """The folder of clips cannot be listed. Not the same as an empty one: nothing may be concluded from it."""


def find_clips(video_dir: Path) -> list[PurePosixPath]:
    """Return the video files below a folder, relative to it, sorted.

    Suffixes count in any case; hidden files and folders, and the output folders of data dirs, are passed over.

    Raises
    ------
    DiscoveryError
        When the folder, or one below it, cannot be read.
    """
    if not video_dir.is_dir():
        raise DiscoveryError(f"Video directory not found: {video_dir}. Give a folder of clips with --video_dir.")

    def fail(error: OSError) -> None:
        raise DiscoveryError(f"Cannot list {error.filename}: {error.strerror}. Check its permissions.") from error

    found = []
    for folder, folders, files in os.walk(video_dir, onerror=fail, followlinks=True):
        is_data_dir = layout.COLLECTION in files
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and not (is_data_dir and _is_output(Path(folder) / name))
        )
        found += [
            PurePosixPath((Path(folder) / name).relative_to(video_dir).as_posix())
            for name in files
            if not name.startswith(".") and Path(name).suffix.lower() in VIDEO_SUFFIXES
        ]
    return sorted(found)


def assign_clip_ids(found: Iterable[PurePosixPath], known: Mapping[PurePosixPath, str]) -> dict[str, PurePosixPath]:
    """Name every file, in the order found.

    An id once given to a path stays. A new file is called by its stem; where that is taken its folders come in
    front, joined by `__`, then its extension, then a number.

    Parameters
    ----------
    found : files relative to the video dir
    known : path -> the id it was given before, also of files that are gone

    Returns
    -------
    clip id -> path, of the files found
    """
    taken = set(known.values())
    named = {}
    for path in found:
        clip_id = known.get(path) or next(name for name in _candidates(path) if name not in taken)
        taken.add(clip_id)
        named[clip_id] = path
    return named


def _candidates(path: PurePosixPath) -> Iterable[str]:
    yield clip_key(path.stem)
    with_folders = "__".join((*path.parent.parts, path.stem))
    yield clip_key(with_folders)
    with_suffix = f"{with_folders}__{path.suffix[1:].lower()}"
    yield clip_key(with_suffix)
    number = 2
    while True:
        yield clip_key(f"{with_suffix}__{number}")
        number += 1


def clip_key(name: str) -> str:
    """Return a name as a partition key: NFC, no control characters or slashes, no `...`, at most 200 bytes."""
    # Composed last: a mark may join the letter from which a control character kept it apart.
    key = unicodedata.normalize("NFC", "".join(c for c in name if unicodedata.category(c)[0] != "C"))
    key = re.sub(r"\.{3,}", "..", key.replace("/", "_")).strip() or "clip"
    if len(key.encode()) <= _LONGEST_ID:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return key.encode()[: _LONGEST_ID - 9].decode(errors="ignore") + "_" + digest


def _is_output(folder: Path) -> bool:
    """Tell an output folder of a data dir: it holds previews, tables or an index rather than clips."""
    return folder.name == layout.PREVIEWS or any(
        entry.name.endswith((".parquet", ".lance")) for entry in os.scandir(folder)
    )
