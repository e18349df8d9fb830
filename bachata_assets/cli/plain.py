"""Text that is safe to show on a terminal: file names and annotations cannot control it."""

import json
import logging
import re
import sys
import unicodedata
from typing import Any

import typer

_DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Characters that change the direction of the text after them."""


def plain(text: str) -> str:
    r"""Return a text on one line with control characters escaped, as `\x1b`."""
    if text.isprintable():
        return text
    return "".join(_written_out(character) for character in text)


def say(text: str, *, err: bool = False) -> None:
    """Print one line of plain text."""
    typer.echo(plain(text), err=err)


def say_json(value: Any) -> None:
    """Print a value as JSON; characters that the terminal lacks or obeys are JSON-escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    takes_all = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    if not takes_all or any(plain(line) != line for line in text.split("\n")):
        text = json.dumps(value, indent=2)
    typer.echo(text)


class PlainFormatter(logging.Formatter):
    """Formats a log record as plain text: one line, and the lines of a traceback."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # the name is logging's
        """Return the line of a record; debug records may have several lines."""
        text = super().formatMessage(record)
        return text if record.levelno <= logging.DEBUG else plain(text)

    def format(self, record: logging.LogRecord) -> str:
        """Return all lines of a record."""
        return "\n".join(plain(line) for line in super().format(record).split("\n"))


def _written_out(character: str) -> str:
    obeyed = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _DIRECTIONS
    return re.sub(r"^'|'$", "", ascii(character)) if obeyed else character
