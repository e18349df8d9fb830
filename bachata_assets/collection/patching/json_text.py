"""Editing JSON as text: some values of one object change, every other character of the file stays."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(strict=False)


@dataclass(frozen=True)
class _Member:
    """One member of an object.

    Attributes
    ----------
    gap : text between the previous member, or the opening bracket, and this one
    body : text from the start of the name to the end of the value
    """

    name: str
    gap: str
    body: str


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """Return the text of an object with some of its values replaced, added at the end, or removed.

    Parameters
    ----------
    text : text of one object, without anything around it
    values : name -> new value; None removes the member. If a name occurs twice, the last one counts

    Raises
    ------
    json.JSONDecodeError
        The text is not an object.
    RecursionError
        It is nested too deeply.

    Examples
    --------
    >>> with_values('{"clip_id": "a",  "tags": [1,2], "notes": "old"}', {"notes": None, "lead": "left"})
    '{"clip_id": "a",  "tags": [1,2], "lead": "left"}'
    """
    found, tail = _members(text)
    last = {member.name: place for place, member in enumerate(found)}
    kept = []
    for place, member in enumerate(found):
        if values.get(member.name, member) is None:
            continue
        body = member.body
        if member.name in values and last[member.name] == place:
            body = _body(member.name, values[member.name])
        kept.append((member.gap, body))
    gap = found[-1].gap if len(found) > 1 else f",{found[0].gap or ' '}" if found else ""
    kept += [(gap, _body(name, value)) for name, value in values.items() if name not in last and value is not None]
    first = found[0].gap if found else ""
    parts = [(first if place == 0 else _comma(gap)) + body for place, (gap, body) in enumerate(kept)]
    return "{" + "".join(parts) + tail + "}"


def with_element(text: str, spans: Sequence[tuple[int, int]], values: Mapping[str, Any]) -> str:
    """Return the text of a list of objects, or of an object with such a list, with one more object after the last.

    Parameters
    ----------
    text : text of the file
    spans : start and end of the list's elements, without the space around them; at least one
    values : values of the new object
    """
    start, end = spans[-1]
    before = text[spans[-2][1] : start] if len(spans) > 1 else f",{_space_before(text, start)}"
    lines = re.match(r"\{(\s*)", text[start:end])
    is_in_lines = lines is not None and "\n" in lines[1]
    gap = lines[1] if lines and is_in_lines else ""
    closing = re.search(r"(\s*)\}$", text[start:end])
    tail = closing[1] if closing and is_in_lines else ""
    between = f",{gap}" if is_in_lines else ", "
    body = between.join(_body(name, value) for name, value in values.items())
    return f"{text[:end]}{before}{{{gap}{body}{tail}}}{text[end:]}"


def _members(text: str) -> tuple[list[_Member], str]:
    """Return the members of an object, and the text before its closing bracket."""
    if not text.startswith("{"):
        raise json.JSONDecodeError("an object was expected", text, 0)
    found: list[_Member] = []
    after = 1
    while True:
        at = _skip(text, after)
        if text[at : at + 1] == "}":
            return found, text[after:at]
        if found:
            at = _skip(text, _past(text, at, ","))
        name, end = _DECODER.raw_decode(text, at)
        _, value_end = _DECODER.raw_decode(text, _skip(text, _past(text, _skip(text, end), ":")))
        found.append(_Member(str(name), text[after:at], text[at:value_end]))
        after = value_end


def _past(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"{mark!r} was expected", text, at)
    return at + 1


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _comma(gap: str) -> str:
    return gap if "," in gap else f",{gap or ' '}"


def _space_before(text: str, at: int) -> str:
    return re.search(r"\s*$", text[:at])[0] or " "  # type: ignore[index]  # it always matches


def _body(name: str, value: Any) -> str:
    return f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
