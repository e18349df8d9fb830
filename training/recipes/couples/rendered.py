"""Drawn couples with exact keypoints, boxes and masks, as a COCO folder like the real frames'.

python -m couples.rendered work/rendered --scenes 900   (from training/recipes)
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pycocotools.mask

from bachata_assets.synthetic import drawing
from bachata_assets.synthetic.appearance import Appearance, parts
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.figures import FIGURES
from bachata_assets.synthetic.people import Dancer, Walker
from bachata_assets.synthetic.scene import Mirror, Scene, random_scene

FIRST_SEED = 1_000_000
"""Far from the seeds of the sample collection and of the tests."""
FRAMES_A_SCENE = 3
LEAST_VISIBLE = 0.1
"""A person of whom less is seen is no label."""


def scene(seed: int) -> Scene:
    """Return a couple in any direction before any camera, sometimes with a passer-by or a mirror."""
    rng = np.random.default_rng(seed)
    camera = Camera(
        width=int(rng.choice([512, 512, 384])),
        height=288,
        distance=float(rng.uniform(3.2, 6.5)),
        fill=float(rng.uniform(0.45, 0.85)),
        level=float(rng.uniform(0.9, 1.6)),
        centre=float(rng.uniform(0.48, 0.58)),
    )
    couple = {
        "angle": float(rng.uniform(0, 2 * np.pi)),
        "turn_per_beat": float(rng.choice([0, 0.05, -0.05, 0.15])),
        "x": float(rng.uniform(-0.9, 0.9)),
    }
    drawn = random_scene(seed, str(rng.choice(list(FIGURES))), camera, **couple)
    others: tuple[Walker, ...] = ()
    if rng.random() < 0.25:
        look = Appearance.random(rng, str(rng.choice(["lead", "follow"])))
        x, z, heading = rng.uniform(-2, 2), rng.uniform(0.4, 1.2), rng.choice([0, np.pi])
        others = (Walker(Dancer(drawn.couple.lead.body, look), float(x), float(z), float(heading), 0.3),)
    return replace(drawn, others=others, mirror=Mirror() if rng.random() < 0.15 else None)


def visible_masks(scene: Scene, time: float) -> list[np.ndarray]:
    """Return bool (H, W) of each person: the pixels in which that person is seen."""
    canvas = drawing.Canvas(np.zeros((scene.camera.height, scene.camera.width, 3), np.uint8))
    people = [parts(dancer.body, dancer.look, joints) for dancer, joints in scene.people(time)]
    drawing.paint(canvas, scene.camera, people, np.ones((8, 8), np.float32))
    return [canvas.owner == index for index in range(len(people))]


def annotations(scene: Scene, time: float) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Return the picture at `time` (s) and the COCO annotations of who is seen in it, without ids."""
    picture, truth = scene.render(time)
    found = []
    for index, mask in enumerate(visible_masks(scene, time)):
        x1, y1, x2, y2 = (float(v) for v in truth.boxes[index])
        visible = truth.visibility[index].astype(int)
        if truth.visible_fraction[index] < LEAST_VISIBLE or x2 - x1 < 8 or (visible > 0).sum() < 6:
            continue
        points = np.where(visible[:, None] > 0, truth.keypoints[index], 0)
        rle = pycocotools.mask.encode(np.asfortranarray(mask.astype(np.uint8)))
        found.append(
            {
                "category_id": 1,
                "iscrowd": 0,
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "area": 0.53 * (x2 - x1) * (y2 - y1),
                "keypoints": np.column_stack([points, visible]).round(2).ravel().tolist(),
                "num_keypoints": int((visible > 0).sum()),
                "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()},
                "occluded_frac": round(1 - float(truth.visible_fraction[index]), 3),
            }
        )
    return picture, found


def write_folder(folder: Path, scenes: int) -> None:
    """Write images/ and train.json."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for seed in range(FIRST_SEED, FIRST_SEED + scenes):
        drawn = scene(seed)
        for time in np.random.default_rng(seed).uniform(0, 12, FRAMES_A_SCENE):
            picture, found = annotations(drawn, float(time))
            name = f"r{seed}_{round(time * 1000):06d}.jpg"
            cv2.imwrite(str(folder / "images" / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
            size = {"width": picture.shape[1], "height": picture.shape[0]}
            images.append({"id": len(images) + 1, "file_name": name, "clip": f"r{seed}", **size})
            labels += [{"id": len(labels) + k + 1, "image_id": len(images), **label} for k, label in enumerate(found)]
    content = {"images": images, "annotations": labels, "categories": [{"id": 1, "name": "person"}]}
    (folder / "train.json").write_text(json.dumps(content), encoding="utf-8")


def main() -> None:
    """Write the folder that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenes", type=int, default=900)
    arguments = parser.parse_args()
    write_folder(arguments.folder, arguments.scenes)


if __name__ == "__main__":
    main()
