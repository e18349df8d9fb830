"""Complete files: a power cut leaves the old or the new one, and damaged or misplaced files are reported."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, ClassVar
from uuid import uuid4

from filelock import FileLock

from bachata_assets.collection import layout

if TYPE_CHECKING:
    import pyarrow as pa

REMEDY = "`bachata-assets repair` mends the data dir and keeps everything intact"
"""What to do about a damaged file of a data dir."""


MISPLACED = (IsADirectoryError, NotADirectoryError, FileExistsError, PermissionError)
"""System errors about a folder where a file belongs, or vice versa."""


class DamagedError(Exception):
    """A file or folder exists, but is not what was written; the message names it and the remedy.

    Parameters
    ----------
    path : path of the file
    why : what is wrong with it, a phrase
    remedy : what to do

    Attributes
    ----------
    transient : the reason is in the data dir, not in a clip
    """

    transient: ClassVar[bool] = True

    def __init__(self, path: str, why: str, remedy: str = REMEDY) -> None:
        super().__init__(f"{path} is damaged ({why}): {remedy}")
        self.path, self.why, self.remedy = path, why, remedy

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.path, self.why, self.remedy)  # worker processes send it


@dataclass(frozen=True)
class Written:
    """A table that was written.

    Attributes
    ----------
    table : as `read_table` will return it
    size : size of the file, bytes
    sha256 : hash of the file, see `content_hash`
    """

    table: "pa.Table"
    size: int
    sha256: str


@contextmanager
def damage_named(path: str) -> Iterator[None]:
    """Turn Arrow's errors about a file's content, and a folder in its place, into a `DamagedError` that names the file.

    For content that it cannot read, Arrow raises an OSError without a number; one about the disk has a number.
    """
    import pyarrow as pa

    try:
        with places_named(path):
            yield
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, FileNotFoundError) or (isinstance(error, OSError) and error.errno is not None):
            raise
        raise DamagedError(path, str(error).strip().partition("\n")[0].rstrip(".")[:200]) from error


@contextmanager
def places_named(path: str) -> Iterator[None]:
    """Turn system errors about a folder where a file belongs, or vice versa, into `DamagedError`.

    Parameters
    ----------
    path : path of the file
    """
    try:
        yield
    except MISPLACED as error:
        wrong = misplaced(Path(path))
        if wrong is None:
            raise
        raise wrong from error


def misplaced(path: Path) -> DamagedError | None:
    """Return the error about a folder in the place of a file, or about a file above it; None if there is none."""
    if _is_folder(path):
        return DamagedError(str(path), "a folder is in its place")
    above = file_above(path.parent)
    return DamagedError(str(above), "it is not a folder") if above else None


def file_above(folder: Path) -> Path | None:
    """Return the file in the place of a folder, or of one above it; None if there is none."""
    nearest = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), None)
    return nearest if nearest is not None and not nearest.is_dir() else None


def _is_folder(path: Path) -> bool:
    """Tell whether a folder exists; one that permissions hide counts as missing."""
    with suppress(PermissionError):
        return path.is_dir()
    return False


def require_owners(path: str, *clip_ids: str | None) -> None:
    """Raise a `DamagedError` if a table's content and name are of different clips.

    Parameters
    ----------
    path : path of the table
    clip_ids : clip ids in its content; None if missing, as in tables of earlier versions
    """
    if any(clip_id is not None and Path(path).name != f"{clip_id}{layout.TABLE_SUFFIX}" for clip_id in clip_ids):
        raise DamagedError(path, "it is the table of another clip")


def free_name(path: str | Path) -> Path:
    """Return this name with the first free number appended."""
    names = (Path(f"{path}-{number}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file, which only one process at a time can; the holder may take it again.

    Raises
    ------
    DamagedError
        A folder is in its place, or a file in the place of its folder.
    """
    with places_named(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(str(path), is_singleton=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def content_hash(content: bytes | Iterable[bytes]) -> str:
    """Return the hash of a file's content: 128 bits of its sha256, the longest that fits into a Dagster tag.

    Parameters
    ----------
    content : the content, or its pieces
    """
    digest = hashlib.sha256()
    for piece in (content,) if isinstance(content, bytes) else content:
        digest.update(piece)
    return digest.hexdigest()[:32]


def write_durably(path: Path, content: bytes | Callable[[IO[bytes]], object]) -> None:
    """Write a local file, whole or not at all, even if the power fails at any moment.

    Parameters
    ----------
    content : the content, or a function that writes it in pieces

    Raises
    ------
    OSError
        Names the file, if the disk is full, read-only or does not answer; the earlier file stays.
    DamagedError
        A folder is in the place of the file, or a file in the place of its folder.
    """
    written = path.with_name(f"{path.name}.{uuid4().hex[:8]}{layout.UNFINISHED_SUFFIX}")
    try:
        with places_named(str(path)):
            new_folders = _make_folder(path.parent)
            with written.open("xb") as file:
                if callable(content):
                    content(file)
                else:
                    file.write(content)
                file.flush()
                os.fsync(file.fileno())  # else the name may reach the disk before the content
            written.replace(path)
            for folder in (path.parent, *new_folders):
                _sync_folder(folder)
    except OSError as error:
        # A full disk names no file; other errors name the temporary file, a folder, or a file that `content` reads.
        if error.errno is not None and error.filename in {None, *map(str, (written, path, *path.parents))}:
            error.filename = str(path)
        raise
    finally:
        with suppress(NotADirectoryError):
            written.unlink(missing_ok=True)


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder; return the folders with a new name in them."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return [one.parent for one in missing]


def _sync_folder(folder: Path) -> None:
    """Write a folder's names to the disk; some network file systems refuse this, and write them by themselves."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
