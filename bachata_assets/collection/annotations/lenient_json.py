"""JSON written by hand or by another program: one unusable value does not affect the others."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

_LONGEST_INTEGER = 300
"""Digits; a longer number is meaningless, and Python takes quadratic time for it."""
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)

_COLON = re.compile(r"\s*:")


class Unusable:
    """A value that JSON allows but nothing can use; its `repr` says what it is."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __repr__(self) -> str:
        return self._what


class Repeating(dict[str, Any]):
    """An object with repeated keys; the last of each counts."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs
        times = Counter(name for name, _ in pairs)
        self.repeated = [name for name in self if times[name] > 1]

    def every(self, name: str) -> list[Any]:
        """Return all values of a key."""
        return [value for key, value in self._pairs if key == name]


TOO_DEEP = Unusable("nested too deeply")


def loads(text: str) -> Any:
    """Return the value of a JSON text; control characters in strings, NaN and Infinity are accepted.

    A number that is too long is `Unusable`, an object with a repeated key is `Repeating`.

    Raises
    ------
    json.JSONDecodeError
        It is not JSON.
    RecursionError
        It is nested too deeply.
    """
    return json.loads(text, strict=False, parse_int=_integer, object_pairs_hook=_object)


def elements(text: str, name: str) -> Iterator[Any]:
    """Yield the elements of a list, each parsed separately: one that is nested too deeply is TOO_DEEP.

    Parameters
    ----------
    text : a list, or an object with one
    name : key of the list in the object

    Raises
    ------
    json.JSONDecodeError
        An element is not JSON, or the list does not end.
    """
    for start, end in spans(text, name):
        try:
            yield loads(text[start:end])
        except RecursionError:
            yield TOO_DEEP
        except json.JSONDecodeError as error:
            raise json.JSONDecodeError(error.msg, text, start + error.pos) from None


def _integer(digits: str) -> int | Unusable:
    return int(digits) if len(digits) <= _LONGEST_INTEGER else Unusable(f"a number of {len(digits):,} digits")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Repeating(pairs)


def spans(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of the elements of the list, found by brackets alone; none without such a list."""
    depth, inside, start, key = 0, 0, 0, ""
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
            opens = depth == 1 or (depth == 2 and key == name)
            if not inside and mark == "[" and opens:
                inside, start = depth, token.end()
        elif mark == "," and depth == inside:
            yield start, token.start()
            start = token.end()
        elif mark in "]}":
            if depth == inside:
                if start != token.start() and text[start : token.start()].strip():
                    yield start, token.start()
                return
            depth -= 1
        elif depth == 1 and _COLON.match(text, token.end()):
            key = str(loads(mark))
    if inside:
        raise json.JSONDecodeError("the list does not end", text, len(text))
