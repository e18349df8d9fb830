"""Translation of LanceDB's errors to one line that says what to do: damaged files, or a disk that does not answer."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar, cast

from bachata_assets.clip_record import InvalidRecordError
from bachata_assets.file_errors import REFUSALS
from bachata_assets.search.errors import IndexUnreadableError, QueryError, SearchError, SearchUnavailableError
from bachata_assets.search.lancedb.panics import without_panics

F = TypeVar("F", bound=Callable[..., Any])

_NUMBER = re.compile(r"(?:os error|code:) (\d+)")
"""The operating system's error number in a Rust message."""


@contextmanager
def clear_errors(location: str) -> Iterator[None]:
    """Raise every LanceDB error as a `SearchError`, and print nothing else; LanceDB has no exceptions of its own."""
    try:
        with without_panics():
            yield
    except (SearchError, QueryError, InvalidRecordError):
        raise
    except Exception as error:
        if not is_lance_error(error):
            raise
        number = next((int(found) for found in _NUMBER.findall(str(error)) if int(found) in REFUSALS), None)
        if number is not None:
            raise SearchUnavailableError(
                f"The index in {location} cannot be read or written ({os.strerror(number)}): {REFUSALS[number]}"
            ) from error
        reason = str(error).partition("\n")[0].partition(", /")[0][:200]
        raise IndexUnreadableError(
            f"The index in {location} cannot be read or written ({reason}): "
            "`bachata-assets repair` makes it again from the tables"
        ) from error


def is_lance_error(error: Exception) -> bool:
    """Tell whether LanceDB raised it; truncated files can make its Rust code panic, with a class nobody can import."""
    return isinstance(error, RuntimeError | ValueError | OSError) or type(error).__name__ == "RustPanic"


def clearly(method: F) -> F:
    """Decorate a method of an object with a `location`: `clear_errors` for the whole call."""

    @wraps(method)
    def wrapped(self: Any, *arguments: Any, **named: Any) -> Any:
        with clear_errors(self.location):
            return method(self, *arguments, **named)

    return cast("F", wrapped)
