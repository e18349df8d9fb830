"""The JSON report's content: the sections of the specification, and additional ones."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bachata_assets.pipeline.status import FailedClip


def summarize(
    made: Sequence[Mapping[str, Any]],
    failed: Sequence[FailedClip],
    *,
    generated_at: str,
    pending: Sequence[str],
    not_indexed: Sequence[str] = (),
    absent: Mapping[str, Mapping[str, str]],
    annotations_without_file: Sequence[str],
    checks: Mapping[str, Mapping[str, Any]],
    versions: Mapping[str, Any],
    videos_without_annotation: Sequence[str] = (),
    annotation_problems: Sequence[str] = (),
    left_out: Sequence[Mapping[str, str]] = (),
    label_doubts: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the report, ready to be written as JSON.

    Parameters
    ----------
    made : sequence of mapping
        Documents of the made clips, indexed or not, without vectors.
    failed : sequence of FailedClip
        Clips that failed.
    generated_at : str
        Time of the report, ISO 8601 with time zone.
    pending : sequence of str
        Ids of clips that were not tried yet, or must be made again.
    not_indexed : sequence of str
        Ids of made clips whose documents are not sent to the index yet.
    absent : mapping
        Clip id -> family -> reason why a made clip lacks its vector.
    annotations_without_file : sequence of str
        Ids of annotation entries without a file; not included in any count.
    videos_without_annotation : sequence of str
        Ids of clips without an annotation entry, in all states.
    checks : mapping
        Id of a made clip -> the checks that it `passed`, and its `warnings` with their figures.
    versions : mapping
        Versions of the package and of the stages' code.
    annotation_problems : sequence of str
        Lines about unusable parts of the annotation file.
    left_out : sequence of mapping
        `path` of each file or folder that was left out, and the `reason`; not included in any count.
    """
    total = len(made) + len(failed) + len(pending)
    seconds = sum(row["processing_time"] for row in made)
    return {
        "summary": {
            "total_videos": total,
            "successful": len(made),
            "failed": len(failed),
            "success_rate": len(made) / total if total else 0.0,
        },
        "timing": {
            "total_processing_time_seconds": round(seconds, 3),
            "total_processing_time_minutes": round(seconds / 60, 3),
            "average_time_per_video_seconds": round(seconds / len(made), 3) if made else 0.0,
        },
        "quality_metrics": _quality(made),
        "failed_videos": [clip.clip_id for clip in failed],
        "embeddings": list(made),
        "generated_at": generated_at,
        "failures": [_failure(clip) for clip in failed],
        "pending_videos": list(pending),
        "not_indexed_videos": list(not_indexed),
        "partial_videos": [{"clip_id": clip_id, "absent": dict(why)} for clip_id, why in absent.items()],
        "annotations_without_file": list(annotations_without_file),
        "videos_without_annotation": list(videos_without_annotation),
        "annotation_problems": list(annotation_problems),
        "left_out": list(left_out),
        "checks": dict(checks),
        "label_doubts": dict(label_doubts or {}),
        "versions": dict(versions),
    }


def _failure(clip: FailedClip) -> dict[str, Any]:
    failure = clip.failure
    return {
        "clip_id": clip.clip_id,
        "video_path": clip.video_path,
        "error": failure.reason,
        "transient": failure.transient,
    }


def _quality(made: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    scores = [row["quality_score"] for row in made]
    rates = [row["detection_rate"] for row in made]
    return {
        "mean_quality_score": statistics.fmean(scores) if made else None,
        "median_quality_score": statistics.median(scores) if made else None,
        "min_quality_score": min(scores, default=None),
        "max_quality_score": max(scores, default=None),
        "mean_detection_rate": statistics.fmean(rates) if made else None,
    }
