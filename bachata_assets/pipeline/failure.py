"""`Failure`: why a clip's table could not be made, and whether trying again may help.

A file that is no video, or shows no couple, fails in the same way every time: it is *permanent*, until file, model or
code change. A disk that does not answer or an index that is down is *transient*: the same clip may be made a minute
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
"""What libraries written in C and C++ say when memory runs out, in errors that are no `MemoryError`."""
_TRANSIENT = "transient:"
_TRANSIENT_BEFORE_0_2 = "passing:"


class ClipError(Exception):
    """A stage cannot make its table for this clip; the message is for people.

    Parameters
    ----------
    transient : the reason is not in the clip, so trying again may help
    """

    def __init__(self, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


@dataclass(frozen=True)
class Failure:
    """Why something could not be made; `transient` when the reason is not in the clip."""

    reason: str
    transient: bool = False

    @classmethod
    def of(cls, error: Exception) -> "Failure":
        """Return what an exception says."""
        return cls(with_remedy(str(error)) or type(error).__name__, is_transient(error))

    @property
    def tried_again(self) -> str:
        """When the clip is tried again, for people."""
        if self.transient:
            return "by itself, later: the reason is not in the clip"
        return "when the file, its annotation, a model or the code has changed, or by hand"

    def recorded(self, version: str) -> str:
        """Return what is recorded when making this data version failed."""
        return f"{_TRANSIENT}{version}" if self.transient else version


def failed_version(recorded: str) -> str:
    """Return the data version of what `Failure.recorded` returned."""
    return recorded.removeprefix(_TRANSIENT).removeprefix(_TRANSIENT_BEFORE_0_2)


def was_transient(recorded: str) -> bool:
    """Tell whether `Failure.recorded` was asked of a transient failure."""
    return recorded.startswith((_TRANSIENT, _TRANSIENT_BEFORE_0_2))


def is_transient(error: BaseException | None) -> bool:
    """Tell whether the reason for an error, or for what it was raised from, is outside the clip.

    An exception that knows it has an attribute `transient`: `ClipError` and those of the search index.
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
    """Tell whether an error says that there was too little memory: for data, or for a library to be loaded."""
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, OSError) and error.errno in (errno.ENOMEM, errno.EAGAIN):  # EAGAIN: of a thread
        return True
    return isinstance(error, MemoryError) or (not _is_ours(error) and bool(_OUT_OF_MEMORY.search(said)))


def named(error: Exception, path: object) -> Exception:
    """Return an error whose message names the file and says what to do: itself, if it is one of ours or the system's.

    Parameters
    ----------
    path : of the clip at hand
    """
    if _is_ours(error) or (isinstance(error, OSError) and not is_out_of_memory(error)):
        return error
    lines = f"{type(error).__name__}: {error}".split("\n")
    said = next(filter(_OUT_OF_MEMORY.search, lines), lines[0])
    if is_out_of_memory(error):
        return ClipError(
            f"{path}: not enough memory ({said}). Free some, or raise BACHATA_WORKER_MEMORY_GB.", transient=True
        )
    return ClipError(f"{path}: cannot be made ({said}). Report this as a bug, with the clip.")


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.startswith("bachata_assets.")
