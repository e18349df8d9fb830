"""Remarks about a folder or an annotation file: listed if there are few, counted if there are many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMED = 10
"""Maximum number of listed remarks of one kind; the others are counted."""


@dataclass(frozen=True)
class Remark:
    """One line about one thing.

    Attributes
    ----------
    kind : common text of all such lines
    text : the line, which names the thing
    """

    kind: str
    text: str


def counted(number: int, thing: str) -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> counted(1, "clip"), counted(1234, "clip")
    ('1 clip', '1,234 clips')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def named(names: Sequence[str]) -> str:
    """Return the first NAMED of some names, and the number of the others."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def told(remarks: Iterable[Remark]) -> list[str]:
    """Return the lines to show: the first ones of each kind, and the number of the others."""
    by_kind: dict[str, list[str]] = {}
    for remark in remarks:
        by_kind.setdefault(remark.kind, []).append(remark.text)
    lines = []
    for kind, texts in by_kind.items():
        lines += texts[:NAMED]
        if len(texts) > NAMED:
            lines.append(f"… and {len(texts) - NAMED:,} more: {kind}")
    return lines
