"""A dataset folder for FiftyOne (`FiftyOneVideoLabelsDataset`): videos, and poses frame by frame. Needs no server."""

import json
import math
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.export.source import ExportedClip
from bachata_assets.pose.couple_keypoints import ROLES
from bachata_assets.video.probe import probe


def write_fiftyone(clips: Iterable[ExportedClip], folder: Path) -> list[Path]:
    """Write the dataset; return its manifest and the files of labels.

    Videos are linked if the file system allows it, else copied.

    Raises
    ------
    UnreadableVideoError
        Names the clip.
    """
    for name in ("data", "labels"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    index, written = [], []
    for clip in clips:
        data, labels = f"data/{clip.clip_id}{clip.path.suffix}", f"labels/{clip.clip_id}.json"
        content = _labels(clip, probe(clip.path).fps)
        _link(clip.path, folder / data)
        (folder / labels).write_text(json.dumps(content), encoding="utf-8")
        index.append({"data": data, "labels": labels})
        written.append(folder / labels)
    manifest = folder / "manifest.json"
    described = "Couples dancing bachata, by bachata_assets"
    content = {"type": "eta.core.datasets.LabeledVideoDataset", "description": described, "index": index}
    manifest.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return [manifest, *written]


def _link(video: Path, place: Path) -> None:
    place.unlink(missing_ok=True)
    try:
        os.link(video.resolve(), place)
    except OSError:  # another file system
        shutil.copyfile(video, place)


def _labels(clip: ExportedClip, video_fps: float) -> dict[str, Any]:
    """Return the labels of a video; its frames are numbered from 1, at the video's own mean rate."""
    rate = video_fps if math.isfinite(video_fps) else clip.couple.fps
    frames: dict[str, Any] = {}
    for at, time_s in enumerate(clip.couple.times):
        number = round(float(time_s) * rate) + 1
        frames.setdefault(str(number), {"frame_number": number, **_frame(clip, at)})  # a slow video repeats pictures
    said = clip.annotation
    attributes = [_attribute("move_label", said.move_label), _attribute("difficulty", said.difficulty)]
    return {"attrs": {"attrs": attributes}, "frames": frames}


def _frame(clip: ExportedClip, at: int) -> dict[str, Any]:
    couple = clip.couple
    size = np.array([couple.width, couple.height], float)
    keypoints, boxes = [], []
    for who in np.flatnonzero(couple.valid[at]):
        role, track = ROLES[who], couple.track_ids[who]
        places = couple.keypoints[at, who].astype(float)
        attributes = [
            _attribute("interpolated", bool(couple.interpolated[at, who])),
            _attribute("occlusion_recovery", bool(couple.occlusion_recovery[at, who])),
        ]
        keypoints.append(
            {
                "name": "poses",
                "label": role,
                "index": track,
                "confidence": np.round(places[:, 2], 4).tolist(),
                "points": np.round(places[:, :2] / size, 5).tolist(),
                "attrs": {"attrs": attributes},
            }
        )
        x0, y0, x1, y1 = (couple.boxes[at, who].astype(float).reshape(2, 2) / size).ravel().round(5)
        box = {"top_left": {"x": x0, "y": y0}, "bottom_right": {"x": x1, "y": y1}}
        boxes.append(
            {
                "type": "eta.core.objects.DetectedObject",
                "name": "boxes",
                "label": role,
                "index": track,
                "bounding_box": box,
            }
        )
    return {"keypoints": {"keypoints": keypoints}, "objects": {"objects": boxes}}


def _attribute(name: str, value: str | bool) -> dict[str, Any]:
    kind = "Boolean" if isinstance(value, bool) else "Categorical"
    return {"type": f"eta.core.data.{kind}Attribute", "name": name, "value": value}
