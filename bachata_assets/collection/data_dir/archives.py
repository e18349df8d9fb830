"""The archives of an asset: the files of many clips' tables, byte for byte, in a few larger ones.

An archive is an uncompressed ZIP file, named by the hash of its content and never changed. An index beside the archives
says which clip's table is where; it is replaced as a whole, under the lock of the data dir. If a table also has its own
file, that file is newer and takes precedence.
"""

import io
import struct
import zipfile
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from bachata_assets import schemas
from bachata_assets.collection import layout
from bachata_assets.collection.data_dir.files import Files, Look
from bachata_assets.collection.whole_files import DamagedError, content_hash, damage_named

UNKNOWN_SIZE = -1
"""Size of a table whose archive is gone or has another size than was written, so that the table must be read."""


class Entry(NamedTuple):
    """Where a table is: see `schemas.archive_index`."""

    archive: str
    archive_size: int
    offset: int
    size: int
    sha256: str


class Index:
    """The index of an asset's archives; immutable.

    Parameters
    ----------
    table : table of `schemas.archive_index`, sorted by clip id
    """

    def __init__(self, table: pa.Table) -> None:
        # As Arrow columns: dictionaries of 100,000 clips would take ten times the memory, for each asset.
        self.table = table

    @classmethod
    def of(cls, entries: Mapping[str, Entry]) -> "Index":
        """Return the index of these tables."""
        rows = [(clip_id, *entries[clip_id]) for clip_id in sorted(entries)]
        columns = {name: [row[at] for row in rows] for at, name in enumerate(schemas.archive_index.names)}
        return cls(pa.table(columns, schema=schemas.archive_index))

    def get(self, clip_id: str) -> Entry | None:
        """Return where a clip's table is, None if it is in no archive."""
        clip_ids = self.table.column("clip_id")
        at = bisect_left(range(len(clip_ids)), clip_id, key=lambda row: clip_ids[row].as_py())
        if at == len(clip_ids) or clip_ids[at].as_py() != clip_id:
            return None
        return Entry(*(self.table.column(name)[at].as_py() for name in Entry._fields))

    def entries(self) -> dict[str, Entry]:
        """Return clip id -> where its table is."""
        columns = [self.table.column(name).to_pylist() for name in Entry._fields]
        clip_ids = self.table.column("clip_id").to_pylist()
        return {clip_id: Entry(*row) for clip_id, row in zip(clip_ids, zip(*columns, strict=True), strict=True)}


EMPTY = Index(pa.Table.from_batches([], schemas.archive_index))  # not from lists, for which Arrow loads pandas


