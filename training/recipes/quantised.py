"""Quantise the pose model to int8, train it with the quantisation in the loop, and print how far its keypoints move.

    uv run --with nncf python training/recipes/quantised.py --steps 200

The scales come from 300 crops of `train.json`. The training draws towards the outputs in f32, without labels. Distances
are those of the persons of `val.json` to the keypoints in f32, px of the 256 px crop. The table is in
docs/measurements/performance.md.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import nncf  # type: ignore[import-not-found]  # `--with nncf`; nothing that ships needs it
import numpy as np
import openvino
import torch

from bachata_assets.pose.models.decoding import decode_keypoints
from bachata_assets.pose.models.model_sets import load_model_set
from bachata_assets.pose.models.openmmlab import exportable
from bachata_assets.pose.models.top_down import top_down_crop

SPEC = load_model_set("bundled").pose
WIDTH, HEIGHT = SPEC.input_size
CALIBRATED_ON, PERSONS, BATCH, RATE, WARM_UP, SHARPNESS = 300, 6000, 32, 5e-5, 30, 10.0
"""Crops for the scales; persons drawn for the training, crops a step, learning rate and steps until it is reached;
factor of the outputs before their softmax, as in RTMPose's own loss."""


def persons(folder: Path, file: str, rng: np.random.Generator, count: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return picture and box (4,) of all labelled persons of a file, or of so many drawn ones."""
    content = json.loads((folder / file).read_text(encoding="utf-8"))
    names = {image["id"]: image["file_name"] for image in content["images"]}
    labels = content["annotations"]
    if count:
        labels = [labels[index] for index in rng.choice(len(labels), count, replace=False)]
    found = []
    for label in labels:
        x, y, width, height = label["bbox"]
        picture = np.asarray(cv2.imread(str(folder / "images" / names[label["image_id"]])))
        found.append((picture, np.array([x, y, x + width, y + height])))
    return found


def augmented(picture: np.ndarray, box: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a crop, uint8 (256, 192, 3), moved, scaled, mirrored and lit at random."""
    size = box[2:] - box[:2]
    centre, size = (box[:2] + box[2:]) / 2 + rng.normal(0, 0.05, 2) * size, size * rng.uniform(0.8, 1.25)
    crop = crop_of(picture, np.array([*(centre - size / 2), *(centre + size / 2)]))
    crop = crop[:, ::-1] if rng.random() < 0.5 else crop
    lit = crop.astype(np.float32) * rng.uniform(0.7, 1.3) + rng.uniform(-25, 25)
    return lit.clip(0, 255).astype(np.uint8)


def crop_of(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return the crop that the product makes of a box."""
    return top_down_crop(picture, box, (WIDTH, HEIGHT))[1]


def keypoints(network: Any, form: dict[str, Any], crops: np.ndarray, precision: str) -> np.ndarray:
    """Return the keypoints (N, 17, 3) that OpenVINO computes with a torch network, whose outputs have this form."""
    example = torch.zeros(2, HEIGHT, WIDTH, 3, dtype=torch.uint8)
    shape = (openvino.PartialShape([-1, HEIGHT, WIDTH, 3]), openvino.Type.u8)
    model = openvino.convert_model(network, example_input=example, input=[shape])
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision})
    found = []
    for start in range(0, len(crops), 8):
        outputs = list(compiled(crops[start : start + 8]).values())
        found += [decode_keypoints(form, one, (WIDTH, HEIGHT)) for one in zip(*outputs, strict=True)]
    return np.stack(found)


def train(quantised: Any, teacher: Any, known: list[tuple[np.ndarray, np.ndarray]], steps: int) -> None:
    """Draw the quantised network's distributions towards the teacher's."""
    rng = np.random.default_rng(1)
    optimiser = torch.optim.AdamW([p for p in quantised.parameters() if p.requires_grad], lr=RATE, weight_decay=0)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + np.cos(np.pi * step / steps))
        drawn = [known[int(index)] for index in rng.choice(len(known), BATCH)]
        crops = torch.from_numpy(np.stack([augmented(picture, box, rng) for picture, box in drawn]))
        with torch.no_grad():
            wanted = teacher(crops)
        loss = torch.zeros(())
        for own, others in zip(quantised(crops), wanted, strict=True):
            told, target = (torch.log_softmax(one * SHARPNESS, -1) for one in (own, others))
            loss = loss + (target.exp() * (target - told)).sum(-1).mean() + SHARPNESS * ((own - others) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    quantised.eval()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    known = persons(arguments.data, "train.json", rng, PERSONS)
    crops = np.stack([crop_of(*person) for person in persons(arguments.data, "val.json", rng)])
    teacher = exportable(SPEC).requires_grad_(False)
    exact = keypoints(teacher, teacher.form, crops, "f32")
    print("| | median | 95 % | 99 % | score |\n|---|---|---|---|---|")

    def report(name: str, found: np.ndarray) -> None:
        off = np.linalg.norm(found[..., :2] - exact[..., :2], axis=-1)
        cells = " | ".join(f"{value:.1f}" for value in np.quantile(off, [0.5, 0.95, 0.99]))
        print(f"| {name} | {cells} | {(found - exact)[..., 2].mean():.3f} |", flush=True)

    report("bf16", keypoints(teacher, teacher.form, crops, "bf16"))
    scales = nncf.Dataset([torch.from_numpy(crop_of(*person)[None]) for person in known[:CALIBRATED_ON]])
    preset = nncf.QuantizationPreset.MIXED
    quantised = nncf.quantize(exportable(SPEC), scales, preset=preset, subset_size=CALIBRATED_ON)
    report("int8", keypoints(quantised, teacher.form, crops, "f32"))
    train(quantised, teacher, known, arguments.steps)
    report(f"int8, {arguments.steps} steps of training", keypoints(quantised, teacher.form, crops, "f32"))


if __name__ == "__main__":
    main()
