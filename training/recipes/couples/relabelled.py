"""Frames of the videos that everything is fitted on, with the joints on which the product's own looks agree.

    PYTHONPATH=.:training/recipes python -m couples.relabelled work/relabelled

The labels of `../shared/training` leave out most embraces. Here each dancer of a frame is posed in six crops (three
sizes, each also mirrored). Where they agree with one another and with the dancer's track, which knows the frames before
and after, the mean is the label; elsewhere the joint has none. The folder is in COCO form, without masks.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pycocotools.mask

from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.skeleton import MIRRORED
from training.footage import SeenClip, load

EVERY = 4
"""Frames from one label to the next: 3.75 a second, as in `../shared/training`."""
SIZES = (0.9, 1.0, 1.15)
"""Sizes of the crops, in that of the dancer's box."""
AGREED = 0.03
"""Greatest distance of a vote from their mean, body heights; one of the seven may be farther."""
STEADY = 0.04
"""Greatest distance from the middle of the frames before and after, body heights."""
BELIEVED = 0.3
"""Least mean score of a joint."""
HELD_OUT = (
    "arm_styling_1",
    "combination_5",
    "cross_body_lead_4",
    "energetic_ladyturn_left2",
    "energetic_paseala_hammerlock",
    "forward_backward_2",
    "lady_left_turn_2",
    "madrid_bodywave",
)
"""Clips from which val.json's frames or those of the held-out rooms come."""


def votes(models: PoseModels, picture: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return the poses of N boxes in all crops, float (N, 6, 17, 3), px of the picture uint8 (H, W, 3)."""
    mirrored, last = np.ascontiguousarray(picture[:, ::-1]), picture.shape[1] - 1
    jobs = []
    for box in boxes:
        centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
        for size in SIZES:
            low, high = centre - size * half, centre + size * half
            jobs.append((picture, np.array([*low, *high])))
            jobs.append((mirrored, np.array([last - high[0], low[1], last - low[0], high[1]])))
    poses = np.stack(list(models.keypoints(jobs))).reshape(len(boxes), len(SIZES), 2, 17, 3)
    poses[:, :, 1] = poses[:, :, 1][..., MIRRORED, :]
    poses[:, :, 1, :, 0] = last - poses[:, :, 1, :, 0]
    return poses.reshape(len(boxes), -1, 17, 3)


def agreed(poses: np.ndarray, tracked: np.ndarray, height: float) -> np.ndarray:
    """Return a label, float (17, 3): x y px, and 2 where the looks agree, else 0.

    Parameters
    ----------
    poses : (V, 17, 3), of the crops
    tracked : (3, 17, 3), of the track in the frame before, this one, the next
    height : of the body, px
    """
    all_votes = np.concatenate([poses, tracked[1:2]])
    mean = np.average(
        all_votes[..., :2], axis=0, weights=np.broadcast_to(all_votes[..., 2:], (*all_votes.shape[:2], 2))
    )
    apart = np.sort(np.linalg.norm(all_votes[..., :2] - mean, axis=-1), axis=0)[-2]
    along = np.linalg.norm(mean - tracked[[0, 2], :, :2].mean(axis=0), axis=-1)
    good = (apart < AGREED * height) & (along < STEADY * height) & (all_votes[..., 2].mean(axis=0) > BELIEVED)
    return np.column_stack([mean, np.where(good, 2, 0)])


def labelled(models: PoseModels, clip: SeenClip) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield index, picture, boxes (2, 4) and labels (2, 17, 3) of frames in which both dancers are found."""
    couple, frames = clip.couple, ClipFrames(clip.path)
    found = couple.valid & ~couple.interpolated
    for index, (_, picture) in enumerate(frames):
        if index % EVERY != 1 or index + 1 >= len(found) or not found[index - 1 : index + 2].all():
            continue
        scale = max(picture.shape[:2]) / max(frames.region.size)
        origin = [frames.region.left, frames.region.top]
        tracked = couple.keypoints[index - 1 : index + 2].astype(float)
        tracked[..., :2] = (tracked[..., :2] - origin) * scale
        boxes = (couple.boxes[index] - origin * 2) * scale
        heights = boxes[:, 3] - boxes[:, 1]
        poses = votes(models, picture, boxes)
        yield index, picture, boxes, np.stack([agreed(poses[i], tracked[:, i], heights[i]) for i in (0, 1)])


def write(folder: Path) -> None:
    """Write all labelled frames into a folder."""
    models = PoseModels.load(precision="f32")
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for clip in load():
        if clip.clip_id in HELD_OUT:
            continue
        for index, picture, boxes, labels in labelled(models, clip):
            name = f"{clip.clip_id}_{index:05d}.jpg"
            cv2.imwrite(str(folder / "images" / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
            images.append({"id": len(images), "file_name": name, "clip": clip.clip_id})
            nothing = pycocotools.mask.encode(np.zeros(picture.shape[:2], np.uint8, order="F"))
            overlap = float(box_iou(boxes[0], boxes[1]))
            for box, label in zip(boxes.tolist(), labels, strict=True):
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": images[-1]["id"],
                        "category_id": 1,
                        "bbox": [*box[:2], box[2] - box[0], box[3] - box[1]],
                        "keypoints": label.round(2).ravel().tolist(),
                        "segmentation": nothing | {"counts": nothing["counts"].decode()},
                        "overlap": overlap,
                    }
                )
    content = {"images": images, "annotations": annotations}
    (folder / "train.json").write_text(json.dumps(content), encoding="utf-8")


def main() -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
