"""The id of each clip, which is its partition key and the name of its tables."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

_LONGEST_ID = 200
"""Maximum length, bytes; file systems allow 255 for a name, and tables are named after clips."""


def assign_clip_ids(
    found: Iterable[PurePosixPath], known: Mapping[PurePosixPath, str], also_taken: Iterable[str] = ()
) -> dict[str, PurePosixPath]:
    """Assign an id to every file, in the given order.

    The id of a path never changes. A new file gets its stem; if that is taken, its folders in front, joined by `__`,
    then its extension, then a number. Ids that differ only in case count as equal: on the file systems of macOS and
    Windows both clips' tables would be one file.

    Parameters
    ----------
    found : files relative to the video dir
    known : path -> its earlier id, also for files that are gone
    also_taken : ids that no new file may get

    Returns
    -------
    clip id -> path, for the files found
    """
    taken = {clip_id.casefold() for clip_id in (*known.values(), *also_taken)}
    named = {}
    for path in found:
        clip_id = known.get(path) or next(name for name in _candidates(path) if name.casefold() not in taken)
        taken.add(clip_id.casefold())
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
    # Composed last: removing a control character may join a mark with a letter.
    key = unicodedata.normalize("NFC", "".join(c for c in name if unicodedata.category(c)[0] != "C"))
    key = re.sub(r"\.{3,}", "..", key.replace("/", "_")).strip() or "clip"
    if len(key.encode()) <= _LONGEST_ID:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return key.encode()[: _LONGEST_ID - 9].decode(errors="ignore") + "_" + digest
