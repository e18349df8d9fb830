"""Dagster's state in SQLite files that are kept open.

Dagster's event log in SQLite opens and closes a file for each of its statements, and whoever closes one as the last
also writes its journal back into it and waits for the disk. While another connection is open that is left out: an event
then costs two thirds of the processor time and less than half of the time.
"""

import errno
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy.exc import DatabaseError

from bachata_assets.collection import layout
from bachata_assets.collection.whole_files import held
from bachata_assets.orchestration.dagster_internals import (
    INDEX_SHARD_NAME,
    DagsterSqliteStorage,
    SqliteEventLogStorage,
)
from bachata_assets.orchestration.state.event_log import ClipEventLog

OF_THE_DISK = {
    "database or disk is full": errno.ENOSPC,
    "readonly database": errno.EROFS,
    "disk I/O error": errno.EIO,
    "unable to open database file": errno.EACCES,
}
"""What SQLite says when not its file is wrong, but the disk, or its rights."""
MOST_RUNS = 4
"""Number of runs whose files are kept open; a process that shows many runs must not run out of files."""


@contextmanager
def opening(home: Path) -> Iterator[None]:
    """Let one process at a time open a state: Dagster's databases break when two make them at once."""
    with held(home / layout.LOCK):  # the storage takes it too, within
        yield


class OpenEventLogStorage(ClipEventLog, SqliteEventLogStorage):
    """Keeps a connection to the log over all runs, and to the logs of the runs last written or read."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._kept: OrderedDict[str, sqlite3.Connection] = OrderedDict()
        self._lock = Lock()
        super().__init__(base_dir, inst_data)  # connects when it makes the log

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Any]:
        with _disk_named(self._base_dir), super()._connect(shard) as connection:
            self._keep_open(shard)
            # A power cut may take the last events with it, never the database; a table says itself what it is.
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            yield connection

    def _keep_open(self, shard: str) -> None:
        with self._lock:
            if shard not in self._kept:
                connection = sqlite3.connect(self.path_for_shard(shard), check_same_thread=False)
                connection.execute("SELECT 1 FROM sqlite_master").fetchone()  # only now is the file open
                self._kept[shard] = connection
            self._kept.move_to_end(shard)
            runs = [name for name in self._kept if name != INDEX_SHARD_NAME]
            for name in runs[:-MOST_RUNS]:
                self._kept.pop(name).close()

    def dispose(self) -> None:
        """Close what was kept open; the last journal is written back now."""
        super().dispose()
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].close()


@contextmanager
def _disk_named(folder: str) -> Iterator[None]:
    """Raise what SQLite says of the disk as the system would: Dagster prints all that an error of a database holds."""
    try:
        yield
    except DatabaseError as error:
        reason = str(error.orig)
        number = next((number for said, number in OF_THE_DISK.items() if said in reason), None)
        if number is None:
            raise
        raise OSError(number, reason, folder) from error


class OpenSqliteStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage with `OpenEventLogStorage` as its event log."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        with opening(Path(base_dir).absolute()):  # `dagster dev` comes here without `open_instance`
            super().__init__(base_dir, inst_data)
            self._event_log_storage.dispose()
            self._event_log_storage = OpenEventLogStorage(self._event_log_storage._base_dir)
