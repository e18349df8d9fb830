"""The files of a data dir, in a folder or an object store: each is written whole or not at all."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from glob import has_magic
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from bachata_assets.collection import layout
from bachata_assets.collection.data_dir.bucket_lock import held_in_bucket
from bachata_assets.collection.data_dir.places import ASKED_AT_ONCE, SamePlace, place_of
from bachata_assets.collection.whole_files import (
    content_hash,
    damage_named,
    free_name,
    held,
    places_named,
    write_durably,
)

_PIECE = 8 * 1024 * 1024
"""Bytes of a large file to read at once."""


@dataclass(frozen=True)
class Look:
    """The look of a file from outside.

    Attributes
    ----------
    size : bytes
    stamp : changes with the content: the version in a store, or a file's time and inode
    """

    size: int
    stamp: str


class Files:
    """The files of one data dir, by their names in it.

    Parameters
    ----------
    url : the data dir: a path, or a URL that fsspec understands (s3://…, gs://…)
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._same_place = SamePlace()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    @cached_property
    def _place(self) -> tuple[fsspec.AbstractFileSystem, str]:
        return place_of(self.url)

    @property
    def _filesystem(self) -> fsspec.AbstractFileSystem:
        return self._place[0]

    @property
    def is_local(self) -> bool:
        """Whether it is a folder."""
        return isinstance(self._filesystem, LocalFileSystem)

    def path(self, name: str) -> str:
        """Return the path of `name` in its file system."""
        return f"{self._place[1]}/{name}"

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        self.write_bytes(name, text.encode())

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write `content` into `name`, whole or not at all, which object stores guarantee by themselves."""
        if self.is_local:
            self._write_durably(name, content)
        else:
            self._filesystem.pipe_file(self.path(name), content)

    def write_pieces(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        """Write into `name`, whole or not at all, what `write` writes in pieces, which need not fit into memory."""
        if self.is_local:
            self._write_durably(name, write)
            return
        with NamedTemporaryFile() as file:  # a store gets only complete files
            write(file)
            file.flush()
            self._filesystem.put_file(file.name, self.path(name))

    def _write_durably(self, name: str, content: bytes | Callable[[IO[bytes]], object]) -> None:
        self._same_place.require(self._place[1])
        write_durably(Path(self.path(name)), content)
        self._same_place.keep(self._place[1])

    def read_text(self, name: str) -> str | None:
        """Return a text file's content, None if it does not exist."""
        content = self.read_bytes(name)
        if content is None:
            return None
        with damage_named(self.path(name)):
            return content.decode()

    def read_bytes(self, name: str) -> bytes | None:
        """Return a file's content, None if it does not exist."""
        path = self.path(name)  # a missing bucket is not a missing file
        # The client of S3 asks for the size first, unless it reads in one go.
        in_one_go = {"max_concurrency": 1} if "s3" in self._filesystem.protocol else {}
        try:
            with places_named(path):
                return bytes(self._filesystem.cat_file(path, **in_one_go))
        except FileNotFoundError:
            return None

    def read_ranges(self, ranges: Sequence[tuple[str, int, int | None]]) -> list[bytes | Exception]:
        """Return parts of files, or why they cannot be read; a store gets many requests at once.

        Parameters
        ----------
        ranges : name, first byte, and the byte after the last; None: to the end
        """
        paths = [self.path(name) for name, _, _ in ranges]
        firsts, ends = [first for _, first, _ in ranges], [end for _, _, end in ranges]
        many = {"batch_size": ASKED_AT_ONCE} if self._filesystem.async_impl else {}
        return list(self._filesystem.cat_ranges(paths, firsts, ends, on_error="return", **many))

    def size(self, name: str) -> int | None:
        """Return the size of a file, None if it does not exist."""
        look = self.look(name)
        return None if look is None else look.size

    def look(self, name: str) -> Look | None:
        """Return the look of a file, None if it does not exist."""
        path = self.path(name)
        try:
            with places_named(path):
                return _look(self._filesystem.info(path))
        except FileNotFoundError:
            return None

    def looks(self, names: Iterable[str]) -> dict[str, Look]:
        """Return the looks of the files that exist."""
        asked = list(names)
        with ThreadPoolExecutor(1 if self.is_local else ASKED_AT_ONCE) as pool:
            return {name: look for name, look in zip(asked, pool.map(self.look, asked), strict=True) if look}

    def looks_in(self, folder: str, suffix: str = "") -> dict[str, Look]:
        """Return name in a folder -> look of the file; empty if there is no folder."""
        path = self.path(folder)
        with suppress(FileNotFoundError), places_named(f"{path}/table"):
            if not self.is_local:
                listed = self._filesystem.ls(path, detail=True)
                return {one["name"].rsplit("/", 1)[-1]: _look(one) for one in listed if one["name"].endswith(suffix)}
            looks = {}
            with os.scandir(path) as entries:  # a tenth of the cost of the file system's ls
                for entry in entries:
                    if entry.name.endswith(suffix):
                        with suppress(FileNotFoundError):  # removed in the meantime
                            looks[entry.name] = _look_of_status(entry.stat())
            return looks
        return {}

    def sha256(self, name: str) -> str | None:
        """Return the hash of a file's content, None if it does not exist."""
        path = self.path(name)
        try:
            with places_named(path), self._filesystem.open(path, "rb", block_size=_PIECE) as file:
                return content_hash(iter(lambda: file.read(_PIECE), b""))
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        """Remove a file if it exists."""
        # Not by `rm`, which interprets `*`, `?` and `[` in a clip's name as a pattern.
        if self.size(name) is not None:
            with places_named(self.path(name)):
                self._filesystem.rm_file(self.path(name))

    def delete_all(self, names: Sequence[str]) -> None:
        """Remove files that exist; in a store many at once, except names that look like patterns."""
        alone = {name for name in names if self.is_local or has_magic(self.path(name))}
        for name in alone:
            self.delete(name)
        if together := [self.path(name) for name in names if name not in alone]:
            self._filesystem.rm(together)

    def set_aside(self, name: str) -> None:
        """Rename a damaged file, so that it counts as missing and can still be examined."""
        path, aside = self.path(name), self.path(name + layout.DAMAGED_SUFFIX)
        if self.is_local:
            Path(path).replace(free_name(aside) if Path(path).is_dir() or Path(aside).is_dir() else aside)
        else:
            self._filesystem.cp_file(path, aside)
            self._filesystem.rm_file(path)

    def files_below(self, folder: str) -> dict[str, str]:
        """Return the look of every file below a folder: name -> size and time."""
        filesystem, root = self._place
        start = len(root) + 1
        if self.is_local:
            looks = {}
            for place, _, names in os.walk(self.path(folder)):
                for path in (Path(place) / name for name in names):
                    with suppress(FileNotFoundError):  # removed in the meantime
                        state = path.stat()
                        looks[str(path)[start:]] = f"{state.st_size} {state.st_mtime_ns}"
            return looks
        listed = filesystem.find(self.path(folder), detail=True)
        return {
            name[start:]: f"{one['size']} {one.get('LastModified', one.get('mtime'))}" for name, one in listed.items()
        }

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock of all writers of this data dir: of one machine, or in an object store of any machine."""
        path = self.path(layout.LOCK)
        with held(Path(path)) if self.is_local else held_in_bucket(self._filesystem, path):
            yield


def _look(info: Mapping[str, Any]) -> Look:
    """Return a look, from a file system's information about a file."""
    if "ino" in info:  # a local file; its time is a float here, but exact in the status
        return _look_of_status(os.stat(info["name"]))  # noqa: PTH116
    # Google's generation depends on the content alone; its entity tag also changes with the object's metadata.
    tag = info.get("generation") or info.get("ETag") or info.get("etag") or info.get("created") or ""
    return Look(int(info["size"]), str(tag).strip('"'))


def _look_of_status(status: os.stat_result) -> Look:
    return Look(status.st_size, f"{status.st_mtime_ns} {status.st_ino}")
