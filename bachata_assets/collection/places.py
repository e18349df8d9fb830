"""Where a data dir is: a folder, or a place in an object store."""

import errno
import os

import fsspec
from fsspec.implementations.local import LocalFileSystem


def place_of(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """Return the file system of a data dir, and its path there.

    Raises
    ------
    OSError
        Naming the data dir, when its bucket is not there or cannot be asked for.
    """
    if "://" not in url:  # not by url_to_fs, which takes `::` and `~` in a folder's name for more than a name
        return LocalFileSystem(), os.path.abspath(url)  # noqa: PTH100  # links are not followed
    # A store's listings are asked for each time: other processes write there too.
    filesystem, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    root = root.rstrip("/")
    if {"s3", "gs"} & {*filesystem.protocol}:
        _require_bucket(filesystem, root.split("/")[0], url)
    return filesystem, root


def _require_bucket(filesystem: fsspec.AbstractFileSystem, bucket: str, url: str) -> None:
    """Raise an OSError that names the data dir when its bucket is not there or cannot be asked for."""
    try:
        there = filesystem.exists(bucket)
    except Exception as error:  # every store's client has exceptions of its own
        raise OSError(errno.EIO, f"cannot be reached: {error}", url) from error
    if not there:
        remedy = "create it, or check the store's address and the credentials"
        raise FileNotFoundError(errno.ENOENT, f"the bucket {bucket} is not there or cannot be reached: {remedy}", url)
