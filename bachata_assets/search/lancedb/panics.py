"""Suppression of the panic messages that LanceDB's Rust code prints for some damaged files; the error says the same."""

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
    """The captured descriptor of stderr, which all threads share."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._depth = 0
        self._before = -1
        self._kept: IO[bytes] | None = None

    def begin(self) -> None:
        """Capture what is printed from now on."""
        with self._lock:
            self._depth += 1
            if self._depth > 1:
                return
            try:
                self._before = os.dup(_STDERR)
            except OSError:  # there is no stderr
                return
            self._kept = tempfile.TemporaryFile()  # noqa: SIM115  # it is closed in `end`
            os.dup2(self._kept.fileno(), _STDERR)

    def end(self) -> None:
        """Print what was captured, without panic messages."""
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
            with suppress(OSError):  # nobody reads stderr
                while text:
                    text = text[os.write(_STDERR, text) :]


_HELD = _Held()


@contextmanager
def without_panics() -> Iterator[None]:
    """Capture stderr until the end of the block, then print it without Rust's panic messages.

    Rust's panic hook prints straight to the descriptor, before Python sees an exception.
    """
    _HELD.begin()
    try:
        yield
    finally:
        _HELD.end()
