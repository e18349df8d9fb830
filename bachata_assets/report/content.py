"""The two reports of a collection, JSON for scripts and HTML for people: their content, and writing them."""

import importlib.metadata
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from bachata_assets.annotation import Annotation
from bachata_assets.clip_record import ClipRecord
from bachata_assets.collection import layout
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.remarks import told
from bachata_assets.collection.scan import Scan
from bachata_assets.collection.videos.bucket import VideoBucket
from bachata_assets.collection.videos.place import Videos
from bachata_assets.pipeline.checks import CheckedClip
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import Status
from bachata_assets.pipeline.workers.base import Workers
from bachata_assets.report.findings import is_of_the_picture, message, moment
from bachata_assets.report.label_doubts import label_doubts
from bachata_assets.report.moments.strips import MomentStrips
from bachata_assets.report.page import ShownClip, render_page, shown
from bachata_assets.report.poses import ClipFigures
from bachata_assets.report.records import KeptRecords
from bachata_assets.report.summary import summarize
from bachata_assets.report.thumbnails import thumbnails
from bachata_assets.report.trends import lines
from bachata_assets.video.files import on_disk
from bachata_assets.video.sampling import SAMPLING_RATE

logger = logging.getLogger(__name__)

OVER_ALL_CLIPS = (layout.EMBEDDINGS, layout.REPORT, layout.PAGE)
"""Files made from all clips together, in this order."""
PICTURES = 100
"""Maximum number of clips with a thumbnail, lowest quality first: more than anyone looks at in a day."""


def report_of(
    status: Status,
    scan: Scan,
    kept: KeptRecords,
    checked: Mapping[str, CheckedClip],
    stages: Sequence[Stage],
) -> dict[str, Any]:
    """Return the JSON report's content."""
    records = kept.records
    return summarize(
        [record.scalars() for record in records],
        status.failed,
        generated_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        pending=[clip.clip_id for clip in status.pending],
        not_indexed=[clip.clip_id for clip in status.not_indexed],
        absent={record.clip_id: record.absent for record in records if record.absent},
        annotations_without_file=[entry.name for entry in scan.without_file],
        videos_without_annotation=scan.without_annotation,
        annotation_problems=told(scan.problems),
        left_out=[{"path": str(one.path), "reason": one.reason} for one in scan.left_out],
        checks={clip_id: vars(one) for clip_id, one in checked.items()},
        label_doubts={clip_id: doubt.to_dict() for clip_id, doubt in label_doubts(records, kept.units).items()},
        versions={
            "bachata_assets": importlib.metadata.version("bachata-assets"),
            "stages": {stage.name: stage.code_version for stage in stages},
        },
    )


def page_of(
    content: Mapping[str, Any],
    scan: Scan,
    kept: KeptRecords,
    checked: Mapping[str, CheckedClip],
    data_dir: str,
    workers: Workers,
    figures: Mapping[str, ClipFigures] | None = None,
    trends: Sequence[Mapping[str, Any]] = (),
    moments: MomentStrips | None = None,
    signed: Callable[[str], str | None] = lambda _url: None,
) -> Iterator[str]:
    """Return the HTML report, in pieces; most of it is computed while they are read.

    Parameters
    ----------
    content : mapping of str
        Content of the JSON report, from `report_of`.
    scan : Scan
        The clips and their files.
    kept : KeptRecords
        Records of the made clips.
    checked : mapping of CheckedClip
        Clip id -> its passed checks and its warnings.
    data_dir : str
        Folder or bucket of the page; links are relative to it.
    workers : Workers
        Processes that decode the pictures of clips.
    figures : mapping of ClipFigures or None
        Clip id -> figures of its poses and beats, from `write_poses`.
    trends : sequence of mapping
        Figures of the last reports, from `add_report`.
    moments : MomentStrips or None
        The moments of the clips, from `write_strips`.
    signed : callable
        Returns the signed URL of a clip in a bucket, from `signed_links`.
    """
    figures = figures or {}
    clips = scan.clips
    links = {i: signed(clip.url) if clip.url else _link(clip.path, data_dir) for i, clip in clips.items()}
    shown_at = {record.clip_id: _moment(record, checked[record.clip_id]) for record in _pictured(kept.records, checked)}
    shown_at |= {clip["clip_id"]: 0.0 for clip in content["failures"][:PICTURES]}
    pictures = workers.call(
        thumbnails,
        {clip_id: (clips[clip_id].path, at_s) for clip_id, at_s in shown_at.items() if not clips[clip_id].url},
    )
    made = [
        _made(record, facts, checked[name], clips[name], links[name], pictures.get(name), figures.get(name))
        for name, record, facts in zip(kept.clip_ids, kept.records, content["embeddings"], strict=True)
    ]
    failed = [
        ShownClip(
            **{name: clip[name] for name in ("clip_id", "video_path")},
            state="failed",
            video=links[clip["clip_id"]],
            messages=(clip["error"],),
            thumbnail=pictures.get(clip["clip_id"]),
            said=_said(clips[clip["clip_id"]].annotation, {}),
        )
        for clip in content["failures"]
    ]
    pending = [
        ShownClip(
            clip_id,
            clips[clip_id].video_path,
            "pending",
            video=links[clip_id],
            said=_said(clips[clip_id].annotation, {}),
        )
        for clip_id in content["pending_videos"]
    ]
    made_at = datetime.now().astimezone().strftime("%d %B %Y, %H:%M")
    clips_shown = [*made, *failed, *pending]
    return render_page(
        content, clips_shown, kept.units, made_at, remarks=scan.remarks, trends=lines(trends), moments=moments
    )


