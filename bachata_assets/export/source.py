"""`ExportedClip`: the input of every format, read from the tables of a data dir."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from bachata_assets.annotation import Annotation
from bachata_assets.collection import layout
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.music.beats import Beats
from bachata_assets.pipeline.checks import Check
from bachata_assets.pipeline.stage import Made, Stage
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.report.findings import message


class ExportError(ValueError):
    """A format cannot be written; the message says what to do."""


@dataclass(frozen=True)
class Finding:
    """The message of a failed check about a clip.

    Attributes
    ----------
    text : a sentence for the user
    times : times of the video that it is about, s; empty if it is about all of it
    """

    check: str
    text: str
    times: tuple[float, ...] = ()


@dataclass(frozen=True)
class MomentTimes:
    """Start and end of a moment: in s, and in beats from the first detected one; None without trusted beats."""

    start_s: float
    end_s: float
    start_beat: float | None
    end_beat: float | None


@dataclass(frozen=True)
class ExportedClip:
    """A made clip, with everything found in it.

    Attributes
    ----------
    path : its video file
    video_path : the path as in documents, POSIX
    moments : its moments in order; empty if they are not made yet
    """

    clip_id: str
    path: Path
    video_path: str
    annotation: Annotation
    couple: CoupleKeypoints
    beats: Beats
    findings: tuple[Finding, ...] = ()
    moments: tuple[MomentTimes, ...] = ()


def exported_clips(
    clips: Sequence[Clip], dataset: Dataset, stages: Sequence[Stage], checks: Sequence[Check]
) -> Iterator[ExportedClip]:
    """Yield clips one at a time, read from their tables.

    Raises
    ------
    TableMissingError
        A clip is not made yet.
    DamagedError
        Names the table.
    """
    figures = {stage.name: stage.figures for stage in stages}
    for clip in clips:
        tables = {name: dataset.read_table(name, clip.clip_id) for name in ("keypoints", "beats")}
        made = {name: Made(table, figures[name](table)) for name, table in tables.items()}
        outcomes = [check.evaluate(clip, made[check.asset]) for check in checks if check.asset in made]
        yield ExportedClip(
            clip.clip_id,
            clip.path,
            clip.video_path,
            clip.annotation,
            made["keypoints"].decoded(CoupleKeypoints.from_table),
            Beats.from_table(tables["beats"]),
            tuple(
                Finding(one.check.name, message(one.check.name, one.metadata), tuple(one.metadata.get("at_s", ())))
                for one in outcomes
                if not one.passed
            ),
            _moments(dataset, clip.clip_id),
        )


def _moments(dataset: Dataset, clip_id: str) -> tuple[MomentTimes, ...]:
    table = dataset.read_parquet(layout.table("moments", clip_id), [one.name for one in fields(MomentTimes)])
    return () if table is None else tuple(MomentTimes(**row) for row in table.to_pylist())
