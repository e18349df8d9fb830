"""Names in Markdown, which the UI renders: a clip's name is plain text, whatever its characters."""

import re


def as_text(name: str) -> str:
    r"""Return a name for Markdown, with every special character escaped.

    Examples
    --------
    >>> print(as_text("[a](b) <img> _c_"))
    \[a\]\(b\) \<img\> \_c\_
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(name.split()))
