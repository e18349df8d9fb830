"""COCO keypoints, with the role and the track of every dancer: for pycocotools, CVAT and trainers of pose models.

A picture is a sampled frame at 15 fps; `--pictures` writes the pictures, too. The folder has the form that CVAT imports
as "COCO Keypoints 1.0".
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.export.source import ExportedClip
from bachata_assets.pose.couple_keypoints import ROLES
from bachata_assets.pose.skeleton import LIMBS, Joint

FILE = "annotations/person_keypoints_default.json"
"""Path of the annotations in a folder or ZIP file for CVAT."""
PICTURES = "images/default"
SEEN_SCORE = 0.3
"""Score from which a joint counts as visible (COCO's 2); below, it is labelled but not visible (1)."""
CATEGORY = {
    "id": 1,
    "name": "person",
    "supercategory": "person",
    "keypoints": [joint.name.lower() for joint in Joint],
    "skeleton": [[int(one) + 1, int(other) + 1] for one, other in LIMBS],
}


def write_coco(clips: Iterable[ExportedClip], folder: Path, *, pictures: bool = False) -> list[Path]:
    """Write one file for all clips; return the written files.

    Parameters
    ----------
    pictures : also write the sampled frames, as JPEG
    """
    content: dict[str, Any] = {
        "info": {"description": "Couples dancing bachata, by bachata_assets", "version": "1"},
        "licenses": [{"id": 0, "name": "", "url": ""}],
        "videos": [],
        "categories": [CATEGORY],
        "images": [],
        "annotations": [],
    }
    for clip in clips:
        _add(content, clip)
        if pictures:
            _write_pictures(clip, folder / PICTURES)
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return [path, *([folder / PICTURES] if pictures else [])]


def picture_name(clip: ExportedClip, frame: int) -> str:
    """Return the name of a sampled frame."""
    return f"{clip.clip_id}/frame_{frame:06d}.jpg"


def _add(content: dict[str, Any], clip: ExportedClip) -> None:
    couple = clip.couple
    video = len(content["videos"]) + 1
    content["videos"].append({"id": video, "name": clip.clip_id, "path": clip.video_path, "fps": couple.fps})
    for frame, time_s in enumerate(couple.times):
        image = len(content["images"]) + 1
        content["images"].append(
            {
                "id": image,
                "file_name": picture_name(clip, frame),
                "width": couple.width,
                "height": couple.height,
                "video_id": video,
                "frame_id": frame,
                "time_s": round(float(time_s), 4),
            }
        )
        for who in np.flatnonzero(couple.valid[frame]):
            content["annotations"].append(
                {"id": len(content["annotations"]) + 1, "image_id": image, **_dancer(clip, frame, int(who))}
            )


def _dancer(clip: ExportedClip, frame: int, who: int) -> dict[str, Any]:
    couple = clip.couple
    places = couple.keypoints[frame, who].astype(float)
    shown = np.where(places[:, 2] >= SEEN_SCORE, 2, 1)
    x0, y0, x1, y1 = couple.boxes[frame, who].astype(float)
    track = couple.track_ids[who]
    return {
        "category_id": 1,
        "iscrowd": 0,
        "segmentation": [],
        "bbox": [round(value, 2) for value in (x0, y0, x1 - x0, y1 - y0)],
        "area": round((x1 - x0) * (y1 - y0), 2),
        "num_keypoints": int((shown == 2).sum()),
        "keypoints": [
            value
            for (x, y, _), seen in zip(places, shown, strict=True)
            for value in (round(x, 2), round(y, 2), int(seen))
        ],
        "keypoint_scores": [round(score, 4) for score in places[:, 2]],
        "score": round(float(places[:, 2].mean()), 4),
        "track_id": track,
        "role": ROLES[who],
        "attributes": {
            "role": ROLES[who],
            "track_id": track,
            "interpolated": bool(couple.interpolated[frame, who]),
            "occlusion_recovery": bool(couple.occlusion_recovery[frame, who]),
            "occluded": False,
        },
    }


def _write_pictures(clip: ExportedClip, folder: Path) -> None:
    import cv2

    from bachata_assets.video.sampling import sample_frames

    (folder / clip.clip_id).mkdir(parents=True, exist_ok=True)
    for frame, (_, picture) in zip(range(clip.couple.frame_count), sample_frames(clip.path), strict=False):
        _, content = cv2.imencode(".jpg", picture)
        (folder / picture_name(clip, frame)).write_bytes(content.tobytes())
