"""Dagster's state in SQLite files that are kept open.

For each statement, Dagster's SQLite event log creates an engine, opens a file and closes both. So the statement is
compiled again, and the last process that closes a file writes its journal back and waits for the disk.
"""

import errno
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError

from bachata_assets.collection import layout
from bachata_assets.collection.whole_files import held
from bachata_assets.file_errors import refusal
from bachata_assets.orchestration.dagster_internals import (
    INDEX_SHARD_NAME,
    DagsterSqliteStorage,
    SqliteEventLogStorage,
)
from bachata_assets.orchestration.state.event_log import ClipEventLog

_OF_THE_DISK = {
    "database or disk is full": errno.ENOSPC,
    "readonly database": errno.EROFS,
    "disk I/O error": errno.EIO,
    "unable to open database file": errno.EACCES,
}
"""Messages of SQLite about the disk or its permissions, not about the file."""
MOST_RUNS = 4
"""Number of runs whose files are kept open; a process that shows many runs must not reach its limit of open files."""

LONGEST_WAIT_S = 30
"""Time that a writer waits for another, s: as long as for Dagster's other files."""


@contextmanager
def opening(home: Path) -> Iterator[None]:
    """Let one process at a time open a state: Dagster's databases break if two processes create them at once."""
    with held(home / layout.LOCK):  # the storage takes the same lock, nested
        yield


class OpenEventLogStorage(ClipEventLog, SqliteEventLogStorage):
    """Keeps a connection to the log of all runs, and to the logs of the runs last written or read."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: OrderedDict[str, _OpenFile] = OrderedDict()
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)  # connects when it creates the log

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, _disk_named(self._base_dir):
            file = self._open(shard)
            try:
                with file.engine.begin() as connection:
                    yield connection
            except DatabaseError:
                self._close(shard)
                raise

    def has_table(self, table_name: str) -> bool:
        """Whether the log of all runs has this table; Dagster asks for each event, even while it holds the file."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _open(self, shard: str) -> "_OpenFile":
        path = self.path_for_shard(shard)
        if shard in self._engines and self._engines[shard].file != _identity(path):  # removed or replaced
            self._close(shard)
            self._initialized_dbs.discard(shard)
        if shard not in self._engines:
            engine = _engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            self._engines[shard] = _OpenFile(engine, _identity(path))
        self._engines.move_to_end(shard)
        runs = [name for name in self._engines if name != INDEX_SHARD_NAME]
        for name in runs[:-MOST_RUNS]:
            self._close(name)
        return self._engines[shard]

    def _close(self, shard: str) -> None:
        self._engines.pop(shard).engine.dispose()
        self._tables.clear()

    def dispose(self) -> None:
        """Close the open files; this writes the last journal back."""
        super().dispose()
        with self._db_lock:
            for shard in list(self._engines):
                self._close(shard)


class _OpenFile(NamedTuple):
    """A database that is kept open: SQLAlchemy keeps the text of a statement with the engine that ran it."""

    engine: Engine
    file: tuple[int, int] | None


def _engine(address: str) -> Engine:
    engine = create_engine(address, pool_size=1, connect_args={"timeout": LONGEST_WAIT_S})
    # A power cut may lose the last events, never the database; the provenance of each table is in the table.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=NORMAL"))
    return engine


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _disk_named(folder: str) -> Iterator[None]:
    """Turn SQLite's errors about the disk into system errors: Dagster prints everything in a database error."""
    try:
        yield
    except DatabaseError as error:
        refused = of_the_disk(str(error.orig), Path(folder))
        if refused is None:
            raise
        raise refused from error


def of_the_disk(said: str, folder: Path) -> OSError | None:
    """Return an error of SQLite as a system error, None if it is not about the disk.

    SQLite reports an exhausted quota, or a full disk below a mapped file, as "disk I/O error"; the system knows which.
    """
    number = next((number for words, number in _OF_THE_DISK.items() if words in said), None)
    return None if number is None else refusal(folder) or OSError(number, said, str(folder))


class OpenSqliteStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage with `OpenEventLogStorage` as its event log."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        with opening(Path(base_dir).absolute()):  # `dagster dev` comes here without `open_instance`
            super().__init__(base_dir, inst_data)
            self._event_log_storage.dispose()
            self._event_log_storage = OpenEventLogStorage(self._event_log_storage._base_dir)
            for storage in (self._run_storage, self._schedule_storage):
                # These open their database for every statement, so a full or read-only disk shows here.
                storage.connect = partial(_connected, storage.connect, base_dir)  # type: ignore[method-assign]


@contextmanager
def _connected(connect: Callable[[], AbstractContextManager[Any]], folder: str) -> Iterator[Any]:
    with _disk_named(folder), connect() as connection:
        yield connection
