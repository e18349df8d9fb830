"""What is said of work that goes on: a line for what is done, and on a terminal what is being done now."""

import io
import logging
from typing import Any

import pytest
from rich.console import Console

from bachata_assets.cli import progress
from bachata_assets.cli.progress import ProgressHandler


def told(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> str:
    """Return what is written while the first of two clips is made."""
    written = io.StringIO()

    def console(**_given: object) -> Console:
        return Console(file=written, force_terminal=is_terminal, width=80, color_system=None)

    monkeypatch.setattr(progress, "Console", console)
    with ProgressHandler() as handler:
        for text, extra in (
            ("Clips: 2, of which 0 are up to date and 2 to be made", {"clips_total": 2}),
            ("a: keypoints", {"live": True}),
            ("a: keypoints, 40%", {"live": True, "clip_doing": "a", "share": 0.4}),
        ):
            handler.handle(record(text, **extra))
    return written.getvalue()


def record(text: str, **extra: Any) -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text, "levelno": logging.INFO, "levelname": "INFO"} | extra)


def test_a_pipe_gets_no_line_of_what_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    text = told(monkeypatch, is_terminal=False)
    assert text == "Clips: 2, of which 0 are up to date and 2 to be made\n"


def test_a_terminal_shows_what_is_being_done_from_the_first_second(monkeypatch: pytest.MonkeyPatch) -> None:
    text = told(monkeypatch, is_terminal=True)
    drawn = [" ".join(line.split()) for line in text.splitlines() if "left" in line]
    assert "starting" in drawn[0]
    assert "0/2 clips a: keypoints, 40%" in drawn[-1]
    assert text.endswith("\x1b[2K")  # the bar is wiped away


def test_a_clip_that_is_done_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "Console", lambda **_given: Console(file=io.StringIO()))
    handler = ProgressHandler()
    handler.handle(record("two", clips_total=2))
    handler.handle(record("a: keypoints, 90%", live=True, clip_doing="a", share=0.9))
    handler.handle(record("b: keypoints, 20%", live=True, clip_doing="b", share=0.2))
    (bar,) = handler._progress.tasks
    assert bar.completed == pytest.approx(1.1)
    handler.handle(record("a: made", clip_done="a"))
    assert bar.completed == pytest.approx(1.2)