class Archives:
    """The archives of one asset.

    Parameters
    ----------
    files : the files of the data dir
    """

    def __init__(self, files: Files, asset: str) -> None:
        self._files, self.asset = files, asset
        self._index_name = layout.archive_index(asset)
        self._known: tuple[Look | None, Index] = (None, EMPTY)

    def are_there(self) -> bool:
        """Tell whether tables of this asset were ever compacted."""
        return self._files.look(self._index_name) is not None

    def index(self, look: Look | None = None) -> Index:
        """Return the current index; read it again if it has changed since the last read.

        Parameters
        ----------
        look : look of the index file; None: look at it now

        Raises
        ------
        DamagedError
            Names the index.
        """
        look = look or self._files.look(self._index_name)
        known, index = self._known
        if look is None:
            return EMPTY
        if known == look:
            return index
        content = self._files.read_bytes(self._index_name)
        if content is None:
            return EMPTY
        with damage_named(self._files.path(self._index_name)):
            table = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True).read()
            index = Index(table.select(schemas.archive_index.names))
        self._known = (look, index)
        return index

    def sizes(self) -> dict[str, int]:
        """Return clip id -> size of its table, from the index and the names and sizes of the archives.

        Raises
        ------
        DamagedError
            Names the index, also if it is gone but archives exist.
        """
        before = None
        while True:
            there = self._files.looks_in(f"{layout.ARCHIVES}/{self.asset}")
            # A listing made while the index was replaced may lack it.
            look = there.get(layout.ARCHIVE_INDEX) or self._files.look(self._index_name)
            archives = {name: one.size for name, one in there.items() if name.endswith(layout.ARCHIVE_SUFFIX)}
            if look is None and archives:
                raise DamagedError(self._files.path(self._index_name), "it is gone, but there are archives of tables")
            entries = self.index(look).entries() if look else {}
            sizes = {
                clip_id: entry.size
                if archives.get(f"{entry.archive}{layout.ARCHIVE_SUFFIX}") == entry.archive_size
                else UNKNOWN_SIZE
                for clip_id, entry in entries.items()
            }
            # Once more if an archive is gone: another process may have put its tables into another one meanwhile.
            if UNKNOWN_SIZE not in sizes.values() or look == before:
                return sizes
            before = look

    def content(self, clip_id: str) -> bytes | None:
        """Return the file of a clip's table, None if it is in no archive.

        Raises
        ------
        DamagedError
            Names the table and its archive, which is gone or damaged.
        """
        before = None
        # Once more if its archive is gone: another process may have moved the table into another one.
        while (entry := self.index().get(clip_id)) is not None and entry != before:
            found = self._files.read_ranges([_range(self.asset, entry)])[0]
            if isinstance(found, bytes) and content_hash(found) == entry.sha256:
                return found
            size = self._files.size(layout.archive(self.asset, entry.archive))
            if size is not None:
                if isinstance(found, Exception) and size == entry.archive_size:
                    raise found
                raise self._damaged(clip_id, entry, "is not what was written")
            before = entry
        if entry is None:
            return None
        raise self._damaged(clip_id, entry, "is gone")

    def contents(self, clip_ids: Iterable[str]) -> dict[str, bytes]:
        """Return the files of clips' tables; leave out those that are in no archive or cannot be read.

        Adjacent tables are read together.
        """
        from fsspec.utils import merge_offset_ranges

        index = self.index()
        wanted = {clip_id: entry for clip_id in clip_ids if (entry := index.get(clip_id)) is not None}
        ranges = [_range(self.asset, entry) for entry in wanted.values()]
        names, firsts, ends = (list(column) for column in zip(*ranges, strict=True)) if ranges else ([], [], [])
        merged = list(zip(*merge_offset_ranges(names, firsts, ends, max_gap=_GAP, max_block=_BLOCK), strict=True))
        read: dict[str, list[tuple[int, bytes]]] = {}
        for (name, first, _), found in zip(merged, self._files.read_ranges(merged), strict=True):
            if isinstance(found, bytes):
                read.setdefault(name, []).append((first, found))
        contents = {}
        for clip_id, entry in wanted.items():
            for first, found in read.get(layout.archive(self.asset, entry.archive), ()):
                at = entry.offset - first
                if 0 <= at <= len(found) - entry.size:
                    content = found[at : at + entry.size]
                    if content_hash(content) == entry.sha256:
                        contents[clip_id] = content
                    break
        return contents

    def drop(self, clip_ids: Set[str]) -> None:
        """Remove tables from the index; under the lock of the data dir."""
        entries = self.index().entries()
        if clip_ids & entries.keys():
            self.replace_index({name: entry for name, entry in entries.items() if name not in clip_ids})

    def replace_index(self, entries: Mapping[str, Entry]) -> None:
        """Write the index; under the lock of the data dir."""
        buffer = io.BytesIO()
        pq.write_table(Index.of(entries).table, buffer, compression="zstd", write_page_checksum=True)
        self._files.write_bytes(self._index_name, buffer.getvalue())

    def _damaged(self, clip_id: str, entry: Entry, why: str) -> DamagedError:
        name = layout.archive(self.asset, entry.archive)
        return DamagedError(self._files.path(layout.table(self.asset, clip_id)), f"its archive {name} {why}")


_GAP = 64 * 1024
"""Maximum gap between two tables that are read together, bytes; reading it is faster than another request."""
_BLOCK = 16 * 1024 * 1024
"""Maximum number of bytes to read at once."""


def _range(asset: str, entry: Entry) -> tuple[str, int, int]:
    return layout.archive(asset, entry.archive), entry.offset, entry.offset + entry.size


def packed(asset: str, tables: Mapping[str, bytes]) -> tuple[bytes, dict[str, Entry]]:
    """Return an archive of the files of tables, and where each is in it.

    Parameters
    ----------
    tables : clip id -> file of its table
    """
    buffer = io.BytesIO()
    offsets = {}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for clip_id, content in tables.items():
            # Without a time, so that the same tables give the same archive.
            archive.writestr(zipfile.ZipInfo(layout.table(asset, clip_id)), content)
            offsets[clip_id] = buffer.tell() - len(content)
    packed = buffer.getvalue()
    digest, size = content_hash(packed), len(packed)
    return packed, {
        clip_id: Entry(digest, size, offsets[clip_id], len(content), content_hash(content))
        for clip_id, content in tables.items()
    }


def unpacked(content: bytes) -> dict[str, tuple[Entry, bytes]]:
    """Return clip id -> where its table is in an archive, and the table's file; without damaged ones.

    Raises
    ------
    zipfile.BadZipFile
        The content is not an archive.
    """
    found = {}
    digest = content_hash(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            of = layout.of_table(info.filename)
            with suppress(zipfile.BadZipFile):
                table = archive.read(info)
                lengths = struct.unpack_from(
                    "<HH", content, info.header_offset + 26
                )  # of its name, and of what follows
                offset = info.header_offset + 30 + sum(lengths)
                if of:
                    found[of[1]] = Entry(digest, len(content), offset, len(table), content_hash(table)), table
    return found
