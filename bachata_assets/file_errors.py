"""The system's errors for files and disks, and what to do about each: one table for everything that writes."""

import errno
import os
import re
import tempfile
from pathlib import Path

_ROOM = "free some space, and run the same command again"
_RIGHTS = "change its permissions, or its folder's"
REFUSALS = {
    errno.ENOSPC: _ROOM,
    errno.EDQUOT: _ROOM,
    errno.EROFS: "make it writable, or choose another folder",
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EIO: "check its disk and the connection to it, and run the same command again",
    errno.ESTALE: "its folder was replaced on the server: mount it again, and run the same command again",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
}
"""Number of an error that does not concern a file's content -> what to do."""
_REMEDIES = REFUSALS | {errno.ENOENT: "is its disk mounted?"}
_SYSTEMS_WORDS = re.compile(r"\[Errno (\d+)\] (.+?)(?:: '(.+)')?")
"""Python's form of a system error."""


def of_a_file(number: int | None, reason: str | None, path: object = None) -> str:
    """Return the message about a file, with what to do: "FILE: REASON: REMEDY".

    Parameters
    ----------
    number : int or None
        Number of the error, as in `errno`.
    reason : str or None
        The system's message; if empty, the message for the number.
    path : object
        The file; None if the system does not name it.
    """
    parts = (path, reason or os.strerror(number or 0), _REMEDIES.get(number or 0))
    return ": ".join(str(part) for part in parts if part is not None)


def with_remedy(message: str) -> str:
    """Return an error's message; a system error gets the form of `of_a_file`."""
    found = _SYSTEMS_WORDS.fullmatch(message)
    return of_a_file(int(found[1]), found[2], found[3]) if found else message


def refusal(folder: Path, size: int = 4096) -> OSError | None:
    """Return why the system refuses a file of this size (bytes) in a folder, or None if it accepts it.

    Libraries in C and C++ say that writing failed, but not why.
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
