"""`Dataset`: the files of a data dir, each written whole or not at all.

Their names are in `layout.py`, what tables hold in `schemas.py`, when one is made again in `pipeline/versions.py`.
"""

import errno
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock
from fsspec.implementations.local import LocalFileSystem

from bachata_assets.collection import layout

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

    def __repr__(self) -> str:
        return f"Dataset({self.url!r})"

    @cached_property
    def _place(self) -> tuple[fsspec.AbstractFileSystem, str]:
        # A store's listings are asked for each time: other processes write there too.
        filesystem, root = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        root = root.rstrip("/")
        if {"s3", "gs"} & {*filesystem.protocol}:
            _require_bucket(filesystem, root.split("/")[0], self.url)
        return filesystem, root

    def path(self, name: str) -> str:
        """Return where `name` is, as its file system says it."""
        return f"{self._place[1]}/{name}"

    def table_path(self, asset: str, clip_id: str) -> str:
        """Return where the table of an asset and a clip is."""
        return self.path(layout.table(asset, clip_id))

    def write_table(self, asset: str, clip_id: str, table: pa.Table, provenance: dict[str, Any]) -> pa.Table:
        """Write the table of an asset and a clip; return it as `read_table` will."""
        return self.write_parquet(layout.table(asset, clip_id), table, provenance)

    def write_parquet(self, name: str, table: pa.Table, provenance: dict[str, Any]) -> pa.Table:
        """Write a table with its provenance in the schema's metadata; return it with that metadata."""
        metadata = {**(table.schema.metadata or {}), PROVENANCE_KEY: json.dumps(provenance).encode()}
        stamped = table.replace_schema_metadata(metadata)
        content = io.BytesIO()
        pq.write_table(stamped, content, compression="zstd")
        self._put(name, content.getvalue())
        return stamped

    def read_parquet(self, name: str, columns: Sequence[str] | None = None) -> pa.Table | None:
        """Return a table of the whole collection, or some columns of it; None when it is not there."""
        try:
            with self._place[0].open(self.path(name), "rb") as file:
                # A third of what read_table costs, which is made for data sets of many files.
                return pq.ParquetFile(file).read(columns)
        except FileNotFoundError:
            return None

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        self._put(name, text.encode())

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file of any kind."""
        self._put(name, content)

    def read_text(self, name: str) -> str | None:
        """Return a text file's content, None when it is not there."""
        filesystem, _ = self._place
        try:
            return str(filesystem.cat_file(self.path(name)).decode())
        except FileNotFoundError:
            return None

    def read_table(self, asset: str, clip_id: str) -> pa.Table:
        """Read the table of an asset and a clip.

        Raises
        ------
        TableMissingError
            Saying which asset to materialize.
        """
        table = self.read_parquet(layout.table(asset, clip_id))
        if table is None:
            raise TableMissingError(
                f"{asset} of clip {clip_id} has not been made: materialize {asset} for this partition first"
            )
        return table

    def exists(self, name: str) -> bool:
        """Tell whether a file of the data dir is there."""
        return bool(self._place[0].exists(self.path(name)))

    def delete_table(self, asset: str, clip_id: str) -> None:
        """Remove the table of an asset and a clip, if there is one."""
        self.delete(layout.table(asset, clip_id))

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""
        filesystem, _ = self._place
        path = self.path(name)
        if filesystem.exists(path):
            filesystem.rm(path)

    def clip_ids(self, asset: str) -> set[str]:
        """Return the clips that have a table of this asset."""
        filesystem, _ = self._place
        try:
            names = filesystem.ls(self.path(asset), detail=False)
        except FileNotFoundError:
            return set()
        return {
            name.rsplit("/", 1)[-1].removesuffix(layout.TABLE_SUFFIX)
            for name in names
            if name.endswith(layout.TABLE_SUFFIX)
        }

    def collection(self) -> dict[str, Any]:
        """Return what this data dir remembers of its collection: folders, precision."""
        return dict(json.loads(self.read_text(layout.COLLECTION) or "{}"))

    def remember(self, **facts: Any) -> None:
        """Keep facts of the collection, over what was remembered before."""
        known = self.collection()
        if known | facts != known:
            self.write_text(layout.COLLECTION, json.dumps(known | facts, indent=2) + "\n")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold what this data dir's processes on one machine share; an object store has no locks, there nothing is."""
        if not isinstance(self._place[0], LocalFileSystem):
            yield
            return
        path = Path(self.path(layout.LOCK))
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path):
            yield

    def _put(self, name: str, content: bytes) -> None:
        """Make `name` hold `content`, whole or not at all; an object store does that by itself."""
        filesystem, _ = self._place
        target = self.path(name)
        if not isinstance(filesystem, LocalFileSystem):
            filesystem.pipe_file(target, content)
            return
        filesystem.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        written = f"{target}.{uuid4().hex[:8]}.tmp"
        try:
            filesystem.pipe_file(written, content)
            filesystem.mv(written, target)
        finally:
            if filesystem.exists(written):
                filesystem.rm(written)


def _require_bucket(filesystem: fsspec.AbstractFileSystem, bucket: str, url: str) -> None:
    """Raise an OSError that names the data dir when its bucket is not there or cannot be asked for."""
    try:
        there = filesystem.exists(bucket)
    except Exception as error:  # every store's client has exceptions of its own
        raise OSError(errno.EIO, f"cannot be reached: {error}", url) from error
    if not there:
        remedy = "create it, or check the store's address and the credentials"
        raise FileNotFoundError(errno.ENOENT, f"the bucket {bucket} is not there or cannot be reached: {remedy}", url)


def provenance_of(table: pa.Table) -> dict[str, Any]:
    """Return the provenance that `write_table` put into a table."""
    return dict(json.loads((table.schema.metadata or {}).get(PROVENANCE_KEY, b"{}")))
