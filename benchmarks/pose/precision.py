"""How far bf16 moves keypoints and boxes from f32, with the same weights on the same frames, and the clips' vectors.

    uv run python -m benchmarks.pose.precision [--clips FOLDER] [--model_set bundled] [--every_s 0.5]

One frame each half second of every clip; the persons that f32 finds are given to both. Shifts are in per cent of the
person's box height, over keypoints that f32 scores at 0.3 or more.

Then a collection of all clips is made in either precision, and the vectors are compared, as if one machine had made
some of them and another one the others.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bachata_assets import build_collection
from bachata_assets.inference.precision import computes_bf16
from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.video.sampling import sample_frames

SURE = 0.3
PERCENTILES = (50, 95, 99, 100)
FAMILIES = ("lead_embedding", "follow_embedding", "interaction_embedding")
"""Those that are made of poses."""


def frames(folder: Path, every_s: float) -> Iterator[np.ndarray]:
    """Yield a frame of each clip every so many seconds, uint8 (H, W, 3) BGR."""
    for path in sorted(folder.rglob("*.mp4")):
        for _, picture in sample_frames(path, 1 / every_s, max_side=640):
            yield picture


def collection(clips: Path, model_set: str, precision: str) -> pd.DataFrame:
    """Return the table over all clips, made in a precision."""
    with tempfile.TemporaryDirectory() as folder:
        annotations = next(iter(sorted(clips.glob("*.json"))), None)
        made = build_collection(clips, annotations, folder, model_set=model_set, precision=precision)
        return made.embeddings().sort_index()


def unit_vectors(table: pd.DataFrame, family: str) -> np.ndarray:
    """Return a family's vectors of length 1, float (clips, dimensions)."""
    vectors = np.stack(list(table[family])).astype(float)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def print_vectors(exact: pd.DataFrame, rounded: pd.DataFrame) -> None:
    """Print how far the vectors of clips are apart, and whether the nearest clips stay the same."""
    both = exact.index.intersection(rounded.index)
    exact, rounded = (table.loc[both].dropna(subset=list(FAMILIES)) for table in (exact, rounded))
    here, there = ({name: unit_vectors(table, name) for name in FAMILIES} for table in (exact, rounded))
    print(f"\n{len(exact)} clips, each in both precisions:")
    print("| | cosine, median | lowest | of different clips, highest |\n|---|---|---|---|")
    for name in FAMILIES:
        same = (here[name] * there[name]).sum(axis=1)
        others = (here[name] @ here[name].T)[~np.eye(len(exact), dtype=bool)]
        print(f"| {name} | {np.median(same):.5f} | {same.min():.5f} | {others.max():.5f} |")
    nearest = {
        name: _nearest(asked, among)
        for name, asked, among in (("f32", here, here), ("bf16", there, there), ("f32 among bf16", here, there))
    }
    for name in ("bf16", "f32 among bf16"):
        print(f"{name}: the nearest clip is that of f32 for {(nearest[name] == nearest['f32']).sum()} of {len(exact)}")
    quality = (exact["quality_score"] - rounded["quality_score"]).abs()
    print(f"quality score: differs by {quality.median():.4f} in the median, {quality.max():.4f} at most")


def _nearest(asked: dict[str, np.ndarray], among: dict[str, np.ndarray]) -> np.ndarray:
    """Return for each clip which other one is nearest by the mean cosine of the families."""
    cosines = np.mean([asked[name] @ among[name].T for name in FAMILIES], axis=0)
    np.fill_diagonal(cosines, -2)
    return cosines.argmax(axis=1)


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
    print_vectors(*(collection(arguments.clips, arguments.model_set, one) for one in ("f32", "bf16")))


if __name__ == "__main__":
    main()
