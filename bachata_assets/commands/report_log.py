"""The log lines at the end of a run, with the figures of the JSON report."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from bachata_assets.collection.remarks import counted, named
from bachata_assets.report.findings import message

logger = logging.getLogger(__name__)

_NO_TEXT = "text_embedding_present"


def log_report(content: Mapping[str, Any], worked_on: Collection[str]) -> None:
    """Log the warnings of the clips that were processed, the made clips without an annotation, and the summary.

    Parameters
    ----------
    content : content of the JSON report
    worked_on : ids of the clips whose warnings are new
    """
    unannotated = set(content["videos_without_annotation"])
    # A failed clip has its own message; an annotation would not give it a vector.
    without = sorted(unannotated - set(content["failed_videos"]))
    for clip_id in worked_on:
        for check, figures in content["checks"].get(clip_id, {}).get("warnings", {}).items():
            if not (check == _NO_TEXT and clip_id in unannotated):
                logger.warning("%s: %s", clip_id, message(check, figures))
    if without:
        clips = counted(len(without), "clip")
        logger.warning("Without an annotation, so without a text vector: %s (%s)", clips, named(without))
    logger.info("%s", _summary(content))


def _summary(content: Mapping[str, Any]) -> str:
    summary, timing, quality = content["summary"], content["timing"], content["quality_metrics"]
    counts = (
        f"{counted(summary['total_videos'], 'clip')}: {summary['successful']} made, {summary['failed']} failed, "
        f"{len(content['pending_videos'])} to be made, {len(content['partial_videos'])} with a vector missing"
    )
    if content["not_indexed_videos"]:
        counts += f", {len(content['not_indexed_videos'])} not indexed yet"
    if not summary["successful"]:
        return f"Report: {counts}"
    return (
        f"Report: {counts}; mean quality {quality['mean_quality_score']:.2f} "
        f"({quality['min_quality_score']:.2f} to {quality['max_quality_score']:.2f}), both dancers found in "
        f"{quality['mean_detection_rate']:.0%} of the frames; {timing['total_processing_time_seconds']:.1f} s, "
        f"{timing['average_time_per_video_seconds']:.1f} s per clip"
    )
