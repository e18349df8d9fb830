"""Compaction: gathers the files of many clips' tables of an asset into few archives, so that all are soon read.

An archive is written first, then the index that names it, and only then the files that it holds are removed: whenever
this is broken off, each table is in a file of its own or in an archive, or in both, and they are the same. A file that
is changed meanwhile stays, and counts. The only moment in which a table that is made just then could be lost lies
between the last look at its file and its removal; what is known of it then no longer fits, so it is made again. So
clips that a run is working on are left out, also those of a run that has begun since the compaction did.
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
"""Most tables of an archive."""
MOST_BYTES = 64 * 1024 * 1024
"""Size from which on an archive takes no more tables; it is held in memory while it is written."""


@dataclass(frozen=True)
class Compacted:
    """What was done to the tables of an asset.

    Attributes
    ----------
    tables : number of files that are in archives now
    archives : number of archives written
    removed : number of archives removed, of which nothing was in use any more
    """

    tables: int = 0
    archives: int = 0
    removed: int = 0

    def __str__(self) -> str:
        removed = f"; {counted(self.removed, 'archive')} no longer used" if self.removed else ""
        return f"{counted(self.tables, 'table')} into {counted(self.archives, 'archive')}{removed}"


def compact(dataset: Dataset, asset: str, left_out: Callable[[], Set[str]] = frozenset) -> Compacted:
    """Put the tables of an asset that are files of their own into archives.

    Archives of which less than half is in use are put together with them.

    Parameters
    ----------
    left_out : returns the clips whose files are to stay as they are, since a run uses them; asked again and again

    Raises
    ------
    DamagedError
        Naming the index of the archives.
    """
    used = left_out()
    own = {clip_id: look for clip_id, look in dataset.own_tables(asset).items() if clip_id not in used}
    archives = dataset.archives(asset)
    archives.sizes()  # is the index there, where there are archives?
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
    """Return the tables that are moved into new archives, and their sizes: those of archives of little use.

    One such archive alone stays as it is, unless there are new tables to put to it.
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
    """Yield the clips of each archive: neighbours, since many clips are asked for in their order."""
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
    """Yield the files of tables; those that went away, or whose archive is damaged, are left where they are."""
    for clip_id, content in dataset.prefetched(asset, clip_ids, own):
        found = content if content is not None else dataset.read_bytes(layout.table(asset, clip_id))
        if found is not None:
            yield clip_id, found


def _settle(dataset: Dataset, asset: str, tables: Mapping[str, bytes], own: Mapping[str, Look]) -> tuple[int, bool]:
    """Write an archive of the tables that are as they were, its index, and remove their files.

    Parameters
    ----------
    own : clip id -> look of the table's own file before it was read

    Returns
    -------
    Number of files that were removed, and whether an archive was written: none is where all are in one already.
    """
    archives = dataset.archives(asset)
    entries = archives.index().entries()
    names = [layout.table(asset, clip_id) for clip_id in tables]
    now = dict(zip(tables, map(dataset.looks(names).get, names), strict=True))
    files = {name: content for name, content in tables.items() if now[name] and now[name] == own.get(name)}
    # A table is moved from one archive to another only where nobody made it anew or took it out meanwhile.
    there = {clip_id: one for clip_id, content in tables.items() if (one := _held(entries, clip_id, content))}
    moved = {clip_id: tables[clip_id] for clip_id in there.keys() - own.keys() if now[clip_id] is None}
    wanted = {name: content for name, content in files.items() if name not in there} | moved
    if wanted:
        archive, places = packed(asset, dict(sorted(wanted.items())))
        name = layout.archive(asset, next(iter(places.values())).archive)
        if not entries:
            archives.replace_index({})  # archives without an index are one that lost its index
        dataset.write_bytes(name, archive)
        archives.replace_index(entries | places)
    dataset.delete_all([layout.table(asset, clip_id) for clip_id in files])
    return len(files), bool(wanted)


def _held(entries: Mapping[str, Entry], clip_id: str, content: bytes) -> Entry | None:
    """Return where an archive holds this very file, None where none does."""
    entry = entries.get(clip_id)
    return entry if entry and (entry.size, entry.sha256) == (len(content), content_hash(content)) else None


def _remove_unused(dataset: Dataset, asset: str) -> int:
    """Remove the archives that the index does not name, and count them; under the lock of the data dir."""
    used = {entry.archive for entry in dataset.archives(asset).index().entries().values()}
    there: Iterable[str] = dataset.looks_in(f"{layout.ARCHIVES}/{asset}")
    archives = {name for name in there if name.endswith(layout.ARCHIVE_SUFFIX)}
    unused = {name for name in archives if name.removesuffix(layout.ARCHIVE_SUFFIX) not in used}
    # What is written here is written under the lock: a half-written file is of a process that was killed.
    left = {name for name in there if name.endswith(layout.UNFINISHED_SUFFIX)}
    dataset.delete_all([f"{layout.ARCHIVES}/{asset}/{name}" for name in sorted(unused | left)])
    return len(unused)
