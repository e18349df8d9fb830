"""Read the one-line fields of this project's docstrings for the documentation site (an extension of griffe).

numpydoc writes a type after the colon and a description below. Where one line says it all, this project writes
`score : weighted mean of the families' scores, 0..1`. The site would print that as a type; here it becomes the
description, and the type is the signature's.
"""

import re
from typing import Any

import griffe

SECTIONS = {"Parameters", "Attributes", "Other Parameters"}
FIELD = re.compile(r"(?P<names>[*\w]+(?:, [*\w]+)*) : (?P<text>.+)")


class OneLineFields(griffe.Extension):
    """Turns every one-line field into a name and a description before the docstring is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = with_descriptions(obj.docstring.value)


def with_descriptions(docstring: str) -> str:
    """Return a docstring whose one-line fields are names with a description below."""
    lines = docstring.splitlines()
    section, written = "", []
    for index, line in enumerate(lines):
        after = lines[index + 1] if index + 1 < len(lines) else ""
        if after and set(after) == {"-"}:
            section = line
        field = FIELD.fullmatch(line) if section in SECTIONS else None
        if field is None or re.match(r"    +[A-Z]", after):  # a sentence below is numpydoc's description
            written.append(line)
        else:
            written += [field["names"], f"    {field['text']}"]
    return "\n".join(written)
