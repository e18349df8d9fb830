"""The HTML report: one file that needs nothing else, made of the template, styles and scripts in `web/`.

Its content is gathered here; how it looks and what it does is in `web/`. Everything that people wrote goes through
Jinja2's escaping, or into the page's JSON, in which `<` does not occur.
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
"""Bars of the quality histogram, over 0..1."""
MODULES = (
    "page", "facts", "geometry", "colours", "likeness", "rows", "edits", "poses", "moments", "keys", "side", "player",
    "strip", "review", "send", "clip", "map", "table", "start",
)  # fmt: skip
"""JavaScript modules of the page; each imports only from those before it."""
FACTS = (
    "move_label", "difficulty", "energy_level", "notes", "estimated_tempo", "heard_tempo", "heard_tempo_confidence",
    "quality_score", "detection_rate", "processing_time",
)  # fmt: skip
"""Fields of `ClipRecord` that the map, the table and the box of a clip show."""


@dataclass(frozen=True)
class ShownClip:
    """A clip as the page shows it, made or not.

    Attributes
    ----------
    clip_id : str
        The clip's name.
    video_path : str
        Path of the video as the documents have it.
    state : str
        `made`, `remark` (made, with messages), `look` (made, and to be looked at), `failed` or `pending`.
    facts : mapping of str
        The document without vectors; empty for a clip that was not made.
    video : str or None
        Where the file is, relative to the page and percent-encoded, or its signed address in a bucket; None where the
        page is far from the files.
    timeline : str
        Of `detection_timeline`.
    messages : tuple of str
        Sentences for a person: why it failed, and what the checks ask about.
    thumbnail : str or None
        Data URI, only where the picture has to be looked at.
    moment : float
        Time worth a look, s.
    passed : tuple of str
        Names of the checks that it passes.
    tempo_given : bool
        Its tempo is annotated, not the fallback.
    said : mapping of str
        Fields of its annotation that `facts` does not have, as the annotation file states them.
    figures : ClipFigures or None
        Of its poses and beats; None where they are not known.
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
        """Address of the picture with both skeletons, relative to the page; None for a clip that was not made."""
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
    """Return the page as HTML, in pieces; the maps of the clips are made while they are asked for.

    Parameters
    ----------
    content : mapping of str
        Content of the JSON report.
    clips : sequence of ShownClip
        Made ones first, in the order of `units`.
    units : mapping of Rows
        Family -> float32 (N, D) of the made clips, of `neighbours.unit_vectors`.
    made_at : str
        When the page was made, for people.
    remarks : sequence of str
        What is to be said of files and annotations that were not taken, in lines.
    trends : sequence of mapping
        What is drawn of the last reports, of `trends.lines`.
    moments : MomentStrips or None
        What is where in the clips; None: not known.
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
    """Return what the page's scripts work on, for `json_pieces`.

    Clips that pass the same checks share a list of their names.
    """
    sets = list(dict.fromkeys(clip.passed for clip in clips))
    number = {passed: place for place, passed in enumerate(sets)}
    columns = {**_columns(clips), **_figure_columns(clips), "passed": [number[clip.passed] for clip in clips]}
    columns["said"] = [clip.said or None for clip in clips]
    columns["label_doubt"] = [doubts.get(clip.clip_id) for clip in clips]
    strips = partial(moments.shown, columns["clip_id"])
    return {"clips": columns, "passed_sets": sets, "moments": strips, **map_data(units)}


def _columns(clips: Sequence[ShownClip]) -> dict[str, list[Any]]:
    """Return the clips' facts column by column: shorter than clip by clip."""
    own = ("clip_id", "video_path", "state", "video", "timeline", "messages", "moment", "tempo_given")
    columns: dict[str, list[Any]] = {name: [getattr(clip, name) for clip in clips] for name in own}
    for name in FACTS:
        values = (clip.facts.get(name) for clip in clips)
        columns[name] = [shown(value) for value in values]
    return columns


def shown(value: Any) -> Any:
    """Return a value as the page has it: numbers in thousandths."""
    return round(value, 3) if isinstance(value, float) else value


def _figure_columns(clips: Sequence[ShownClip]) -> dict[str, list[Any]]:
    """Return what is uncertain of the clips' poses and beats, null or empty where nothing is known."""
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
    """Return the page's modules as one script; a page that is opened from a file can import none."""
    modules = "\n".join(_web(f"{name}.mjs") for name in MODULES)
    return '"use strict";\n' + re.sub(r"^(import .*\n|export )", "", modules, flags=re.MULTILINE)


def _web(name: str) -> str:
    return (files("bachata_assets.report") / "web" / name).read_text(encoding="utf-8")
