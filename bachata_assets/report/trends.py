"""The history of a collection: a few figures of each report, kept in the data dir and shown in later reports."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError

KEPT = 200
"""Maximum number of reports whose figures are kept."""
SHOWN = 40
"""Number of the last reports that the page shows."""
FIGURES = {
    "made": "clips made",
    "failed": "clips failed",
    "quality": "mean quality",
    "each_s": "seconds per clip",
}
"""Figure -> its description."""
WIDTH, HEIGHT = 200, 44
"""Size of a line, in units of its picture."""


def add_report(dataset: Dataset, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Keep the figures of a report, and return those of the last reports including it, oldest first.

    Parameters
    ----------
    content : content of the JSON report
    """
    row = {
        "at": content["generated_at"],
        "made": content["summary"]["successful"],
        "failed": content["summary"]["failed"],
        "quality": content["quality_metrics"]["mean_quality_score"],
        "each_s": content["timing"]["average_time_per_video_seconds"],
    }
    rows = [*_known(dataset), row][-KEPT:]
    dataset.write_text(layout.TRENDS, json.dumps(rows) + "\n")
    return rows[-SHOWN:]


def lines(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return for each figure its name, its last value, its range, and the points of its curve."""
    drawn = []
    for figure, says in FIGURES.items():
        values = [row[figure] for row in rows]
        known = [value for value in values if value is not None]
        if len(known) < 2:
            continue
        low, high = min(known), max(known)
        step, span = WIDTH / (len(values) - 1), (high - low) or 1
        points = " ".join(
            f"{number * step:.1f},{HEIGHT - 4 - (value - low) / span * (HEIGHT - 8):.1f}"
            for number, value in enumerate(values)
            if value is not None
        )
        drawn.append({"says": says, "last": known[-1], "low": low, "high": high, "points": points})
    return drawn


def _known(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the kept figures; empty if they cannot be read."""
    try:
        rows = json.loads(dataset.read_text(layout.TRENDS) or "[]")
        return [{"at": str(row["at"]), **{name: _number(row[name]) for name in FIGURES}} for row in rows]
    except (DamagedError, ValueError, KeyError, TypeError):
        return []


def _number(value: Any) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise ValueError(f"a number was written, not {type(value).__name__}")
