"""The Dagster instance of a data dir: where its state is, its configuration, and how to open it."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml
from alembic.util import CommandError
from dagster import DagsterInstance, DagsterInvalidConfigError
from sqlalchemy.exc import DatabaseError
from yaml import YAMLError

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import (
    MISPLACED,
    REMEDY,
    DamagedError,
    free_name,
    misplaced,
    write_durably,
)
from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.dagster_internals import INDEX_SHARD_NAME
from bachata_assets.orchestration.state import storage
from bachata_assets.orchestration.state.owner import require_own
from bachata_assets.orchestration.state.sqlite import of_the_disk, opening
from bachata_assets.orchestration.state.storage import StateStorage
from bachata_assets.settings.servers import PostgresSettings

Instance = DagsterInstance
"""The type of an instance, for the commands, which do not import Dagster."""

CONFIG = "dagster.yaml"
OpenSqliteStorage = StateStorage
"""The storage under its name in the dagster.yaml of older states."""

_NEW_INSTANCE = f"""\
telemetry: {{enabled: false}}
nux: {{enabled: false}}
storage:
  custom:  # SQLite, with the event log's files kept open; PostgreSQL with BACHATA_POSTGRES_URL
    module: {storage.MODULE}
    class: {storage.CLASS}
    config:
      base_dir: {{env: DAGSTER_HOME}}
concurrency:
  runs:
    max_concurrent_runs: 3  # one of them of clips: see the pool `poses`
  pools: {{granularity: run}}
run_launcher:  # notices runs whose process was killed
  module: bachata_assets.orchestration.orphaned_runs
  class: WatchingRunLauncher
run_monitoring:
  enabled: true
  poll_interval_seconds: 30
  start_timeout_seconds: 300
  cancel_timeout_seconds: 180
  max_runtime_seconds: 86400  # a run of the daemon's, of 25 clips; `generate` has no limit
  free_slots_after_run_end_seconds: 300
run_retries:  # of runs whose process was killed; what fails by itself is asked for again by `new_clips`
  enabled: true
  max_retries: 2
  retry_on_asset_or_op_failure: false
retention:  # ticks, in days
  schedule: {{purge_after_days: 90}}
  sensor:
    purge_after_days:
      skipped: 2
      success: 30
      failure: 30
"""
"""Configuration of a new state; the project's dagster.yaml is equal, for `dagster dev` without DAGSTER_HOME."""

_NO_CAPTURE = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
"""No capture of output in this process: it owns the terminal, and the capturing processes would not end quietly."""


def dagster_home(data_dir: str) -> Path:
    """Return the folder of Dagster's state: DAGSTER_HOME if set, else one in the data dir."""
    given = os.environ.get("DAGSTER_HOME")
    return Path(given).absolute() if given else local_folder(data_dir) / layout.DAGSTER


def local_folder(data_dir: str) -> Path:
    """Return the local folder of log and state: the data dir, or for an object store a folder of its name in `data`."""
    return Path("data", data_dir.partition("://")[2]).absolute() if "://" in data_dir else Path(data_dir).absolute()


@contextmanager
def open_instance(data_dir: str, settings: PostgresSettings | None = None) -> Iterator[Instance]:
    """Open the Dagster instance of a data dir; create it if there is none.

    Parameters
    ----------
    settings : may name a database for the state; by default, the settings of the environment

    Raises
    ------
    StateError
        The database cannot be used, or holds the state of another collection.
    DamagedError
        A file of the state, which the message names, is damaged; may also be raised while the instance is open.
    OSError
        The disk is full or read-only, or other processes lock the state for too long.
    """
    home = dagster_home(data_dir)
    with _damage_named(home), ExitStack() as opened:
        with opening(home):
            config = home / CONFIG
            if not config.exists():
                write_durably(config, _NEW_INSTANCE.encode())
            overrides = _NO_CAPTURE | _storage(config, home)
            with storage.settings_given(settings):
                instance = opened.enter_context(dagster_internals.open_instance(str(home), overrides))
        with storage.server_named(instance):
            require_own(instance, Dataset(data_dir))
            yield instance


