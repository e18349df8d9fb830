"""Where a data dir is, a folder or a place in an object store; and files where folders belong, or vice versa."""

import errno
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from bachata_assets.collection import layout
from bachata_assets.collection.whole_files import file_above

ASKED_AT_ONCE = 32
"""Number of objects that a store is asked for at once: it answers each after some hundredths of a second."""
ABANDONED_S = 3600.0
"""Age from which on a half-written file is one of a process that was killed, s: writing takes seconds."""
_UNFINISHED = re.compile(rf"\.[0-9a-f]{{8}}{re.escape(layout.UNFINISHED_SUFFIX)}$")


def place_of(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system of a data dir, and its path there.

    Raises
    ------
    OSError
        Names the data dir, if its bucket does not exist or cannot be reached.
    """
    if "://" not in url:  # not by url_to_fs, which interprets `::` and `~` in a folder's name
        return LocalFileSystem(), os.path.abspath(url)  # noqa: PTH100  # links are not followed
    # By default, the client of S3 has ten connections, so most parallel requests would wait.
    own = {"config_kwargs": {"max_pool_connections": ASKED_AT_ONCE}} if url.startswith("s3:") else {}
    # Listings of a store are not cached: other processes write there, too.
    filesystem, root = fsspec.core.url_to_fs(url, use_listings_cache=False, **own)
    root = root.rstrip("/")
    if {"s3", "gs"} & {*filesystem.protocol}:
        _require_bucket(filesystem, root.split("/")[0], url)
    return filesystem, root


def read_object(url: str, most: int) -> bytes:
    """Return the content of an object, at most its first `most` bytes.

    Raises
    ------
    OSError
        It does not exist, or the store refuses it.
    """
    filesystem, path = place_of(url)
    try:
        # By its exact name, and no more than needed: a larger object is refused.
        return bytes(filesystem.cat_file(path, start=0, end=min(most, filesystem.info(path)["size"])))
    except OSError:
        raise
    except Exception as error:  # every store's client has exceptions of its own
        raise OSError(errno.EIO, f"cannot be read: {error}", url) from error


def misplaced_in(url: str, assets: Iterable[str]) -> list[str]:
    """Return the names of folders where files belong, and of files where folders belong.

    An object store has no folders, so there nothing is misplaced.

    Parameters
    ----------
    url : the data dir
    assets : names of all assets that have tables
    """
    if "://" in url:
        return []
    data_dir = Path(url)
    of_tables = [data_dir / name for name in (*assets, layout.PREVIEWS)]
    files = [data_dir / name for name in layout.FILES]
    files += [path for folder in of_tables if folder.is_dir() for path in folder.iterdir()]
    wrong = [path for path in files if path.is_dir() and layout.DAMAGED_SUFFIX not in path.name]
    wrong += [folder for folder in (*of_tables, data_dir / layout.INDEX) if file_above(folder) == folder]
    return sorted(path.relative_to(data_dir).as_posix() for path in wrong)


def abandoned_in(url: str) -> list[str]:
    """Return the names of half-written files that processes left when they were killed.

    An object store keeps none: what is written there is there when it is whole.

    Parameters
    ----------
    url : the data dir
    """
    if "://" in url:
        return []
    data_dir, before = Path(url), time.time() - ABANDONED_S
    return sorted(
        path.relative_to(data_dir).as_posix()
        for path in data_dir.rglob(f"*{layout.UNFINISHED_SUFFIX}")
        if _UNFINISHED.search(path.name) and path.is_file() and path.stat().st_mtime < before
    )


class SamePlace:
    """A local data dir that this process has written to: it is not replaced by another or a new folder.

    A disk that is unmounted while clips are made leaves no folder, or an empty one of another disk.
    """

    def __init__(self) -> None:
        self._identity: tuple[int, int] | None = None

    def require(self, path: str) -> None:
        """Raise an OSError that names the data dir if it has disappeared since `keep`."""
        if self._identity in (None, identity_of(path)) or Path(path, layout.COLLECTION).exists():
            return
        raise FileNotFoundError(errno.ENOENT, "the data dir disappeared during a write", path)

    def keep(self, path: str) -> None:
        """Take the folder as the data dir from now on, if its content says that it is one."""
        if self._identity is None and Path(path, layout.COLLECTION).exists():
            self._identity = identity_of(path)


def identity_of(folder: str | Path) -> tuple[int, int] | None:
    """Return the identity of a folder, whatever its name; None if it cannot be read."""
    try:
        status = Path(folder).stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _require_bucket(filesystem: fsspec.AbstractFileSystem, bucket: str, url: str) -> None:
    """Raise an OSError that names the data dir if its bucket does not exist or cannot be reached."""
    try:
        there = filesystem.exists(bucket)
    except Exception as error:  # every store's client has exceptions of its own
        raise OSError(errno.EIO, f"cannot be reached: {error}", url) from error
    if not there:
        remedy = "create it, or check the store's address and the credentials"
        raise FileNotFoundError(errno.ENOENT, f"the bucket {bucket} does not exist or is unreachable: {remedy}", url)
