"""A worker process that is replaced when it ends, and its setup: limits, environment, log.

`processes.py` says what runs in it.
"""

import atexit
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from logging.handlers import QueueHandler, QueueListener
from multiprocessing import forkserver, get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any, TypeVar

from pebble import ProcessPool

from bachata_assets.pipeline.workers.memory import limit_memory
from bachata_assets.settings import SettingsError

T = TypeVar("T")

TASKS = 200
"""Number of tasks after which a process is replaced, so that memory leaks of libraries stay small."""
LONGEST_END_S = 10.0
"""Time limit for a process to end, s; it is stopped at once, whatever it does."""
_HARMLESS = ("PATH", "HOME", "USER", "SHELL", "TMPDIR", "TEMP", "LANG", "LC_", "TZ", "XDG_", "PYTHON", "VIRTUAL_ENV",
             "LD_LIBRARY_PATH", "DYLD_", "CUDA_", "OMP_", "MKL_", "OPENBLAS_", "NUMBA_", "COVERAGE_")  # fmt: skip
"""Prefixes of the environment variables that a worker gets; no setting or secret is among them."""
_FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1"}
"""Matrix products of tracking are small: other threads would only spin, 3 of 100 CPU s of `generate`."""
POSES = "poses"
"""Name of the pool whose process loads the pose models."""
LIBRARIES = "bachata_assets.libraries"
"""Logger for warnings of libraries."""
_FIRST_TO_GO = "500"
"""If memory runs out, Linux ends this process before the platform's own (0); the range ends at 1000."""


@dataclass(frozen=True)
class Limits:
    """Limits of one task.

    Attributes
    ----------
    seconds : time limit of a task, s
    memory_gb : limit of the memory that a process uses, 10^9 bytes; 0: no limit. Enforced on Linux only.
    """

    seconds: float = 3600.0
    memory_gb: float = 4.0


class WorkerPool:
    """One process, started when first needed and restarted after it has ended."""

    def __init__(self, name: str, memory_gb: float) -> None:
        self._name = name
        self._memory_gb = memory_gb
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._listener: QueueListener | None = None

    def schedule(self, function: Callable[..., T], arguments: tuple[Any, ...], seconds: float) -> "Future[T]":
        """Run a function of the package, in the present working directory.

        The future raises `TimeoutError` or pebble's `ProcessExpired`.
        """
        with self._lock:
            task = (_working_directory(), function, *arguments)
            future: Future[T] = self._begun().schedule(_run_in, args=task, timeout=seconds)
            return future

    def begin(self) -> None:
        """Start the process, unless it is running.

        Raises
        ------
        SettingsError
            The system does not allow new processes.
        """
        with self._lock:
            self._begun()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._pool is not None:
                self._pool.stop()  # type: ignore[no-untyped-call]
                # An interrupt during `schedule` may take a wake-up from pebble's thread, which then waits forever (seen
                # once, at a load of 30); the process has ended by then.
                end = threading.Thread(target=self._pool.join, daemon=True)
                end.start()
                end.join(LONGEST_END_S)
                self._pool = None
            if self._listener is not None:
                self._listener.stop()
                self._listener = None

    def _begun(self) -> ProcessPool:
        if self._pool is None or not self._pool.active:
            try:
                self._pool = self._start()
            except OSError as error:
                raise SettingsError(
                    f"worker processes cannot start ({error.strerror or error}): they need a writable /dev/shm and "
                    "a writable folder for temporary files (TMPDIR); without them, set BACHATA_WORKERS=in_process"
                ) from error
        return self._pool

    def _start(self) -> ProcessPool:
        context = get_context("forkserver")
        with harmless_environment(_FEW_THREADS):
            forkserver.ensure_running()
        records: Queue[logging.LogRecord] = context.Queue()
        if self._listener is not None:
            self._listener.stop()
        self._listener = QueueListener(records, _Forward())
        self._listener.start()
        level = logging.getLogger("bachata_assets").getEffectiveLevel()
        begin = (self._name, os.getpid(), self._memory_gb, records, level)
        return ProcessPool(1, max_tasks=TASKS, initializer=_begin, initargs=begin, context=context)


_POOLS: dict[tuple[str, float], WorkerPool] = {}
_POOLS_LOCK = threading.Lock()


def pool(name: str, memory_gb: float) -> WorkerPool:
    """Return the pool of this name, so that a process keeps its models from one run to the next."""
    with _POOLS_LOCK:
        return _POOLS.setdefault((name, memory_gb), WorkerPool(name, memory_gb))


@atexit.register
def close_pools() -> None:
    """End all worker processes."""
    with _POOLS_LOCK:
        for one in _POOLS.values():
            one.close()
        _POOLS.clear()


class _Forward(logging.Handler):
    """Passes a worker's records to the loggers of this process."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = logging.getLogger(record.name)
        if logger.isEnabledFor(record.levelno):  # `handle` does not: debug records would appear on every terminal
            logger.handle(record)


@contextmanager
def harmless_environment(defaults: Mapping[str, str] | None = None) -> Iterator[None]:
    """Hide all but harmless variables while the parent of workers starts; set defaults of missing ones."""
    hidden = {name: value for name, value in os.environ.items() if not name.startswith(_HARMLESS)}
    added = {name: value for name, value in (defaults or {}).items() if name not in os.environ}
    for name in hidden:
        del os.environ[name]
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
        os.environ.update(hidden)


def _begin(name: str, parent: int, memory_gb: float, records: "Queue[logging.LogRecord]", level: int) -> None:
    """Set up a worker process."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that closes ends the parent, which ends its workers
    records.cancel_join_thread()  # an ending process must not wait for a reader
    log = logging.getLogger("bachata_assets")
    log.handlers, log.propagate = [QueueHandler(records)], False
    log.setLevel(level)
    logging.captureWarnings(True)
    warnings = logging.getLogger("py.warnings")
    warnings.handlers, warnings.propagate = [_AsDebug(records)], False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)
    threading.Thread(target=_end_with, args=(parent,), daemon=True, name=f"{name} watches its parent").start()
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    limit_memory(memory_gb, loads_models=name == POSES)


def _working_directory() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:  # it was removed, so no path is relative to it
        return None


def _run_in(folder: Path | None, function: Callable[..., T], *arguments: object) -> T:
    """Run a task in the caller's working directory, so that relative paths are valid; runs in a worker process."""
    if folder is not None:
        os.chdir(folder)
    return function(*arguments)


class _AsDebug(QueueHandler):
    """Sends warnings of libraries at debug level: users cannot act on them."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.name, record.levelno, record.levelname = LIBRARIES, logging.DEBUG, "DEBUG"
        return super().prepare(record)


def _end_with(parent: int) -> None:
    """End this process once its parent is gone, even in the middle of a task."""
    while True:
        time.sleep(1.0)
        try:
            os.kill(parent, 0)
        except ProcessLookupError:
            os._exit(1)
