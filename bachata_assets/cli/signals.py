"""How Ctrl-C, SIGTERM and SIGHUP end a command: alike, and with the exit code that shells expect of each."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals by which a person, a supervisor or a terminal that closes asks a program to end."""


@contextmanager
def ended_by_signals() -> Iterator[Callable[[], int | None]]:
    """Let each signal of ENDING raise KeyboardInterrupt; yield what tells the exit code, None before one came.

    A signal that was ignored before (nohup, a job in the background) stays ignored. While a Dagster run goes on,
    Dagster's own handler of SIGINT decides when the interruption is raised, of the other signals too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    ignored = {number for number, handler in before.items() if handler is signal.SIG_IGN}

    def end(number: int, _frame: FrameType | None) -> None:
        if number not in ignored:
            raise KeyboardInterrupt

    came: list[int] = []

    def as_sigint(number: int, frame: FrameType | None) -> None:
        came.append(number)
        handler = signal.getsignal(signal.SIGINT)
        if number not in ignored and callable(handler):
            handler(number, frame)

    # Dagster's handlers do not tell which signal came, and are put in place of ours; the interpreter's own record does.
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in ENDING:
        signal.signal(number, end if number == signal.SIGINT else as_sigint)

    def code() -> int | None:
        try:
            received = os.read(reading, 100)
        except BlockingIOError:
            received = b""
        # An event loop that ran meanwhile has taken the interpreter's record for itself.
        return next((128 + number for number in (*received, *came) if number in ENDING and number not in ignored), None)

    try:
        yield code
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(reading)
        os.close(writing)
