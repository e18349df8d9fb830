"""Compaction: puts the files of many clips' tables of an asset into few archives, so that reading all is fast.

It writes an archive first, then the index that names it, and only then removes the files in it. So if it is interrupted
at any time, each table is in its own file, in an archive, or in both with the same content. A file that changes
meanwhile stays and takes precedence. A table that is made exactly between the last look at its file and its removal
could be lost; its record then no longer matches, so it is made again. Therefore clips of running runs are left out,
including runs that start after the compaction.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from bachata_assets.collection import layout
from bachata_assets.collection.data_dir.archives import Entry, packed
from bachata_assets.collection.data_dir.files import Look
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.remarks import counted
from bachata_assets.collection.whole_files import content_hash

MOST_TABLES = 1000
"""Maximum number of tables in an archive."""
MOST_BYTES = 64 * 1024 * 1024
"""Size at which an archive is full, bytes; it is in memory while it is written."""


@dataclass(frozen=True)
class Compacted:
    """The result for the tables of an asset.

    Attributes
    ----------
    tables : number of files moved into archives
    archives : number of archives written
    removed : number of unused archives removed
    """

    tables: int = 0
    archives: int = 0
    removed: int = 0

    def __str__(self) -> str:
        removed = f"; {counted(self.removed, 'archive')} no longer used" if self.removed else ""
        return f"{counted(self.tables, 'table')} into {counted(self.archives, 'archive')}{removed}"


def compact(dataset: Dataset, asset: str, left_out: Callable[[], Set[str]] = frozenset) -> Compacted:
    """Put the tables of an asset that are separate files into archives.

    Archives of which less than half is in use are merged with them.

    Parameters
    ----------
    left_out : returns the clips whose files must stay, since a run uses them; called repeatedly

    Raises
    ------
    DamagedError
        Names the index of the archives.
    """
    used = left_out()
    own = {clip_id: look for clip_id, look in dataset.own_tables(asset).items() if clip_id not in used}
    archives = dataset.archives(asset)
    archives.sizes()  # raises if there are archives but no index
    moved = _moved(archives.index().entries(), own)
    number = written = 0
    for group in _groups({clip_id: look.size for clip_id, look in own.items()} | moved):
        tables = dict(_read(dataset, asset, group, own.keys()))
        with dataset.lock():
            used = left_out()
            free = {clip_id: content for clip_id, content in tables.items() if clip_id not in used}
            settled, is_written = _settle(dataset, asset, free, own)
        number += settled
        written += is_written
    with dataset.lock():
        return Compacted(number, written, _remove_unused(dataset, asset))


def _moved(entries: Mapping[str, Entry], own: Mapping[str, Look]) -> dict[str, int]:
    """Return the tables to move out of little-used archives into new ones, and their sizes.

    A single such archive stays as it is, unless there are new tables to add.
    """
    by_archive: dict[str, dict[str, int]] = {}
    for clip_id, entry in entries.items():
        if clip_id not in own:
            by_archive.setdefault(entry.archive, {})[clip_id] = entry.size
    little = [
        tables
        for tables in by_archive.values()
        if len(tables) < MOST_TABLES / 2 and sum(tables.values()) < MOST_BYTES / 2
    ]
    return {name: size for tables in little for name, size in tables.items()} if own or len(little) > 1 else {}


def _groups(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """Yield the clips of each archive: adjacent ones, since clips are usually read in order."""
    group: list[str] = []
    size = 0
    for clip_id in sorted(sizes):
        if group and (len(group) == MOST_TABLES or size + sizes[clip_id] > MOST_BYTES):
            yield group
            group, size = [], 0
        group.append(clip_id)
        size += sizes[clip_id]
    if group:
        yield group


def _read(dataset: Dataset, asset: str, clip_ids: list[str], own: Set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the files of tables; leave out those that are gone, or whose archive is damaged."""
    for clip_id, content in dataset.prefetched(asset, clip_ids, own):
        found = content if content is not None else dataset.read_bytes(layout.table(asset, clip_id))
        if found is not None:
            yield clip_id, found


def _settle(dataset: Dataset, asset: str, tables: Mapping[str, bytes], own: Mapping[str, Look]) -> tuple[int, bool]:
    """Write an archive of the unchanged tables and its index, and remove their files.

    Parameters
    ----------
    own : clip id -> look of the table's own file before it was read

    Returns
    -------
    Number of removed files, and whether an archive was written: not if all tables are in one already.
    """
    archives = dataset.archives(asset)
    entries = archives.index().entries()
    names = [layout.table(asset, clip_id) for clip_id in tables]
    now = dict(zip(tables, map(dataset.looks(names).get, names), strict=True))
    files = {name: content for name, content in tables.items() if now[name] and now[name] == own.get(name)}
    # A table moves from one archive to another only if it was not made again or removed meanwhile.
    there = {clip_id: one for clip_id, content in tables.items() if (one := _held(entries, clip_id, content))}
    moved = {clip_id: tables[clip_id] for clip_id in there.keys() - own.keys() if now[clip_id] is None}
    wanted = {name: content for name, content in files.items() if name not in there} | moved
    if wanted:
        archive, places = packed(asset, dict(sorted(wanted.items())))
        name = layout.archive(asset, next(iter(places.values())).archive)
        if not entries:
            archives.replace_index({})  # archives without an index would look like a lost index
        dataset.write_bytes(name, archive)
        archives.replace_index(entries | places)
    dataset.delete_all([layout.table(asset, clip_id) for clip_id in files])
    return len(files), bool(wanted)


def _held(entries: Mapping[str, Entry], clip_id: str, content: bytes) -> Entry | None:
    """Return where an archive holds exactly this file, None if none does."""
    entry = entries.get(clip_id)
    return entry if entry and (entry.size, entry.sha256) == (len(content), content_hash(content)) else None


def _remove_unused(dataset: Dataset, asset: str) -> int:
    """Remove archives that the index does not name, and return their number; under the lock of the data dir."""
    used = {entry.archive for entry in dataset.archives(asset).index().entries().values()}
    there: Iterable[str] = dataset.looks_in(f"{layout.ARCHIVES}/{asset}")
    archives = {name for name in there if name.endswith(layout.ARCHIVE_SUFFIX)}
    unused = {name for name in archives if name.removesuffix(layout.ARCHIVE_SUFFIX) not in used}
    # All writes here happen under the lock, so a half-written file is from a killed process.
    left = {name for name in there if name.endswith(layout.UNFINISHED_SUFFIX)}
    dataset.delete_all([f"{layout.ARCHIVES}/{asset}/{name}" for name in sorted(unused | left)])
    return len(unused)
