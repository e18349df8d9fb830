"""How well model sets find and pose dancers: the table of `checkpoints/MODEL_CARD.md`.

    uv run python -m benchmarks.pose.models                                    # the set `bundled` on ../shared/training
    uv run python -m benchmarks.pose.models --sets bundled bundled@other/folder --held-out c026 c083

A set is a name in `models.toml`, or name@folder for another checkpoint folder. The data folder holds images/, val.json
and train.json in COCO form; held-out clips are those of train.json that the training did not see.
AP and AR are pycocotools'; the pose model is given the labelled boxes; `overlap` frames are those whose two boxes have
an IoU above 0.3; a box counts as found at IoU 0.5, every other box as false.
"""

import argparse
import contextlib
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.models.top_down import CROP_PADDING
from bachata_assets.pose.skeleton import SIGMAS
from bachata_assets.synthetic.truth import load_truths

OVERLAP = 0.3
CLOSE_ENOUGH = 0.05
"""Mean distance of a dancer's keypoints from the truth, in body heights."""


class Frames:
    """Labelled frames in COCO form, with the pictures in memory."""

    def __init__(self, folder: Path, ann_file: str, clips: Iterable[str] | None = None) -> None:
        import cv2
        from pycocotools.coco import COCO

        with contextlib.redirect_stdout(io.StringIO()):
            self.coco = COCO(str(folder / ann_file))
        wanted = [i for i in self.coco.dataset["images"] if clips is None or i["clip"] in set(clips)]
        self.ids = [image["id"] for image in wanted]
        self.pictures = {i["id"]: np.asarray(cv2.imread(str(folder / "images" / i["file_name"]))) for i in wanted}

    def persons(self, image_id: int) -> list[dict[str, Any]]:
        """Return the labels of a frame."""
        labels: list[dict[str, Any]] = self.coco.imgToAnns[image_id]
        return labels

    def evaluated(self, results: list[dict[str, Any]], kind: str, ids: list[int]) -> np.ndarray:
        """Return pycocotools' statistics of results of a kind (bbox, keypoints)."""
        from pycocotools.cocoeval import COCOeval

        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = COCOeval(self.coco, self.coco.loadRes(results), kind)
            evaluation.params.imgIds = ids
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        statistics: np.ndarray = evaluation.stats
        return statistics


def corners(label: dict[str, Any]) -> np.ndarray:
    """Return a label's box as x1 y1 x2 y2."""
    x, y, width, height = label["bbox"]
    return np.array([x, y, x + width, y + height], np.float32)


def detector_figures(models: PoseModels, frames: Frames, name: str, score: float | None) -> dict[str, str]:
    """Return AP, and recall and false boxes at the product's thresholds or at `score`."""
    results = []
    found = false = total = 0
    pictures = [frames.pictures[i] for i in frames.ids]
    options: dict[str, Any] = {} if score is None else {"score_threshold": score}
    for image_id, all_found in zip(frames.ids, models.detect(pictures, score_threshold=0.01, limit=100), strict=True):
        for (x1, y1, x2, y2), confidence in zip(all_found.boxes.tolist(), all_found.scores.tolist(), strict=True):
            box = [x1, y1, x2 - x1, y2 - y1]
            results.append({"image_id": image_id, "category_id": 1, "bbox": box, "score": confidence})
    for image_id, kept in zip(frames.ids, models.detect(pictures, **options), strict=True):
        labels = np.array([corners(label) for label in frames.persons(image_id)])
        matched = matches(box_iou(kept.boxes[:, None], labels[None])) if len(kept.boxes) else 0
        found, false, total = found + matched, false + len(kept.boxes) - matched, total + len(labels)
    statistics = frames.evaluated(results, "bbox", frames.ids)
    return {
        f"detector, {name}, AP / AP50": f"{statistics[0]:.3f} / {statistics[1]:.3f}",
        f"detector, {name}, recall": f"{found / total:.3f}",
        f"detector, {name}, false boxes a frame": f"{false / len(frames.ids):.2f}",
    }


