"""What README and docs tell a person to type, for the tests that try it and for `python -m benchmarks`."""

import re
import shlex
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from bachata_assets_tests.support.paths import PROJECT

PAGES = sorted(
    [
        PROJECT / "README.md",
        PROJECT / "CONTRIBUTING.md",
        PROJECT / "checkpoints" / "MODEL_CARD.md",
        PROJECT / "deploy" / "README.md",
        *PROJECT.glob("docs/*.md"),
        *PROJECT.glob("docs/measurements/*.md"),
    ]
)


def code_of(page: Path) -> Iterator[str]:
    """Yield the lines of a page's shell blocks, and its inline code."""
    text = page.read_text()
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def commands_of(page: Path) -> list[list[str]]:
    """Return the words after `bachata-assets` wherever a page calls it."""
    calls = []
    for code in code_of(page):
        words = shlex.split(code, comments=True) if "bachata-assets " in code else []
        for call in split_at(words, {"&&", "|", ">"}):
            if "bachata-assets" in call and "…" not in call:  # else the call is shortened
                calls.append(call[call.index("bachata-assets") + 1 :])
    return calls


def split_at(words: list[str], separators: set[str]) -> Iterator[list[str]]:
    for _, part in groupby(words, lambda word: word in separators):
        yield list(part)
