"""How figures are written in the tables of the docs."""

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Return median, least and largest as text."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
