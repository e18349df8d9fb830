"""How far bf16 moves keypoints and boxes from f32, with the same weights on the same frames.

    uv run python -m benchmarks.pose.precision [--clips FOLDER] [--model_set bundled] [--every_s 0.5]

One frame each half second of every clip; the persons that f32 finds are given to both. Shifts are in per cent of the
person's box height, over keypoints that f32 scores at 0.3 or more.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bachata_assets.inference.precision import computes_bf16
from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.video.sampling import sample_frames

SURE = 0.3
PERCENTILES = (50, 95, 99, 100)


def frames(folder: Path, every_s: float) -> Iterator[np.ndarray]:
    """Yield a frame of each clip every so many seconds, uint8 (H, W, 3) BGR."""
    for path in sorted(folder.rglob("*.mp4")):
        for _, picture in sample_frames(path, 1 / every_s, max_side=640):
            yield picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, default=Path("../shared/clips"))
    parser.add_argument("--model_set", default="bundled")
    parser.add_argument("--every_s", type=float, default=0.5)
    arguments = parser.parse_args()
    if not computes_bf16():
        raise SystemExit("This CPU computes in f32 whatever is asked for: there is nothing to compare.")
    exact, rounded = (PoseModels.load(arguments.model_set, precision=precision) for precision in ("f32", "bf16"))
    shifts, scores, overlaps, counts = [], [], [], []
    for picture in frames(arguments.clips, arguments.every_s):
        found, again = (next(iter(models.detect([picture]))) for models in (exact, rounded))
        counts.append((len(found.boxes), len(again.boxes)))
        if len(found.boxes) and len(again.boxes):
            overlaps += box_iou(found.boxes[:, None], again.boxes[None]).max(axis=1).tolist()
        jobs = [(picture, box) for box in found.boxes]
        for box, a, b in zip(found.boxes, exact.keypoints(jobs), rounded.keypoints(jobs), strict=True):
            sure = a[:, 2] >= SURE
            shifts += (100 * np.linalg.norm(a[sure, :2] - b[sure, :2], axis=1) / (box[3] - box[1])).tolist()
            scores += np.abs(a[sure, 2] - b[sure, 2]).tolist()
    counted = np.array(counts)
    print(f"{arguments.model_set}: {len(counted)} frames, {counted[:, 0].sum()} persons, {len(shifts)} keypoints")
    print(f"| bf16 against f32 | mean | {' | '.join(f'p{p}' if p < 100 else 'max' for p in PERCENTILES)} |")
    print("|---|" + "---|" * (len(PERCENTILES) + 1))
    for name, values in (
        ("keypoint, % of body height", shifts),
        ("keypoint score", scores),
        ("box, 1 - IoU", [1 - iou for iou in overlaps]),
    ):
        row = [np.mean(values), *np.percentile(values, PERCENTILES)]
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in row) + " |")
    same = (counted[:, 0] == counted[:, 1]).mean()
    print(f"as many persons in {same:.1%} of the frames")


if __name__ == "__main__":
    main()
