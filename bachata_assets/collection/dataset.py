"""`Dataset`: the files of a data dir, each written whole or not at all.

`layout.py` defines their names, `schemas.py` the tables, `pipeline/versions.py` when one is made again.
`whole_files.py` writes files durably and recognises damaged ones; `data_dir/` says where files are.
"""

import errno
import io
import json
import os
from collections.abc import Container, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from bachata_assets.collection import layout
from bachata_assets.collection.data_dir.archives import Archives
from bachata_assets.collection.data_dir.files import Files, Look
from bachata_assets.collection.whole_files import (
    DamagedError,
    Written,
    content_hash,
    damage_named,
    places_named,
    require_owners,
)

PROVENANCE_KEY = b"bachata_assets"
"""Key of a table's schema metadata for its provenance, as JSON."""


_AT_ONCE = 1000
"""Number of tables to fetch, or rows to read, at once; bounds the memory."""


class TableMissingError(FileNotFoundError):
    """A table that something needs has not been made."""


class Dataset(Files):
    """The tables of one data dir, local or in an object store.

    A clip's table is a separate file, or in an archive (`data_dir/archives.py`).

    Parameters
    ----------
    url : the data dir: a path, or a URL that fsspec understands (s3://…, gs://…)
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._archives: dict[str, Archives] = {}

    def archives(self, asset: str) -> Archives:
        """Return the archives of an asset's tables."""
        return self._archives.setdefault(asset, Archives(self, asset))

    def table_path(self, asset: str, clip_id: str) -> str:
        """Return the path of the table of an asset and a clip, unless it is in an archive."""
        return self.path(layout.table(asset, clip_id))

    def write_table(self, asset: str, clip_id: str, table: pa.Table, provenance: dict[str, Any]) -> Written:
        """Write the table of an asset and a clip."""
        return self.write_parquet(layout.table(asset, clip_id), table, provenance)

    def write_parquet(self, name: str, table: pa.Table, provenance: dict[str, Any]) -> Written:
        """Write a table with its provenance in the schema's metadata."""
        metadata = {**(table.schema.metadata or {}), PROVENANCE_KEY: json.dumps(provenance).encode()}
        stamped = table.replace_schema_metadata(metadata)
        buffer = io.BytesIO()
        # With checksums, any reader of a table notices that its disk has changed it.
        pq.write_table(stamped, buffer, compression="zstd", write_page_checksum=True)
        content = buffer.getvalue()
        self.write_bytes(name, content)
        return Written(stamped, len(content), content_hash(content))

    def write_parts(self, name: str, schema: pa.Schema, parts: Iterable[pa.Table]) -> int:
        """Write a table part by part, with one part in memory at a time; return the number of its rows."""
        rows = 0

        def write(file: IO[bytes]) -> None:
            nonlocal rows
            with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
                for part in parts:
                    writer.write_table(part)
                    rows += part.num_rows

        self.write_pieces(name, write)
        return rows

    def read_parquet(self, name: str, columns: Sequence[str] | None = None) -> pa.Table | None:
        """Return a table, or some columns of it; None if it does not exist.

        Raises
        ------
        DamagedError
            Names the file.
        """
        try:
            with damage_named(self.path(name)), self._opened(name) as file:
                # A third of the cost of read_table, which is made for data sets of many files.
                return pq.ParquetFile(file, page_checksum_verification=True).read(columns)
        except FileNotFoundError:
            return None

    def batches(self, name: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield some columns of a table, some rows at a time; raises as `read_parquet` does."""
        with damage_named(self.path(name)), self._opened(name) as file:
            yield from pq.ParquetFile(file, page_checksum_verification=True).iter_batches(_AT_ONCE, columns=columns)

    def provenance_at(self, name: str) -> dict[str, Any]:
        """Return the provenance of a table; reads only its footer, which a truncated table lacks.

        Raises
        ------
        DamagedError
            Names the file.
        """
        with damage_named(self.path(name)):
            provenance = _provenance(self.metadata_at(name))
        require_owners(self.path(name), provenance.get("clip_id"))
        return provenance

    def metadata_at(self, name: str) -> dict[bytes, bytes]:
        """Return all metadata of a table; raises as `provenance_at` does."""
        with damage_named(self.path(name)), self._opened(name) as file:
            return pq.read_metadata(file).metadata or {}

    def check_content(self, name: str, sha256: str | None = None, content: bytes | None = None) -> Written:
        """Read a table in full and return it.

        Parameters
        ----------
        sha256 : hash of the file when it was written; None: unknown, so only an unreadable file counts as damaged
        content : content of the file, if it was read before (`prefetched`)

        Raises
        ------
        DamagedError
            Names the file.
        """
        path = self.path(name)
        if content is None:
            content = self._content(name)
        found = content_hash(content)
        if sha256 is not None and found != sha256:
            raise DamagedError(path, "its content is not what was written")
        with damage_named(path):
            table = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read()
            require_owners(path, provenance_of(table).get("clip_id"))
        return Written(table, len(content), found)

    def read_table(self, asset: str, clip_id: str, content: bytes | None = None) -> pa.Table:
        """Read the table of an asset and a clip.

        Parameters
        ----------
        content : content of its file, if it was read before (`prefetched`)

        Raises
        ------
        TableMissingError
            Says which asset to materialize.
        DamagedError
            Names the file; also if it is the table of another clip.
        """
        name = layout.table(asset, clip_id)
        if content is None:
            table = self.read_parquet(name)
        else:
            with damage_named(self.path(name)):
                table = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read()
        if table is None:
            raise TableMissingError(
                f"{asset} of clip {clip_id} has not been made: materialize {asset} for this partition first"
            )
        owners = set(table.column("clip_id").to_pylist()) if "clip_id" in table.column_names else {clip_id}
        require_owners(self.path(name), *owners, provenance_of(table).get("clip_id"))
        return table

    def prefetched(
        self, asset: str, clip_ids: Sequence[str], own: Container[str] | None = None
    ) -> Iterator[tuple[str, bytes | None]]:
        """Yield each clip with the file of its table, or None if the caller must read it.

        Tables in archives, and in a store, are read many at once.

        Parameters
        ----------
        own : clips whose tables are separate files; None: list the names, if there are archives
        """
        archives = self.archives(asset)
        if own is None and archives.are_there():
            own = self.own_tables(asset)
        for start in range(0, len(clip_ids), _AT_ONCE):
            asked = clip_ids[start : start + _AT_ONCE]
            files = [clip_id for clip_id in asked if own is None or clip_id in own]
            found = archives.contents(set(asked).difference(files)) if own is not None else {}
            if not self.is_local:
                read = self.read_ranges([(layout.table(asset, clip_id), 0, None) for clip_id in files])
                found |= {name: one for name, one in zip(files, read, strict=True) if isinstance(one, bytes)}
            for clip_id in asked:
                yield clip_id, found.pop(clip_id, None)

    def delete_tables(self, asset: str, clip_ids: Set[str]) -> None:
        """Remove the existing tables of an asset and clips."""
        names = [layout.table(asset, clip_id) for clip_id in sorted(clip_ids)]
        with self.lock():  # a compaction holds it while it relies on these files being the newest
            self.archives(asset).drop(clip_ids)
            self.delete_all([*self.looks(names)])

    def set_aside(self, name: str) -> None:
        """Rename a damaged file, so that it counts as missing and can still be examined.

        A table in an archive is removed from the index; its bytes stay in the archive.
        """
        of = layout.of_table(name)
        if of is None:
            super().set_aside(name)
        else:
            self.set_tables_aside(of[0], {of[1]})

    def set_tables_aside(self, asset: str, clip_ids: Set[str]) -> None:
        """Set the existing tables of an asset and clips aside; writes the index of archives only once."""
        with self.lock():
            for name in self.looks(layout.table(asset, clip_id) for clip_id in sorted(clip_ids)):
                super().set_aside(name)
            # Also if there is a separate file: an older table of the same size would count as the one that was made.
            self.archives(asset).drop(clip_ids)

    def clip_ids(self, asset: str) -> set[str]:
        """Return the clips that have a table of this asset."""
        return set(self.table_sizes(asset))

    def table_sizes(self, asset: str) -> dict[str, int]:
        """Return clip id -> size of its table of this asset, in bytes; opens no table.

        It is UNKNOWN_SIZE if the table is in an archive that is gone or has another size than was written.
        """
        own = self.own_tables(asset)  # first, so that a table moved into an archive meanwhile is found there
        return self.archives(asset).sizes() | {clip_id: look.size for clip_id, look in own.items()}

    def own_tables(self, asset: str) -> dict[str, Look]:
        """Return clip id -> look of its table, for tables that are separate files."""
        looks = self.looks_in(asset, layout.TABLE_SUFFIX)
        return {name.removesuffix(layout.TABLE_SUFFIX): look for name, look in looks.items()}

    def _content(self, name: str) -> bytes:
        """Return the file of a table; raises FileNotFoundError if it does not exist."""
        content = self.read_bytes(name)
        of = layout.of_table(name)
        if content is None and of is not None:
            content = self.archives(of[0]).content(of[1])
        if content is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.path(name))
        return content

    @contextmanager
    def _opened(self, name: str) -> Iterator[Any]:
        """Open the file of a table; of the large tables over all clips, only the requested part is read."""
        if layout.of_table(name):
            yield pa.BufferReader(self._content(name))
            return
        with places_named(self.path(name)), self._filesystem.open(self.path(name), "rb") as file:
            yield file

    def collection(self) -> dict[str, Any]:
        """Return what this data dir remembers about its collection: folders, precision.

        Raises
        ------
        DamagedError
            Names the file.
        """
        text = self.read_text(layout.COLLECTION)
        if text is None:
            return {}
        with damage_named(self.path(layout.COLLECTION)):
            return _object(text)

    def remember(self, **facts: Any) -> None:
        """Store facts about the collection; they replace earlier ones of the same name."""
        if not facts.items() <= self.collection().items():
            with self.lock():
                self.write_text(layout.COLLECTION, json.dumps(self.collection() | facts, indent=2) + "\n")


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
