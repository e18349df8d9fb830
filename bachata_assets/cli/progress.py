"""How a command shows progress: plain lines in a pipe, a bar below them on a terminal; and where its log goes."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column

from bachata_assets.cli.plain import PlainFormatter
from bachata_assets.collection.remarks import counted
from bachata_assets.collection.whole_files import places_named
from bachata_assets.pipeline.workers.pool import LIBRARIES


class ProgressHandler(logging.Handler):
    """Prints log records; on a terminal also the current step, the time it has taken, and the time left.

    A record's `clips_total` is the number of clips to make, `clip_done` names a finished clip, and `clip_doing` and
    `share` give the finished share of a clip. A `live` record is for the bar alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(PlainFormatter())
        self._console = Console(stderr=True)
        columns = (
            BarColumn(bar_width=20),
            TextColumn("{task.fields[count]}", markup=False),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(
            *columns,
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
            redirect_stdout=sys.stdout.isatty(),  # else output for a file or a pipe would go to the terminal
        )
        self._task = self._progress.add_task("starting", total=None, count="")
        self._done = self._total = 0
        self._shares: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record above the bar, and update the bar from it."""
        text = self.format(record)
        if hasattr(record, "clips_total"):
            self._total = record.clips_total
        if hasattr(record, "clip_doing"):
            self._shares[record.clip_doing] = record.share  # type: ignore[attr-defined]  # set together
        if hasattr(record, "clip_done"):
            self._done += 1
            self._shares.pop(record.clip_done, None)
            text = f"[{self._done}/{self._total}] {text}"
        self._show(text)
        if not is_live(record):
            self._console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def _show(self, text: str) -> None:
        done = self._done + sum(self._shares.values())
        count = f"{self._done}/{counted(self._total, 'clip')}" if self._total else ""
        self._progress.update(self._task, description=text, count=count, total=self._total or None, completed=done)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


def is_live(record: logging.LogRecord) -> bool:
    """Return whether a record only describes the current step; such a record is not printed or written to a file."""
    return getattr(record, "live", False)


@contextmanager
def log_on_terminal(file: Path | None = None, *, debug: bool = False) -> Iterator[None]:
    """Show the package's log on the terminal, with the current step; write it to a file too.

    Parameters
    ----------
    file : the log file; it stays open until the next command, so that no late record is lost
    debug : include details and the warnings of libraries
    """
    log = logging.getLogger("bachata_assets")
    for old in log.handlers:
        old.close()
    log.handlers = []
    log.setLevel(logging.DEBUG if debug else logging.INFO)
    log.propagate = False
    if file:
        log.addHandler(_file(file))
    with ProgressHandler() as terminal, libraries_as_details():
        log.addHandler(terminal)
        yield


@contextmanager
def libraries_as_details() -> Iterator[None]:
    """Log the warnings of libraries at debug level: users cannot act on them."""
    warnings = logging.getLogger("py.warnings")
    logging.captureWarnings(True)
    handler = _AsDebug()
    warnings.addHandler(handler)
    warnings.propagate, before = False, warnings.propagate
    try:
        yield
    finally:
        logging.captureWarnings(False)
        warnings.removeHandler(handler)
        warnings.propagate = before


class _AsDebug(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(LIBRARIES).debug("%s", record.getMessage())


def _file(path: Path) -> logging.Handler:
    with places_named(str(path)):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = logging.FileHandler(path, encoding="utf-8")
    file.setFormatter(PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    file.addFilter(lambda record: not is_live(record))
    return file