def write_reports(dataset: Dataset, content: Mapping[str, Any], page: Iterable[str]) -> dict[str, str]:
    """Write both reports into the data dir; return their paths: `path` of the JSON, `page` of the HTML."""
    text = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(content)
    for name, pieces in ((layout.REPORT, chain(text, "\n")), (layout.PAGE, page)):
        dataset.write_pieces(name, partial(_write, pieces))
    return {"path": dataset.path(layout.REPORT), "page": dataset.path(layout.PAGE)}


def _write(pieces: Iterable[str], file: IO[bytes]) -> None:
    for piece in pieces:
        file.write(piece.encode())


def remember_reports(dataset: Dataset) -> None:
    """Remember size and hash of the files over all clips, so that a missing or damaged one is noticed."""
    files = {name: {"size": dataset.size(name), "sha256": dataset.sha256(name)} for name in OVER_ALL_CLIPS}
    dataset.remember(report_files=files)


def damaged_reports(dataset: Dataset, *, content: bool = False) -> list[str]:
    """Return the names of the files over all clips that differ from what was written last.

    Parameters
    ----------
    content : read the files; else compare only their sizes
    """
    written = dataset.collection().get("report_files", {})
    return [
        name
        for name in OVER_ALL_CLIPS
        if dataset.size(name) != written.get(name, {}).get("size", "not known")
        or (content and dataset.sha256(name) != written[name]["sha256"])
    ]


def _pictured(records: Sequence[ClipRecord], checked: Mapping[str, CheckedClip]) -> list[ClipRecord]:
    """Return the clips that need a look; if there are many, those of the lowest quality."""
    worst = sorted(records, key=lambda record: record.quality_score)
    return [one for one in worst if any(map(is_of_the_picture, checked[one.clip_id].warnings))][:PICTURES]


def _moment(record: ClipRecord, checked: CheckedClip) -> float:
    return moment(checked.warnings, record.timeline, record.frame_count / SAMPLING_RATE)


def _made(
    record: ClipRecord,
    facts: Mapping[str, Any],
    checked: CheckedClip,
    clip: Clip,
    link: str | None,
    picture: str | None,
    figures: ClipFigures | None,
) -> ShownClip:
    warnings = checked.warnings
    look = any(map(is_of_the_picture, warnings))
    return ShownClip(
        record.clip_id,
        record.video_path,
        "look" if look else "remark" if warnings else "made",
        facts,
        link,
        record.timeline,
        tuple(message(check, figures) for check, figures in warnings.items()),
        picture,
        round(_moment(record, checked), 1),
        passed=tuple(checked.passed),
        tempo_given="estimated_tempo" in clip.annotation.model_fields_set,
        said=_said(clip.annotation, facts),
        figures=figures,
    )


def _said(annotation: Annotation, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an annotation that differ from these facts of the page, as in the annotation file."""
    said = annotation.model_dump(mode="json", exclude_unset=True)
    return {name: value for name, value in said.items() if value not in (None, "", [], shown(facts.get(name)))}


def signed_links(videos: Videos, hours: float) -> Callable[[str], str | None]:
    """Return a function that signs URLs of clips in a bucket for some hours: anyone who has one can read its clip.

    It signs none for 0 hours, and none if the credentials cannot sign, which it logs once.
    """
    able = [hours > 0]

    def signed(url: str) -> str | None:
        if not able[0] or not isinstance(videos, VideoBucket):
            return None
        try:
            return videos.signed(url, round(hours * 3600))
        except OSError as error:
            able[0] = False
            logger.warning("The report does not link videos: %s", error)
            return None

    return signed


def _link(path: Path, data_dir: str) -> str | None:
    """Return the link from a page in the data dir to a file; None for a page in an object store."""
    if "://" in data_dir:
        return None
    return quote(os.fsencode(os.path.relpath(on_disk(path), data_dir)))
