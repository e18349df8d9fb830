"""WebVTT: the messages of failed checks at their times, and the eights of the music; one file per clip.

A player shows them as subtitles, a subtitle editor as marks. The clip's moments overlap, so they are in a separate
file, for a track of the kind `metadata`.
"""

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from bachata_assets.export.source import ExportedClip, MomentTimes
from bachata_assets.pose.couple_keypoints import ROLES
from bachata_assets.pose.tracking.identity_switches import runs

MOMENTS = "moments"
"""Folder of the files of moments."""
SHOWN_S = 1.5
"""How long a message is shown, s."""
SHORTEST_S = 0.3
"""Length from which a part without a dancer is reported, s."""
EIGHT = 8

Cue = tuple[float, float, str]
"""Start and end, s, and text."""


def write_webvtt(clips: Iterable[ExportedClip], folder: Path) -> list[Path]:
    """Write a file for each clip, and one for its moments if they are made; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for clip in clips:
        path = folder / f"{clip.clip_id}.vtt"
        path.write_text(webvtt(clip), encoding="utf-8")
        written.append(path)
        if clip.moments:
            (folder / MOMENTS).mkdir(exist_ok=True)
            written.append(folder / MOMENTS / path.name)
            written[-1].write_text(moments_webvtt(clip), encoding="utf-8")
    return written


def webvtt(clip: ExportedClip) -> str:
    """Return the file of a clip."""
    cues = sorted([*_remarks(clip), *_lost(clip), *_eights(clip)])
    blocks = [f"{_time(start)} --> {_time(end)}\n{_text(text)}" for start, end, text in cues]
    return "\n\n".join([f"WEBVTT - {_text(clip.clip_id)}", *blocks]) + "\n"


def moments_webvtt(clip: ExportedClip) -> str:
    """Return the file of a clip's moments: one cue each, named by its number in the table `moments`."""
    blocks = [
        f"{number}\n{_time(one.start_s)} --> {_time(one.end_s)}\nMoment {number + 1}{_beats(one)}"
        for number, one in enumerate(clip.moments)
    ]
    return "\n\n".join([f"WEBVTT - {_text(clip.clip_id)}", *blocks]) + "\n"


def _beats(moment: MomentTimes) -> str:
    """Return the beats of a moment in words; the first detected beat is 1, those before it have no number."""
    if moment.start_beat is None or moment.end_beat is None:
        return ""
    first, last = math.ceil(moment.start_beat) + 1, math.ceil(moment.end_beat)
    return f", up to beat {last}" if first < 1 else f", beats {first} to {last}"


def _remarks(clip: ExportedClip) -> Iterator[Cue]:
    for remark in clip.findings:
        for time_s in remark.times:
            yield time_s, time_s + SHOWN_S, remark.text
        if not remark.times:
            yield 0.0, _end(clip), remark.text


def _lost(clip: ExportedClip) -> Iterator[Cue]:
    """Yield the parts in which a dancer is not found."""
    times = clip.couple.times
    for who, role in enumerate(ROLES):
        for run in runs(np.asarray(~clip.couple.valid[:, who])):
            start, end = float(times[run[0]]), float(times[run[-1]]) + 1 / clip.couple.fps
            if end - start >= SHORTEST_S:
                yield start, end, f"The {role} is not found"


def _eights(clip: ExportedClip) -> Iterator[Cue]:
    """Yield the eights of the music, counted from the first beat, if the beats are trusted."""
    times = clip.beats.times
    if not clip.beats.trusted:
        return
    for number, first in enumerate(range(0, len(times), EIGHT), start=1):
        end = times[first + EIGHT] if first + EIGHT < len(times) else max(times[-1], times[first] + 0.1)
        yield float(times[first]), float(end), f"Eight {number}"


def _end(clip: ExportedClip) -> float:
    return float(clip.couple.times[-1]) + 1 / clip.couple.fps if clip.couple.frame_count else SHOWN_S


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _text(text: str) -> str:
    """Return a text for a cue: on one line, and never read as markup or as times."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"\s+", " ", escaped).strip()
