"""What the system says of a file or a disk that it refuses, and what to do about it: one table for all that writes."""

import errno
import os
import re
import tempfile
from pathlib import Path

_ROOM = "free some room, and give the same command again"
_RIGHTS = "change its rights, or its folder's"
REFUSALS = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: "make it writable, or name another folder",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EIO: "see whether its disk, or the way to it, is broken, and give the same command again",
    errno.ESTALE: "its folder was replaced where it comes from: mount it again, and give the same command again",
    errno.EMFILE: "let a process open more files (`ulimit -n`)",
}
"""Number of an error that says nothing of a file's content -> what to do."""
_REMEDIES = REFUSALS | {errno.ENOENT: "is its disk mounted?"}
_SYSTEMS_WORDS = re.compile(r"\[Errno (\d+)\] (.+?)(?:: '(.+)')?")
"""What Python makes of what the system says."""


def of_a_file(number: int | None, reason: str | None, path: object = None) -> str:
    """Return what the system says of a file, and what to do: "FILE: REASON: REMEDY".

    Parameters
    ----------
    number : int or None
        Of the error, as in `errno`.
    reason : str or None
        The system's words; those of the number if empty.
    path : object
        None where the system does not say which file it is.
    """
    parts = (path, reason or os.strerror(number or 0), _REMEDIES.get(number or 0))
    return ": ".join(str(part) for part in parts if part is not None)


def with_remedy(message: str) -> str:
    """Return an error's message, that of the system in the form of `of_a_file`."""
    found = _SYSTEMS_WORDS.fullmatch(message)
    return of_a_file(int(found[1]), found[2], found[3]) if found else message


def refusal(folder: Path, size: int = 4096) -> OSError | None:
    """Return why the system lets no file of this size (bytes) be written into a folder, None where it does.

    Libraries written in C and C++ say that writing failed, and not why.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        error.filename = str(folder)
        return error
    return None