def matches(overlaps: np.ndarray, least: float = 0.5) -> int:
    """Return how many labels (columns) get a box (row) of their own of at least that IoU."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-(overlaps >= least).astype(float))
    return int((overlaps[rows, columns] >= least).sum())


def pose_figures(models: PoseModels, frames: Frames, name: str) -> dict[str, str]:
    """Return AP and AR, the AP of frames with overlap, and the mean OKS, given the labelled boxes."""
    labels = [label for image_id in frames.ids for label in frames.persons(image_id)]
    jobs = ((frames.pictures[label["image_id"]], corners(label)) for label in labels)
    results, likeness = [], []
    for label, keypoints in zip(labels, models.keypoints(jobs), strict=True):
        sure = keypoints[keypoints[:, 2] > 0.2, 2]
        score = float(sure.mean()) if len(sure) else 0.0
        flat = keypoints.astype(float).ravel().tolist()
        results.append({"image_id": label["image_id"], "category_id": 1, "keypoints": flat, "score": score})
        likeness.append(object_keypoint_similarity(keypoints, label))
    close = [i for i in frames.ids if any(label["overlap"] > OVERLAP for label in frames.persons(i))]
    statistics = frames.evaluated(results, "keypoints", frames.ids)
    figures = {
        f"pose, {name}, AP / AP50 / AR": f"{statistics[0]:.3f} / {statistics[1]:.3f} / {statistics[5]:.3f}",
        f"pose, {name}, mean OKS": f"{np.mean(likeness):.3f}",
    }
    if close:
        figures[f"pose, {name}, AP where boxes overlap"] = f"{frames.evaluated(results, 'keypoints', close)[0]:.3f}"
    return figures


def object_keypoint_similarity(keypoints: np.ndarray, label: dict[str, Any]) -> float:
    """Return COCO's OKS of keypoints (17, 3) to a label."""
    truth = np.array(label["keypoints"], float).reshape(-1, 3)
    labelled = truth[:, 2] > 0
    squared = ((keypoints[:, :2] - truth[:, :2]) ** 2).sum(axis=1)
    return float(np.exp(-squared / (2 * label["area"] * (2 * SIGMAS) ** 2))[labelled].mean())


def shift(models: PoseModels, other: PoseModels, frames: Frames) -> str:
    """Return how far keypoints of the labelled boxes lie from another set's, in px of 256 px high crops."""
    labels = [label for image_id in frames.ids for label in frames.persons(image_id)]
    jobs = [(frames.pictures[label["image_id"]], corners(label)) for label in labels]
    span = np.array([max((x2 - x1) / 192, (y2 - y1) / 256) * CROP_PADDING for _, (x1, y1, x2, y2) in jobs])
    points, others = (np.stack(list(each.keypoints(jobs)))[..., :2] for each in (models, other))
    off = np.linalg.norm(points - others, axis=-1) / span[:, None]
    return f"{off.mean():.2f} / {np.quantile(off, 0.99):.2f} / {off.max():.1f}"


def sample_figures(models: PoseModels, folder: Path) -> dict[str, str]:
    """Return on how many frames of the sample collection both drawn dancers are found, and close to the truth."""
    estimator = CouplePoseEstimator(models)
    truths = load_truths(folder / "truth.npz")
    found, close = [], []
    for path in sorted((folder / "videos").rglob("*.mp4")):
        couple, truth = estimator(path), truths[path.stem]
        at = np.abs(truth.times[None] - couple.times[:, None]).argmin(axis=1)
        height = truth.boxes[at, :2, 3] - truth.boxes[at, :2, 1]
        orders = []
        for order in (np.s_[:], np.s_[::-1]):
            off = np.linalg.norm(couple.keypoints[:, order, :, :2] - truth.keypoints[at, :2], axis=-1).mean(axis=-1)
            orders.append((off < CLOSE_ENOUGH * height).all(axis=1))
        both = couple.valid.all(axis=1)
        found.append(both)
        close.append(both & (orders[0] | orders[1]))
    return {
        "sample collection, both dancers found": f"{np.concatenate(found).mean():.3f}",
        "sample collection, both within 5 % of body height": f"{np.concatenate(close).mean():.3f}",
    }


def main() -> None:
    """Print the table, a column a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", default=["bundled"], metavar="NAME[@FOLDER]")
    parser.add_argument("--data", type=Path, default=Path("../shared/training"))
    parser.add_argument("--sample", type=Path, default=Path("data/sample"))
    parser.add_argument("--held-out", nargs="*", default=["c026", "c083"], metavar="CLIP")
    parser.add_argument("--precision", default="auto", choices=["auto", "f32", "bf16"])
    parser.add_argument("--score", type=float, help="the detector's threshold (default: the product's)")
    arguments = parser.parse_args()
    validation = Frames(arguments.data, "val.json")
    held_out = Frames(arguments.data, "train.json", arguments.held_out)
    columns: dict[str, dict[str, str]] = {}
    first: PoseModels | None = None
    for name in arguments.sets:
        model_set, _, folder = name.partition("@")
        models = PoseModels.load(model_set, Path(folder) if folder else None, precision=arguments.precision)
        first = first or models
        column = columns[name] = {}
        for frames, where in ((validation, "val.json"), (held_out, "held-out rooms")):
            if frames.ids:
                column |= detector_figures(models, frames, where, arguments.score)
                column |= pose_figures(models, frames, where)
        column |= sample_figures(models, arguments.sample)
        if len(arguments.sets) > 1:
            column["keypoints' distance to the first set's, mean / 99 % / most, px"] = shift(models, first, validation)
    print("| | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for row in next(iter(columns.values())):
        print(f"| {row} | " + " | ".join(column.get(row, "") for column in columns.values()) + " |")


if __name__ == "__main__":
    main()
