"""What each clip is called: the id that is its partition key and the name of its tables."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

_LONGEST_ID = 200
"""Bytes; file systems allow 255 for a name, and tables are named after clips."""


def assign_clip_ids(
    found: Iterable[PurePosixPath], known: Mapping[PurePosixPath, str], also_taken: Iterable[str] = ()
) -> dict[str, PurePosixPath]:
    """Name every file, in the order found.

    An id once given to a path stays. A new file is called by its stem; where that is taken its folders come in
    front, joined by `__`, then its extension, then a number. An id that differs in upper and lower case alone is taken:
    on the file systems of macOS and Windows both clips' tables would be one file.

    Parameters
    ----------
    found : files relative to the video dir
    known : path -> the id it was given before, also of files that are gone
    also_taken : ids that no new file may be given

    Returns
    -------
    clip id -> path, of the files found
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
    # Composed last: a mark may join the letter from which a control character kept it apart.
    key = unicodedata.normalize("NFC", "".join(c for c in name if unicodedata.category(c)[0] != "C"))
    key = re.sub(r"\.{3,}", "..", key.replace("/", "_")).strip() or "clip"
    if len(key.encode()) <= _LONGEST_ID:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return key.encode()[: _LONGEST_ID - 9].decode(errors="ignore") + "_" + digest
