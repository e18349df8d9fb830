"""What LanceDB's Rust code prints where it panics, at some damaged files: kept off the terminal, the error says it."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import IO

_PANIC = re.compile(
    rb"\n?thread '[^\n]*' (?:\(\d+\) )?panicked at [^\n]*\n(?:[^\n]*\n(?:note: [^\n]*\n)?)?"
    rb"(?:stack backtrace:\n(?: +[^\n]*\n)*(?:note: [^\n]*\n)?)?"
)
_STDERR = 2


class _Held:
    """The descriptor of the error output while it is kept; of all threads together, since they share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._depth = 0
        self._before = -1
        self._kept: IO[bytes] | None = None

    def begin(self) -> None:
        """Keep what is printed from now on."""
        with self._lock:
            self._depth += 1
            if self._depth > 1:
                return
            try:
                self._before = os.dup(_STDERR)
            except OSError:  # there is no error output
                return
            self._kept = tempfile.TemporaryFile()  # noqa: SIM115  # it is closed in `end`
            os.dup2(self._kept.fileno(), _STDERR)

    def end(self) -> None:
        """Print what was kept, without panics."""
        with self._lock:
            self._depth -= 1
            if self._depth or self._kept is None:
                return
            os.dup2(self._before, _STDERR)
            os.close(self._before)
            self._kept.seek(0)
            text = _PANIC.sub(b"", self._kept.read())
            self._kept.close()
            self._kept = None
            with suppress(OSError):  # nobody reads it
                while text:
                    text = text[os.write(_STDERR, text) :]


_HELD = _Held()


@contextmanager
def without_panics() -> Iterator[None]:
    """Keep what is printed to the error output until the end, and then leave out what Rust says of panics.

    A panic is told by a hook that prints before Python sees an exception, straight to the descriptor.
    """
    _HELD.begin()
    try:
        yield
    finally:
        _HELD.end()
