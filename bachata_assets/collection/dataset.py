"""`Dataset`: the files of a data dir, each written whole or not at all.

Their names are in `layout.py`, what tables hold in `schemas.py`, when one is made again in `pipeline/versions.py`; how
one is written durably, and a damaged one told, in `whole_files.py`.
"""

import io
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.local import LocalFileSystem

from bachata_assets.collection import layout
from bachata_assets.collection.data_dir.bucket_lock import held_in_bucket
from bachata_assets.collection.data_dir.places import SamePlace, place_of
from bachata_assets.collection.whole_files import (
    DamagedError,
    Written,
    content_hash,
    damage_named,
    free_name,
    held,
    places_named,
    require_owners,
    write_durably,
)

PROVENANCE_KEY = b"bachata_assets"
"""Key of a table's schema metadata under which its provenance stands, as JSON."""


class TableMissingError(FileNotFoundError):
    """A table that something needs has not been made."""


class Dataset:
    """The tables of one data dir, local or in an object store.

    Parameters
    ----------
    url : the data dir: a path, or a URL that fsspec understands (s3://…, gs://…)
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._same_place = SamePlace()

    def __repr__(self) -> str:
        return f"Dataset({self.url!r})"

    @cached_property
    def _place(self) -> tuple[fsspec.AbstractFileSystem, str]:
        return place_of(self.url)

    @property
    def _is_local(self) -> bool:
        return isinstance(self._place[0], LocalFileSystem)

    def path(self, name: str) -> str:
        """Return where `name` is, as its file system says it."""
        return f"{self._place[1]}/{name}"

    def table_path(self, asset: str, clip_id: str) -> str:
        """Return where the table of an asset and a clip is."""
        return self.path(layout.table(asset, clip_id))

    def write_table(self, asset: str, clip_id: str, table: pa.Table, provenance: dict[str, Any]) -> Written:
        """Write the table of an asset and a clip."""
        return self.write_parquet(layout.table(asset, clip_id), table, provenance)

    def write_parquet(self, name: str, table: pa.Table, provenance: dict[str, Any]) -> Written:
        """Write a table with its provenance in the schema's metadata."""
        metadata = {**(table.schema.metadata or {}), PROVENANCE_KEY: json.dumps(provenance).encode()}
        stamped = table.replace_schema_metadata(metadata)
        buffer = io.BytesIO()
        # With checksums whoever reads a table finds out that its disk has changed it.
        pq.write_table(stamped, buffer, compression="zstd", write_page_checksum=True)
        content = buffer.getvalue()
        self._put(name, content)
        return Written(stamped, len(content), content_hash(content))

    def read_parquet(self, name: str, columns: Sequence[str] | None = None) -> pa.Table | None:
        """Return a table of the whole collection, or some columns of it; None when it is not there.

        Raises
        ------
        DamagedError
            Naming the file.
        """
        path = self.path(name)
        try:
            with damage_named(path), self._place[0].open(path, "rb") as file:
                # A third of what read_table costs, which is made for data sets of many files.
                return pq.ParquetFile(file, page_checksum_verification=True).read(columns)
        except FileNotFoundError:
            return None

    def provenance_at(self, name: str) -> dict[str, Any]:
        """Return the provenance of a table; only its footer is read, which a table that was cut lacks.

        Raises
        ------
        DamagedError
            Naming the file.
        """
        with damage_named(self.path(name)):
            provenance = _provenance(self.metadata_at(name))
        require_owners(self.path(name), provenance.get("clip_id"))
        return provenance

    def metadata_at(self, name: str) -> dict[bytes, bytes]:
        """Return all metadata of a table; raises as `provenance_at` does."""
        path = self.path(name)
        with damage_named(path), self._place[0].open(path, "rb") as file:
            return pq.read_metadata(file).metadata or {}

    def check_content(self, name: str, sha256: str | None = None) -> Written:
        """Read a table whole and return it.

        Parameters
        ----------
        sha256 : of the file when it was written; None: not known, so that only what cannot be read is damaged

        Raises
        ------
        DamagedError
            Naming the file.
        """
        path = self.path(name)
        with places_named(path):
            content = self._place[0].cat_file(path)
        found = content_hash(content)
        if sha256 is not None and found != sha256:
            raise DamagedError(path, "its content is not what was written")
        with damage_named(path):
            table = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read()
            require_owners(path, provenance_of(table).get("clip_id"))
        return Written(table, len(content), found)

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        self._put(name, text.encode())

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file of any kind."""
        self._put(name, content)

    def read_text(self, name: str) -> str | None:
        """Return a text file's content, None when it is not there."""
        content = self.read_bytes(name)
        if content is None:
            return None
        with damage_named(self.path(name)):
            return content.decode()

    def read_bytes(self, name: str) -> bytes | None:
        """Return a file's content, None when it is not there."""
        path = self.path(name)  # a bucket that is not there is no missing file
        try:
            with places_named(path):
                return bytes(self._place[0].cat_file(path))
        except FileNotFoundError:
            return None

    def read_table(self, asset: str, clip_id: str) -> pa.Table:
        """Read the table of an asset and a clip.

        Raises
        ------
        TableMissingError
            Saying which asset to materialize.
        DamagedError
            Naming the file; also where it is the table of another clip.
        """
        name = layout.table(asset, clip_id)
        table = self.read_parquet(name)
        if table is None:
            raise TableMissingError(
                f"{asset} of clip {clip_id} has not been made: materialize {asset} for this partition first"
            )
        owners = set(table.column("clip_id").to_pylist()) if "clip_id" in table.column_names else {clip_id}
        require_owners(self.path(name), *owners, provenance_of(table).get("clip_id"))
        return table

    def size(self, name: str) -> int | None:
        """Return the size of a file, None when it is not there."""
        path = self.path(name)
        try:
            with places_named(path):
                return int(self._place[0].info(path)["size"])
        except FileNotFoundError:
            return None

    def sha256(self, name: str) -> str | None:
        """Return the hash of a file's content, None when it is not there."""
        content = self.read_bytes(name)
        return None if content is None else content_hash(content)

    def delete_table(self, asset: str, clip_id: str) -> None:
        """Remove the table of an asset and a clip, if there is one."""
        self.delete(layout.table(asset, clip_id))

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""
        # Not by `rm`, which takes `*`, `?` and `[` in a clip's name for a pattern.
        if self.size(name) is not None:
            with places_named(self.path(name)):
                self._place[0].rm_file(self.path(name))

    def set_aside(self, name: str) -> None:
        """Give a damaged file another name, so that it is not there any more and can still be looked at."""
        filesystem, _ = self._place
        path, aside = self.path(name), self.path(name + layout.DAMAGED_SUFFIX)
        if self._is_local:
            Path(path).replace(free_name(aside) if Path(path).is_dir() or Path(aside).is_dir() else aside)
        else:
            filesystem.cp_file(path, aside)
            filesystem.rm_file(path)

    def clip_ids(self, asset: str) -> set[str]:
        """Return the clips that have a table of this asset."""
        return set(self.table_sizes(asset))

    def table_sizes(self, asset: str) -> dict[str, int]:
        """Return clip id -> size of its table of this asset, in bytes; the folder is listed, no table is opened."""
        tables = self._tables_in(self.path(asset))
        return {name.rsplit("/", 1)[-1].removesuffix(layout.TABLE_SUFFIX): size for name, size in tables}

    def files_below(self, folder: str) -> dict[str, str]:
        """Return how every file below a folder looks from outside: name -> size and time."""
        filesystem, root = self._place
        start = len(root) + 1
        if self._is_local:
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

    def _tables_in(self, folder: str) -> Iterator[tuple[str, int]]:
        """Yield the tables in a folder and their sizes, none where there is no folder."""
        with suppress(FileNotFoundError), places_named(f"{folder}/table"):
            if not self._is_local:
                listed = self._place[0].ls(folder, detail=True)
                yield from ((one["name"], one["size"]) for one in listed if one["name"].endswith(layout.TABLE_SUFFIX))
                return
            with os.scandir(folder) as entries:  # a tenth of what the file system's ls costs
                for entry in entries:
                    if entry.name.endswith(layout.TABLE_SUFFIX):
                        with suppress(FileNotFoundError):  # removed in the meantime
                            yield entry.name, entry.stat().st_size

    def collection(self) -> dict[str, Any]:
        """Return what this data dir remembers of its collection: folders, precision.

        Raises
        ------
        DamagedError
            Naming the file.
        """
        text = self.read_text(layout.COLLECTION)
        if text is None:
            return {}
        with damage_named(self.path(layout.COLLECTION)):
            return _object(text)

    def remember(self, **facts: Any) -> None:
        """Keep facts of the collection, over what was remembered before."""
        if not facts.items() <= self.collection().items():
            with self.lock():
                self.write_text(layout.COLLECTION, json.dumps(self.collection() | facts, indent=2) + "\n")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold what all that write this data dir share: those of one machine, in an object store those of any."""
        path = self.path(layout.LOCK)
        with held(Path(path)) if self._is_local else held_in_bucket(self._place[0], path):
            yield

    def _put(self, name: str, content: bytes) -> None:
        """Make `name` hold `content`, whole or not at all; an object store does that by itself."""
        if self._is_local:
            self._same_place.require(self._place[1])
            write_durably(Path(self.path(name)), content)
            self._same_place.keep(self._place[1])
        else:
            self._place[0].pipe_file(self.path(name), content)


def provenance_of(table: pa.Table) -> dict[str, Any]:
    """Return the provenance that `write_table` put into a table."""
    return _provenance(table.schema.metadata)


def _provenance(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    return _object((metadata or {}).get(PROVENANCE_KEY, b"{}"))


def _object(text: str | bytes) -> dict[str, Any]:
    """Return a JSON object; raises ValueError for any other text."""
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError(f"an object was written, not {type(content).__name__}")
    return content
