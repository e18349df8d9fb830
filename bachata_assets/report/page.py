"""The HTML report: one self-contained file, made from the template, styles and scripts in `web/`.

This module gathers its content; `web/` defines its look and behaviour. All text written by people goes through Jinja2's
escaping, or into the page's JSON, in which `<` does not occur.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import numpy as np

from bachata_assets.collection import layout
from bachata_assets.pose.detection_timeline import SPANS
from bachata_assets.report.map_data import map_data
from bachata_assets.report.moments.strips import MomentStrips
from bachata_assets.report.poses import ClipFigures
from bachata_assets.report.streaming.json_pieces import json_pieces
from bachata_assets.report.streaming.rows import Rows

BINS = 20
"""Number of bars of the quality histogram, over 0..1."""
MODULES = (
    "page", "facts", "geometry", "colours", "likeness", "rows", "edits", "poses", "moments", "keys", "side", "player",
    "strip", "review", "send", "clip", "map", "table", "start",
)  # fmt: skip
"""JavaScript modules of the page; each imports only from those before it."""
FACTS = (
    "move_label", "difficulty", "energy_level", "notes", "estimated_tempo", "heard_tempo", "heard_tempo_confidence",
    "quality_score", "detection_rate", "processing_time",
)  # fmt: skip
"""Fields of `ClipRecord` that the map, the table and the panel of a clip show."""


@dataclass(frozen=True)
class ShownClip:
    """A clip as the page shows it, made or not.

    Attributes
    ----------
    clip_id : str
        The clip's name.
    video_path : str
        Path of the video, as in documents.
    state : str
        `made`, `remark` (made, with messages), `look` (made, needs a look), `failed` or `pending`.
    facts : mapping of str
        The document without vectors; empty for a clip that was not made.
    video : str or None
        Percent-encoded path of the file relative to the page, or its signed URL in a bucket; None if the page is not on
        the machine of the files.
    timeline : str
        As from `detection_timeline`.
    messages : tuple of str
        Sentences for the user: why it failed, and what the failed checks say.
    thumbnail : str or None
        Data URI, only if someone should look at the picture.
    moment : float
        Time worth a look, s.
    passed : tuple of str
        Names of the passed checks.
    tempo_given : bool
        Its tempo is annotated, not the fallback.
    said : mapping of str
        Fields of its annotation that `facts` lacks, as in the annotation file.
    figures : ClipFigures or None
        Figures of its poses and beats; None if unknown.
    """

    clip_id: str
    video_path: str
    state: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    video: str | None = None
    timeline: str = ""
    messages: tuple[str, ...] = ()
    thumbnail: str | None = None
    moment: float = 0.0
    passed: tuple[str, ...] = ()
    tempo_given: bool = True
    said: Mapping[str, Any] = field(default_factory=dict)
    figures: ClipFigures | None = None

    @property
    def preview(self) -> str | None:
        """Path of the picture with both skeletons, relative to the page; None for a clip that was not made."""
        return quote(layout.preview_picture(self.clip_id)) if self.facts else None


def render_page(
    content: Mapping[str, Any],
    clips: Sequence[ShownClip],
    units: Mapping[str, Rows],
    made_at: str,
    *,
    remarks: Sequence[str] = (),
    trends: Sequence[Mapping[str, Any]] = (),
    moments: MomentStrips | None = None,
) -> Iterator[str]:
    """Yield the page as HTML, in pieces; the maps of the clips are computed on the way.

    Parameters
    ----------
    content : mapping of str
        Content of the JSON report.
    clips : sequence of ShownClip
        Made ones first, in the order of `units`.
    units : mapping of Rows
        Family -> float32 (N, D) of the made clips, from `neighbours.unit_vectors`.
    made_at : str
        Time of the page, as text.
    remarks : sequence of str
        Lines about files and annotations that were left out.
    trends : sequence of mapping
        Curves of the last reports, from `trends.lines`.
    moments : MomentStrips or None
        The moments of the clips; None: unknown.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    script = page_script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = Environment(
        loader=PackageLoader("bachata_assets.report", "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").generate(
        report=content,
        not_taken=remarks,
        made_at=made_at,
        style=_web("page.css"),
        script=script,
        script_digest=digest,
        looked_at=sorted(
            (clip for clip in clips if clip.state == "look"), key=lambda clip: clip.facts["quality_score"]
        ),
        remarks=[clip for clip in clips if clip.state == "remark"],
        failed=[clip for clip in clips if clip.state == "failed"],
        histogram=_histogram([clip.facts["quality_score"] for clip in clips if clip.facts]),
        timeline=_mean_timeline([clip.timeline for clip in clips if clip.timeline]),
        trends=trends,
        data=json_pieces(_data(clips, units, moments or MomentStrips.none(), content["label_doubts"])),
    )


def _data(
    clips: Sequence[ShownClip],
    units: Mapping[str, Rows],
    moments: MomentStrips,
    doubts: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the data of the page's scripts, for `json_pieces`.

    Clips that pass the same checks share one list of names.
    """
    sets = list(dict.fromkeys(clip.passed for clip in clips))
    number = {passed: place for place, passed in enumerate(sets)}
    columns = {**_columns(clips), **_figure_columns(clips), "passed": [number[clip.passed] for clip in clips]}
    columns["said"] = [clip.said or None for clip in clips]
    columns["label_doubt"] = [doubts.get(clip.clip_id) for clip in clips]
    strips = partial(moments.shown, columns["clip_id"])
    return {"clips": columns, "passed_sets": sets, "moments": strips, **map_data(units)}


def _columns(clips: Sequence[ShownClip]) -> dict[str, list[Any]]:
    """Return the clips' facts by column, which is shorter than by clip."""
    own = ("clip_id", "video_path", "state", "video", "timeline", "messages", "moment", "tempo_given")
    columns: dict[str, list[Any]] = {name: [getattr(clip, name) for clip in clips] for name in own}
    for name in FACTS:
        values = (clip.facts.get(name) for clip in clips)
        columns[name] = [shown(value) for value in values]
    return columns


def shown(value: Any) -> Any:
    """Return a value for the page: numbers rounded to thousandths."""
    return round(value, 3) if isinstance(value, float) else value


def _figure_columns(clips: Sequence[ShownClip]) -> dict[str, list[Any]]:
    """Return what is uncertain about the clips' poses and beats, null or empty if unknown."""
    unknown = ClipFigures("")
    figures = [clip.figures or unknown for clip in clips]
    return {
        "role_confidence": [one.role_confidence if one.version else None for one in figures],
        "switches": [one.switches for one in figures],
        "tempo_heard": [one.tempo for one in figures],
        "beats_trusted": [one.trusted for one in figures],
    }


def _histogram(scores: Sequence[float]) -> list[int]:
    return [int(count) for count in np.histogram(scores, bins=BINS, range=(0, 1))[0]]


def _mean_timeline(timelines: Sequence[str]) -> list[float]:
    """Return the mean share of frames with both dancers along the clips, 0..1, in `SPANS` parts of their length."""
    if not timelines:
        return []
    along = [[int(line[part * len(line) // SPANS]) / 9 for part in range(SPANS)] for line in timelines]
    return [round(float(share), 3) for share in np.mean(along, axis=0)]


def page_script() -> str:
    """Return the page's modules as one script, because a page opened from a file cannot import modules."""
    modules = "\n".join(_web(f"{name}.mjs") for name in MODULES)
    return '"use strict";\n' + re.sub(r"^(import .*\n|export )", "", modules, flags=re.MULTILINE)


def _web(name: str) -> str:
    return (files("bachata_assets.report") / "web" / name).read_text(encoding="utf-8")
