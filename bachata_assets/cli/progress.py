"""How a command says what it is doing: plain lines in a pipe, a bar below them on a terminal."""

import logging
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bachata_assets.cli.plain import PlainFormatter


class ProgressHandler(logging.Handler):
    """Prints log records, and counts the clips that they say are done.

    A record's `clips_total` says how many clips there are to do, `clip_done` that one of them is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(PlainFormatter())
        self._console = Console(stderr=True)
        columns = (TextColumn("clips"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=self._console, disable=not self._console.is_terminal)
        self._task = self._progress.add_task("clips", total=0, visible=False)
        self._done = self._total = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record, above the bar."""
        text = self.format(record)
        if hasattr(record, "clips_total"):
            self._total = record.clips_total
            self._progress.update(self._task, total=self._total, visible=self._total > 0)
        if hasattr(record, "clip_done"):
            self._done += 1
            self._progress.update(self._task, completed=self._done)
            text = f"[{self._done}/{self._total}] {text}"
        self._console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