def set_damaged_state_aside(data_dir: str) -> list[Path]:
    """Rename the damaged files of a state, so that new ones are made; return the renamed paths.

    Raises
    ------
    DamagedError
        If the state is in the user's own DAGSTER_HOME, where this package moves nothing.
    """
    home = dagster_home(data_dir)
    moved = []
    while (error := _state_error(data_dir, home)) is not None:
        if "DAGSTER_HOME" in os.environ:
            raise DamagedError(error.path, error.why, "mend or move it: it is in your own DAGSTER_HOME") from error
        path = Path(error.path)
        whole_state = path.suffix == ".db" and (path.stem == INDEX_SHARD_NAME or path.parent.name != "runs")
        broken = home if whole_state or path == home else path  # a damaged log of one run affects that run alone
        aside = free_name(f"{broken}{layout.DAMAGED_SUFFIX}")
        broken.rename(aside)
        for journal in ("-wal", "-shm"):  # SQLite would apply an old journal to the new database of this name
            with suppress(FileNotFoundError):
                Path(f"{broken}{journal}").rename(f"{aside}{journal}")
        moved.append(broken)
    return moved


def _state_error(data_dir: str, home: Path) -> DamagedError | None:
    try:
        with open_instance(data_dir):
            pass
    except DamagedError as error:
        return error
    broken = _damaged_file(home)
    return DamagedError(str(broken), "it is not a complete database") if broken else None


@contextmanager
def _damage_named(home: Path) -> Iterator[None]:
    """Turn errors of SQLite and Dagster about an unusable state into an error that names the file."""
    try:
        yield
    except MISPLACED as error:
        wrong = _misplaced(home)
        if wrong is None:
            raise
        raise wrong from error
    except (YAMLError, DagsterInvalidConfigError, UnicodeDecodeError) as error:
        raise DamagedError(
            str(home / CONFIG), _first_line(error), f"mend it, or remove it so that a new one is written ({REMEDY})"
        ) from error
    except (sqlite3.DatabaseError, DatabaseError, CommandError) as error:
        reason = _first_line(getattr(error, "orig", None) or error)
        wrong = _misplaced(home)
        if wrong is not None:
            raise wrong from error
        if "database is locked" in reason:
            raise OSError(errno.EBUSY, reason, str(home)) from error
        refused = of_the_disk(reason, home)
        if refused is not None:
            raise refused from error
        raise DamagedError(str(_damaged_file(home) or home), reason) from error


_FILES = (CONFIG, layout.LOCK, "history/runs.db", f"history/runs/{INDEX_SHARD_NAME}.db", "schedules/schedules.db")
"""Files of a state that do not belong to a single run."""


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".:")[:200] or type(error).__name__


def _damaged_file(home: Path) -> Path | None:
    """Return a damaged database of a state, None if there is none."""
    for path in sorted(home.rglob("*.db")):
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
                (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
                tables = database.execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'").fetchall()
                versions = database.execute("SELECT * FROM alembic_version").fetchall() if tables else []
        except sqlite3.DatabaseError:
            return path
        if said != "ok" or len(versions) > 1:  # two versions: two processes created the database at once
            return path
    return None


def _misplaced(home: Path) -> DamagedError | None:
    """Return a part of a state that is a folder where a file belongs, or vice versa; None if there is none."""
    files = {*home.rglob("*.db"), *(home / name for name in _FILES)}
    return next((error for path in sorted(files) if (error := misplaced(path))), None)


def _storage(config: Path, home: Path) -> dict[str, Any]:
    """Return this package's storage as an override, with the home as a path; nothing if another is configured."""
    configured = yaml.safe_load(config.read_text(encoding="utf-8")) or {}
    if not isinstance(configured, dict):
        raise YAMLError("settings are lines of `name: value`")
    chosen = configured.get("storage")
    custom = chosen.get("custom") if isinstance(chosen, dict) else None
    own = isinstance(custom, dict) and custom.get("module") in (storage.MODULE, __name__)
    if not own and configured.keys() & {"storage", "run_storage", "event_log_storage", "schedule_storage"}:
        return {}
    place = {"module": storage.MODULE, "class": storage.CLASS, "config": {"base_dir": str(home)}}
    return {"storage": {"custom": place}}
