"""Poses and beats of a clip, packed for the report page: one small file per clip, beside the page.

A page opened from a file cannot read other files, but it can show one in a frame, which sends its content to the page.
Each file is such a frame: it has one script, allowed by hash in its own policy, and sends its numbers to the page that
shows it. The tables of a clip are read once per version; the figures that the page lists for every clip are kept beside
the files.
"""

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from bachata_assets.collection import layout
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.music.beats import Beats
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.versions import expected_versions
from bachata_assets.pose.couple_keypoints import CoupleKeypoints

FORM = 1
"""Version of the files; a different one makes all of them again."""
EVERY = 2
"""Every second of the 15 frames per second is kept; the page interpolates between them."""
LEVELS = 254
"""Steps of a coordinate over the width and height of the video; 255 marks a joint that was not found."""
SEEN_SCORE = 0.2
"""Score below which a joint is not drawn."""
_SCRIPT = 'parent.postMessage(document.getElementById("poses").textContent, "*");'
_PAGE = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; script-src 'sha256-{digest}'\"><title>Poses</title>"
    '<script type="application/json" id="poses">{content}</script><script>{script}</script>\n'
)


@dataclass(frozen=True)
class ClipFigures:
    """Figures of a clip's poses and beats for the page.

    Attributes
    ----------
    version : version of the tables from which they were read
    role_confidence : probability that lead and follow are not exchanged, 0.5..1
    leader_at : side on which the lead stands when both are first found; None if they never are
    switches : times of suspected identity switches, s
    tempo : tempo of the music, beats per minute; None without beats
    trusted : whether the beats are trusted
    """

    version: str
    role_confidence: float = 0.5
    leader_at: str | None = None
    switches: tuple[float, ...] = ()
    tempo: float | None = None
    trusted: bool = False


def write_poses(dataset: Dataset, clips: Sequence[Clip], stages: Sequence[Stage]) -> dict[str, ClipFigures]:
    """Write the files of clips whose tables have changed since the last call, and return the figures of all clips.

    Parameters
    ----------
    clips : the made clips
    stages : stages, of which `keypoints` and `beats` are read
    """
    known = _known(dataset)
    found = {}
    for clip in clips:
        versions = expected_versions(stages, clip.versions)
        version = f"{FORM}-{versions['keypoints']}-{versions['beats']}"
        figures = known.get(clip.clip_id)
        if figures is None or figures.version != version:
            try:
                couple = CoupleKeypoints.from_table(dataset.read_table("keypoints", clip.clip_id))
                beats = Beats.from_table(dataset.read_table("beats", clip.clip_id))
            except (DamagedError, FileNotFoundError):
                continue  # the next `generate` makes it again
            dataset.write_text(layout.shown_poses(clip.clip_id), poses_page(couple, beats))
            figures = _figures(version, couple, beats)
        found[clip.clip_id] = figures
    if found != known:
        dataset.write_text(layout.KNOWN_POSES, json.dumps({name: asdict(one) for name, one in found.items()}))
    return found


def poses_page(couple: CoupleKeypoints, beats: Beats) -> str:
    """Return the file of a clip, which sends its numbers to the page that shows it.

    The numbers are JSON: `rate` of the frames (1/s), `start` of the first (s), `frames`, `beats` (s, if they are
    trusted), `packed`: base64 of deflated bytes (frames, lead and follow, 17 joints, x and y), each the difference from
    the previous frame, modulo 256.
    """
    packed = packed_poses(couple)
    content = {
        "rate": couple.fps / EVERY,
        "start": round(float(couple.times[0]), 3) if couple.frame_count else 0.0,
        "frames": len(packed),
        "beats": np.round(beats.times, 2).tolist() if beats.trusted else [],
        "packed": base64.b64encode(zlib.compress(_differences(packed).tobytes(), 9)).decode(),
    }
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    return _PAGE.format(digest=digest, content=json.dumps(content, separators=(",", ":")), script=_SCRIPT)


def packed_poses(couple: CoupleKeypoints) -> np.ndarray:
    """Return every EVERY-th frame's joints, uint8 (F, 2, 17, 2): x and y in LEVELS steps, 255 where not found."""
    kept = couple.keypoints[::EVERY]
    size = np.array([couple.width, couple.height], np.float32)
    steps = np.clip(np.nan_to_num(kept[..., :2] / size), 0, 1) * LEVELS
    seen = couple.valid[::EVERY, :, None] & (np.nan_to_num(kept[..., 2]) >= SEEN_SCORE)
    return np.where(seen[..., None], np.round(steps), 255).astype(np.uint8)


def _differences(packed: np.ndarray) -> np.ndarray:
    """Return bytes minus those of the previous frame, modulo 256: small numbers, which deflate well."""
    return np.diff(packed, axis=0, prepend=np.zeros_like(packed[:1]))


def _figures(version: str, couple: CoupleKeypoints, beats: Beats) -> ClipFigures:
    return ClipFigures(
        version=version,
        role_confidence=round(couple.role_confidence, 3),
        leader_at=couple.leader_at,
        switches=couple.identity_switches,
        tempo=None if beats.tempo is None else round(beats.tempo, 1),
        trusted=beats.trusted,
    )


def _known(dataset: Dataset) -> dict[str, ClipFigures]:
    """Return the kept figures of clips whose files exist; empty if they cannot be read."""
    try:
        kept: Mapping[str, Any] = json.loads(dataset.read_text(layout.KNOWN_POSES) or "{}")
        there = {
            name.removeprefix(f"{layout.POSES}/").removesuffix(".html") for name in dataset.files_below(layout.POSES)
        }
        return {name: _read(values) for name, values in kept.items() if name in there}
    except (DamagedError, ValueError, TypeError, AttributeError, FileNotFoundError):
        return {}


def _read(values: Mapping[str, Any]) -> ClipFigures:
    named = {one.name for one in fields(ClipFigures)}
    known = {name: value for name, value in values.items() if name in named}
    return ClipFigures(**{**known, "switches": tuple(known.get("switches", ()))})
