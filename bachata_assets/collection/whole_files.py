"""Files that are whole: a power cut leaves the old or the new one, and damaged and misplaced ones are told."""

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

REMEDY = "`bachata-assets repair` mends the data dir, nothing whole is made again"
"""What to do about a damaged file of a data dir."""


MISPLACED = (IsADirectoryError, NotADirectoryError, FileExistsError, PermissionError)
"""What the system says of a folder in the place of a file, or the other way round."""


class DamagedError(Exception):
    """A file or folder is there, but it is not what was written; the message names it and the remedy.

    Parameters
    ----------
    path : of the file
    why : what is wrong with it, a phrase
    remedy : what to do

    Attributes
    ----------
    transient : the reason lies in the data dir, not in a clip
    """

    transient: ClassVar[bool] = True

    def __init__(self, path: str, why: str, remedy: str = REMEDY) -> None:
        super().__init__(f"{path} is damaged ({why}): {remedy}")
        self.path, self.why, self.remedy = path, why, remedy

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.path, self.why, self.remedy)  # it comes out of worker processes


@dataclass(frozen=True)
class Written:
    """A table that was written.

    Attributes
    ----------
    table : as `read_table` will return it
    size : of the file, bytes
    sha256 : of the file, see `content_hash`
    """

    table: "pa.Table"
    size: int
    sha256: str


@contextmanager
def damage_named(path: str) -> Iterator[None]:
    """Raise what Arrow says of a file's content, and a folder in its place, as a `DamagedError` that names the file.

    Arrow raises an OSError without a number for a content that it cannot read; a disk that does not answer has one.
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
    """Raise what the system says of a folder in the place of a file, or a file in that of a folder, as `DamagedError`.

    Parameters
    ----------
    path : of the file that is wanted
    """
    try:
        yield
    except MISPLACED as error:
        wrong = misplaced(Path(path))
        if wrong is None:
            raise
        raise wrong from error


def misplaced(path: Path) -> DamagedError | None:
    """Return what keeps a file from being there: a folder of its name, or a file where a folder has to be."""
    if _is_folder(path):
        return DamagedError(str(path), "a folder is in its place")
    above = file_above(path.parent)
    return DamagedError(str(above), "it is no folder") if above else None


def file_above(folder: Path) -> Path | None:
    """Return what is no folder where a folder, or one above it, has to be."""
    nearest = next((one for one in (folder, *folder.parents) if os.path.lexists(one)), None)
    return nearest if nearest is not None and not nearest.is_dir() else None


def _is_folder(path: Path) -> bool:
    """Tell whether a folder is there; of what the rights hide, nothing is known."""
    with suppress(PermissionError):
        return path.is_dir()
    return False


def require_owners(path: str, *clip_ids: str | None) -> None:
    """Raise a `DamagedError` where a table says of itself that it is another clip's than its name does.

    Parameters
    ----------
    path : of the table
    clip_ids : what it says; None where it says nothing, as those of earlier versions
    """
    if any(clip_id is not None and Path(path).name != f"{clip_id}{layout.TABLE_SUFFIX}" for clip_id in clip_ids):
        raise DamagedError(path, "it is the table of another clip")


def free_name(path: str | Path) -> Path:
    """Return this name with the first number behind it that is not taken."""
    names = (Path(f"{path}-{number}") for number in count(1))
    return next(name for name in names if not os.path.lexists(name))


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file, which one process at a time does; whoever holds it may take it again.

    Raises
    ------
    DamagedError
        A folder is in its place, or a file in that of its folder.
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
    """Return the hash by which a file's content is known: 128 bits of its sha256, as long as Dagster lets a tag be.

    Parameters
    ----------
    content : or its pieces
    """
    digest = hashlib.sha256()
    for piece in (content,) if isinstance(content, bytes) else content:
        digest.update(piece)
    return digest.hexdigest()[:32]


def write_durably(path: Path, content: bytes | Callable[[IO[bytes]], object]) -> None:
    """Make a local file hold this content, whole or not at all, also when the power fails at any moment.

    Parameters
    ----------
    content : or what writes it, piece by piece

    Raises
    ------
    OSError
        Naming the file, when the disk is full, read-only or does not answer; what was there before stays.
    DamagedError
        A folder is in the place of the file, or a file in that of its folder.
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
                os.fsync(file.fileno())  # or the name may reach the disk before the content
            written.replace(path)
            for folder in (path.parent, *new_folders):
                _sync_folder(folder)
    except OSError as error:
        # A full disk names none, another error the temporary file or a folder; what `content` reads is another file.
        if error.errno is not None and error.filename in {None, *map(str, (written, path, *path.parents))}:
            error.filename = str(path)
        raise
    finally:
        with suppress(NotADirectoryError):
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
