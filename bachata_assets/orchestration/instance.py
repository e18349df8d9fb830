"""The Dagster instance of a data dir: where its state is, how it is set up and stored, and opening it.

Dagster's event log in SQLite opens and closes a file for each of its statements, and whoever closes one as the last
also writes its journal back into it and waits for the disk. While another connection is open that is left out: an event
then costs two thirds of the processor time and less than half of the time. So dagster.yaml names a storage class that
keeps the files open.
"""

import os
import sqlite3
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import yaml
from dagster import DagsterInstance

from bachata_assets.collection import layout
from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.dagster_internals import (
    INDEX_SHARD_NAME,
    SIZE,
    DagsterSqliteStorage,
    SqliteEventLogStorage,
)

Instance = DagsterInstance
"""The type of an instance, for the commands, which import no Dagster."""

MOST_RUNS = 4
"""Number of runs whose files are kept open; a process that shows many runs must not run out of files."""

_STORAGE_MODULE = "bachata_assets.orchestration.instance"

_NEW_INSTANCE = f"""\
telemetry:
  enabled: false
nux:
  enabled: false
storage:
  custom:
    module: {_STORAGE_MODULE}
    class: OpenSqliteStorage
    config:
      base_dir:
        env: DAGSTER_HOME
concurrency:
  runs:
    max_concurrent_runs: 3  # one of them of clips: see the pool `poses`
  pools:
    granularity: run
"""

_NO_CAPTURE = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
"""In our own process nothing is captured: the terminal is ours, and the capturing processes would not end quietly."""


def dagster_home(data_dir: str) -> Path:
    """Return where Dagster's state of a data dir is: inside it, unless DAGSTER_HOME says otherwise."""
    given = os.environ.get("DAGSTER_HOME")
    return Path(given).absolute() if given else local_folder(data_dir) / layout.DAGSTER


def local_folder(data_dir: str) -> Path:
    """Return the data dir; log and state of one in an object store are in a folder of its name under `data`."""
    return Path("data", data_dir.partition("://")[2]).absolute() if "://" in data_dir else Path(data_dir).absolute()


@contextmanager
def open_instance(data_dir: str) -> Iterator[Instance]:
    """Open the Dagster instance of a data dir; it is made where there is none."""
    home = dagster_home(data_dir)
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(_NEW_INSTANCE)
    overrides = _NO_CAPTURE | _storage(config, home)
    with dagster_internals.open_instance(str(home), overrides) as instance:
        yield instance


def _storage(config: Path, home: Path) -> dict[str, Any]:
    """Return our storage as an override, with the home as a path; nothing where another storage was configured."""
    configured = yaml.safe_load(config.read_text()) or {}
    own = configured.get("storage", {}).get("custom", {}).get("module") == _STORAGE_MODULE
    if not own and configured.keys() & {"storage", "run_storage", "event_log_storage", "schedule_storage"}:
        return {}
    place = {"module": _STORAGE_MODULE, "class": "OpenSqliteStorage", "config": {"base_dir": str(home)}}
    return {"storage": {"custom": place}}


class OpenEventLogStorage(SqliteEventLogStorage):
    """Keeps a connection to the log over all runs, and to the logs of the runs last written or read."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._kept: OrderedDict[str, sqlite3.Connection] = OrderedDict()
        self._lock = Lock()
        super().__init__(base_dir, inst_data)  # connects when it makes the log

    def get_asset_tags_to_index(self, tag_keys: set[str]) -> set[str]:
        """Return the tags that can be asked for over all clips at once: Dagster's own, and the size of a table."""
        return super().get_asset_tags_to_index(tag_keys) | (tag_keys & {SIZE})

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Any]:
        with super()._connect(shard) as connection:
            self._keep_open(shard)
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


class OpenSqliteStorage(DagsterSqliteStorage):
    """Dagster's SQLite storage with `OpenEventLogStorage` as its event log."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage.dispose()
        self._event_log_storage = OpenEventLogStorage(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "OpenSqliteStorage":
        """Return the storage that dagster.yaml describes."""
        return cls.from_local(inst_data=inst_data, **config_value)
