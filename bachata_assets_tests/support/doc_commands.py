"""What README and docs tell a person to type, for the tests that try it and for `python -m benchmarks`."""

import re
from collections.abc import Iterator
from pathlib import Path

from bachata_assets_tests.support.paths import PROJECT

PAGES = sorted(
    [
        PROJECT / "README.md",
        PROJECT / "CONTRIBUTING.md",
        PROJECT / "checkpoints" / "MODEL_CARD.md",
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
