"""How well the couple is found, kept apart and its leader told, on drawn clips with exact truth and on real ones.

    python benchmarks/couple.py                         # drawn situations, two seeds each
    python benchmarks/couple.py --clips ../shared/clips # and real clips whose leader's side is known

Beside each figure: a greedy tracker (IoU from frame to frame) on the same detections.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from bachata_assets.pose.candidates import Candidates
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.models import PoseModels
from bachata_assets.video.render.camera import Camera
from bachata_assets.video.render.clip_writer import write_clip
from bachata_assets.video.render.people import Walker
from bachata_assets.video.render.scene import Mirror, Scene, scene_by_lot
from bachata_assets.video.render.truth import ClipTruth

SECONDS = 6.0
VISIBLE = 0.3
"""Share of a dancer's outline in sight from which the dancer counts as visible."""


def situations(seed: int) -> dict[str, Scene]:
    """Return the drawn situations of one seed."""

    def scene(figure: str) -> Scene:
        return scene_by_lot(seed, figure, Camera(640, 360))

    return {
        "close hold": scene("basic_step"),
        "turn": scene("lady_right_turn"),
        "crossing": scene("cross_body_lead"),
        "shadow position": scene("shadow_position"),
        "full occlusion": scene("full_occlusion"),
        "third person passes": replace(scene("open_basic"), others=(Walker(x=-3.0, z=0.8, speed=1.2),)),
        "mirror": replace(scene("lady_left_turn"), mirror=Mirror()),
    }


def compare(couple: CoupleKeypoints, truth: ClipTruth) -> dict[str, float]:
    """Return detection rate, share of frames with the right identities, lead right, error in body heights."""
    at = np.abs(truth.times[None] - couple.times[:, None]).argmin(axis=1)
    expected, boxes, visible = truth.keypoints[at], truth.boxes[at], truth.visible_fraction[at, :2]
    height = np.median(boxes[:, :2, 3] - boxes[:, :2, 1])
    found = couple.keypoints[..., :2]

    def error(order: slice) -> np.ndarray:
        return np.linalg.norm(found[:, order] - expected[:, :2], axis=-1).mean(axis=-1) / height

    right, wrong = error(np.s_[:]), error(np.s_[::-1])
    both = couple.valid.all(axis=1) & (visible > VISIBLE).all(axis=1)
    straight = right[both].mean(axis=1) < wrong[both].mean(axis=1)
    lead_right = straight.mean() >= 0.5
    return {
        "found": couple.detection_rate,
        "identity": float(max(straight.mean(), 1 - straight.mean())),
        "lead": float(lead_right),
        "confidence": couple.role_confidence,
        "error": float(np.median((right if lead_right else wrong)[both])),
        "swaps flagged": len(couple.suspected_swaps),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    args = parser.parse_args()
    estimate = CouplePoseEstimator(PoseModels.load())
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(args.seeds):
            for name, scene in situations(seed).items():
                path = Path(folder) / f"{name.replace(' ', '_')}_{seed}.mp4"
                truth = write_clip(path, scene, None, SECONDS)
                rows.append((name, seed, compare(estimate(path), truth)))
                print(name, seed, {key: round(value, 3) for key, value in rows[-1][2].items()}, flush=True)


if __name__ == "__main__":
    main()
