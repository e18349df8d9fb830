"""Figures of a collection for Prometheus, as text beside the report: clips by state and per day, failures, the queue.

node_exporter's textfile collector, or any web server, passes it to Prometheus.
"""

import re
import time
from collections import Counter as Counted
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bachata_assets.collection.scan import Scan

DAY_S = 86_400
WINDOWS = {"1d": DAY_S, "7d": 7 * DAY_S}
"""Name of each stretch of time before the report -> its length, s."""
LONGEST_REASON = 80
"""Maximum length of a reason as a label, characters."""
MOST_REASONS = 20
"""Maximum number of reasons with their own series; all others share one."""


def metrics_text(content: Mapping[str, Any], scan: Scan, now_s: float | None = None) -> str:
    """Return the figures in Prometheus' text format.

    Parameters
    ----------
    content : content of the JSON report
    scan : scan of the same time
    now_s : the time, s since 1970; by default now
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    now = time.time() if now_s is None else now_s
    registry = CollectorRegistry()

    def gauge(name: str, says: str, values: Mapping[tuple[str, ...], float], *labels: str) -> None:
        series = Gauge(f"bachata_{name}", says, labels, registry=registry)
        for of_labels, value in values.items():
            (series.labels(*of_labels) if labels else series).set(value)

    summary = content["summary"]
    states: dict[tuple[str, ...], float] = {
        ("made",): summary["successful"],
        ("failed",): summary["failed"],
        ("pending",): len(content["pending_videos"]),
        ("not_indexed",): len(content["not_indexed_videos"]),
    }
    gauge("clips", "Clips by state; not_indexed ones are made, too.", states, "state")
    made = [datetime.fromisoformat(row["created_at"]).timestamp() for row in content["embeddings"]]
    per_window: dict[tuple[str, ...], float] = {
        (name,): sum(now - at <= length for at in made) for name, length in WINDOWS.items()
    }
    gauge("clips_made", "Clips whose last table was made in this time before the report.", per_window, "window")
    gauge("clip_failures", "Failed clips by reason.", _failures(content["failures"]), "reason", "transient")
    waiting = [
        scan.difference.files[clip_id].mtime_ns / 1e9
        for clip_id in content["pending_videos"]
        if clip_id in scan.difference.files
    ]
    age = max(0.0, now - min(waiting)) if waiting else 0.0
    gauge("queue_oldest_seconds", "Age of the oldest file whose clip is still to be made, at the report.", {(): age})
    work = content["timing"]["total_processing_time_seconds"]
    gauge("processing_seconds", "Work for the clips that are made.", {(): work})
    if content["embeddings"]:
        quality = content["quality_metrics"]["mean_quality_score"]
        gauge("mean_quality", "Mean quality of the clips that are made, 0..1.", {(): quality})
    gauge("report_timestamp_seconds", "When these figures were taken.", {(): now})
    return generate_latest(registry).decode()


def _failures(failures: Sequence[Mapping[str, Any]]) -> dict[tuple[str, ...], float]:
    """Return the number of failed clips for each reason, without file names."""
    counts = Counted((reason_of(one["error"]), str(bool(one["transient"])).lower()) for one in failures)
    found: dict[tuple[str, ...], float] = dict(counts.most_common(MOST_REASONS))
    others = sum(counts.values()) - sum(found.values())
    return found | ({("others", "false"): others} if others else {})


def reason_of(error: str) -> str:
    """Return a reason without file names and numbers, so that many clips share it.

    Examples
    --------
    >>> reason_of("/videos/a.mp4: only one person found in 90 frames, and no partner. Check that both are there.")
    'only one person found in N frames, and no partner'
    """
    said = re.sub(r"^[^:]*\.\w{2,4}: ", "", error.split("\n", 1)[0])
    said = re.split(r"[.;] ", said)[0].rstrip(".")
    said = re.sub(r"\d+([.,]\d+)*", "N", said)
    return re.sub(r"\S*/\S*", "FILE", said)[:LONGEST_REASON]
