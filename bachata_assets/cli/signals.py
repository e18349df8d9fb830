"""How Ctrl-C, SIGTERM and SIGHUP end a command: in the same way, each with the exit code that shells expect."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals by which a user, a supervisor or a closing terminal asks a program to end."""


@contextmanager
def ended_by_signals() -> Iterator[Callable[[], int | None]]:
    """Make each signal of ENDING raise KeyboardInterrupt; yield a function that returns its exit code, or None.

    A signal that was ignored before (nohup, a background job) stays ignored. During a Dagster run, Dagster's SIGINT
    handler decides when the interruption is raised, also for the other signals.
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

    # Dagster's handlers replace ours and do not say which signal came; the interpreter's wakeup pipe does.
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
        # An event loop that ran in between has taken over the wakeup pipe.
        return next((128 + number for number in (*received, *came) if number in ENDING and number not in ignored), None)

    try:
        yield code
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(reading)
        os.close(writing)
