"""Files that are whole: written so that a power cut leaves the old or the new one, and told from damaged ones."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

REMEDY = "`bachata-assets repair` mends the data dir, nothing whole is made again"
"""What to do about a damaged file of a data dir."""


class DamagedError(Exception):
    """A file is there, but it is not what was written; the message names the file and the remedy.

    Parameters
    ----------
    path : of the file
    why : what is wrong with it, a phrase
    remedy : what to do
    """

    def __init__(self, path: str, why: str, remedy: str = REMEDY) -> None:
        super().__init__(f"{path} is damaged ({why}): {remedy}")
        self.path, self.why, self.remedy = path, why, remedy

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.path, self.why, self.remedy)  # it comes out of worker processes


@contextmanager
def damage_named(path: str) -> Iterator[None]:
    """Raise what Arrow says of a file's content as a `DamagedError` that names the file.

    Arrow raises an OSError without a number for a content that it cannot read; a disk that does not answer has one.
    """
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, FileNotFoundError) or (isinstance(error, OSError) and error.errno is not None):
            raise
        raise DamagedError(path, str(error).strip().partition("\n")[0].rstrip(".")[:200]) from error


def content_hash(content: bytes) -> str:
    """Return the hash by which a file's content is known: 128 bits of its sha256, as long as Dagster lets a tag be."""
    return hashlib.sha256(content).hexdigest()[:32]


def write_durably(path: Path, content: bytes) -> None:
    """Make a local file hold this content, whole or not at all, also when the power fails at any moment.

    Raises
    ------
    OSError
        Naming the file, when the disk is full, read-only or does not answer; what was there before stays.
    """
    written = path.with_name(f"{path.name}.{uuid4().hex[:8]}.tmp")
    try:
        new_folders = _make_folder(path.parent)
        with written.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # or the name may reach the disk before the content
        written.replace(path)
        for folder in (path.parent, *new_folders):
            _sync_folder(folder)
    except OSError as error:
        error.filename = str(path)  # a full disk names none, another error the temporary file
        raise
    finally:
        written.unlink(missing_ok=True)


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder; return those in which a name is new."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return [one.parent for one in missing]


def _sync_folder(folder: Path) -> None:
    """Write a folder's names to the disk; some network file systems refuse that, and keep their names by themselves."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
