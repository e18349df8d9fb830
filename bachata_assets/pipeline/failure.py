"""`Failure`: why a clip's table could not be made, and whether trying again may help.

A file that is not a video, or shows no couple, fails in the same way every time: this is *permanent*, until file, model
or code change. A disk that does not answer or an index that is down is *transient*: the same clip may be made a minute
later.
"""

import errno
import re
from dataclasses import dataclass

from bachata_assets.file_errors import with_remedy

_OUT_OF_MEMORY = re.compile(
    r"(?i)bad_alloc|(cannot|can't|unable to) alloc|insufficient memory|failed to map segment|out ?of ?memory|"
    r"can't start new thread"
)
"""Messages of C and C++ libraries that run out of memory, in errors other than `MemoryError`."""
_TRANSIENT = "transient:"
_TRANSIENT_BEFORE_0_2 = "passing:"


class ClipError(Exception):
    """A stage cannot make its table for this clip; the message is for the user.

    Parameters
    ----------
    transient : the reason is not in the clip, so trying again may help
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


@dataclass(frozen=True)
class Failure:
    """Why something could not be made; `transient` if the reason is not in the clip."""

    reason: str
    transient: bool = False

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """Return the failure that an exception describes."""
        return cls(with_remedy(str(error)) or type(error).__name__, is_transient(error))

    @property
    def tried_again(self) -> str:
        """When the clip is tried again, for the user."""
        if self.transient:
            return "automatically, later: the reason is not in the clip"
        return "after the file, its annotation, a model or the code has changed, or on request"

    def recorded(self, version: str) -> str:
        """Return the text to record for a failure to make this data version."""
        return f"{_TRANSIENT}{version}" if self.transient else version


def failed_version(recorded: str) -> str:
    """Return the data version in a text of `Failure.recorded`."""
    return recorded.removeprefix(_TRANSIENT).removeprefix(_TRANSIENT_BEFORE_0_2)


def was_transient(recorded: str) -> bool:
    """Tell whether a text of `Failure.recorded` is that of a transient failure."""
    return recorded.startswith((_TRANSIENT, _TRANSIENT_BEFORE_0_2))


def is_transient(error: BaseException | None) -> bool:
    """Tell whether the reason for an error, or for one of its causes, is outside the clip.

    Some exceptions say so in an attribute `transient`: `ClipError` and those of the search index.
    """
    while error is not None:
        transient: bool | None = getattr(error, "transient", None)
        if transient is not None:
            return transient
        if isinstance(error, OSError) or is_out_of_memory(error):
            return True
        error = error.__cause__
    return False


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means too little memory: for data, or for loading a library."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.errno in (errno.ENOMEM, errno.EAGAIN):  # EAGAIN: for a thread
        return True
    return isinstance(error, MemoryError) or (not _is_ours(error) and bool(_OUT_OF_MEMORY.search(said)))


def named(error: Exception, path: object) -> Exception:
    """Return an error whose message names the file and what to do; errors of the package or the system are unchanged.

    Parameters
    ----------
    path : path of the clip
    """
    if _is_ours(error) or (isinstance(error, OSError) and not is_out_of_memory(error)):
        return error
    lines = f"{type(error).__name__}: {error}".split("\n")
    said = next(filter(_OUT_OF_MEMORY.search, lines), lines[0])
    if is_out_of_memory(error):
        return ClipError(
            f"{path}: not enough memory ({said}). Free some memory, or raise BACHATA_WORKER_MEMORY_GB.", transient=True
        )
    return ClipError(f"{path}: cannot be made ({said}). Report this as a bug, with the clip.")


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.startswith("bachata_assets.")
