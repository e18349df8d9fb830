"""Names in Markdown, which the UI renders: a clip's name is text, whatever characters it is made of."""

import re


def as_text(name: str) -> str:
    r"""Return a name for Markdown: every character that may mean something is escaped.

    Examples
    --------
    >>> print(as_text("[a](b) <img> _c_"))
    \[a\]\(b\) \<img\> \_c\_
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(name.split()))
