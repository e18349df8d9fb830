"""How well the couple is found, kept apart and its leader told, on drawn clips with exact truth and on real ones.

    python benchmarks/couple.py                          # seven drawn situations, two seeds each
    python benchmarks/couple.py --clips ../shared/clips  # and real clips whose leader's side its README tells

`identity`: share of frames with both visible in which the two are who they were.
Beside it the same for a greedy tracker (IoU from look to look) on the same detections.
"""

import argparse
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bachata_assets.pose.candidates import Candidates, find_candidates
from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.models import PoseModels
from bachata_assets.video.decode import probe
from bachata_assets.video.render.camera import Camera
from bachata_assets.video.render.clip_writer import write_clip
from bachata_assets.video.render.people import Walker
from bachata_assets.video.render.scene import Mirror, Scene, scene_by_lot
from bachata_assets.video.render.truth import ClipTruth

SECONDS = 6.0
VISIBLE = 0.3
"""Share of a dancer's outline in sight from which the dancer counts as visible."""
CLEARLY = 0.8
"""Share of one order's error from which the other order is right."""
ROLES_AT_S = 0.5


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


def straight(times: np.ndarray, keypoints: np.ndarray, valid: np.ndarray, truth: ClipTruth) -> np.ndarray:
    """Return per frame with both visible whether dancer 0 is the lead, bool (M,).

    At the instant of crossing both lie on one place and neither order fits better: the other counts only when clearly.
    """
    at = np.abs(truth.times[None] - times[:, None]).argmin(axis=1)
    both = valid.all(axis=1) & (truth.visible_fraction[at, :2] > VISIBLE).all(axis=1)
    expected, found = truth.keypoints[at[both], :2], keypoints[both][..., :2]
    errors = [
        np.linalg.norm(found[:, order] - expected, axis=-1).mean(axis=(1, 2)) for order in (np.s_[:], np.s_[::-1])
    ]
    flips = errors[1] < CLEARLY * errors[0]
    keeps = errors[0] < CLEARLY * errors[1]
    return keeps[keeps | flips]


def error(couple: CoupleKeypoints, truth: ClipTruth) -> float:
    """Return the median distance of a keypoint from its true place, in body heights."""
    at = np.abs(truth.times[None] - couple.times[:, None]).argmin(axis=1)
    height = np.median(truth.boxes[:, :2, 3] - truth.boxes[:, :2, 1])
    off = np.linalg.norm(couple.keypoints[..., :2] - truth.keypoints[at, :2], axis=-1)[couple.valid]
    return float(np.median(off) / height)


def greedy(looks: Sequence[Candidates]) -> tuple[np.ndarray, np.ndarray]:
    """Return keypoints (S, 2, 17, 3) and valid (S, 2) of the tracker that follows each box by its overlap."""
    keypoints, valid = np.full((len(looks), 2, 17, 3), np.nan), np.zeros((len(looks), 2), bool)
    last: np.ndarray | None = None
    for step, look in enumerate(looks):
        if len(look) < 2:
            continue
        if last is None:
            pair = np.argsort(-look.scores)[:2]
        else:
            overlap = box_iou(last[:, None], look.boxes[None])
            first = int(overlap.max(axis=1).argmax())
            overlap[:, overlap[first].argmax()], taken = -1, int(overlap[first].argmax())
            pair = np.array([taken, overlap[1 - first].argmax()][:: 1 if first == 0 else -1])
        last, keypoints[step], valid[step] = look.boxes[pair], look.keypoints[pair], True
    return keypoints, valid


def drawn(estimate: CouplePoseEstimator, seeds: int) -> Iterator[str]:
    """Yield one row of the table for each drawn clip."""
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            for name, scene in situations(seed).items():
                path = Path(folder) / "clip.mp4"
                truth = write_clip(path, scene, None, SECONDS)
                couple = estimate(path)
                own = straight(couple.times, couple.keypoints, couple.valid, truth)
                looks = [(time_s, frame) for time_s, frame in ClipFrames(path)][::2]
                found = list(find_candidates(estimate.models, [frame for _, frame in looks]))
                plain = straight(np.array([time_s for time_s, _ in looks]), *greedy(found), truth)
                yield (
                    f"| {name} {seed} | {couple.detection_rate:.3f} | {_one_way(own):.3f} | {_one_way(plain):.3f} "
                    f"| {'right' if own.mean() >= 0.5 else 'wrong'} ({couple.role_confidence:.2f}) "
                    f"| {error(couple, truth):.3f} | {len(couple.suspected_swaps)} |"
                )


def _one_way(frames: np.ndarray) -> float:
    return float(max(frames.mean(), 1 - frames.mean())) if frames.size else float("nan")


def real(estimate: CouplePoseEstimator, folder: Path) -> Iterator[str]:
    """Yield one row of the table for each real clip."""
    sides = dict(re.findall(r"(\w+_\d+) (left|right)", (folder / "README.md").read_text()))
    for path in sorted(folder.rglob("*.mp4")):
        began, cpu = time.perf_counter(), time.process_time()
        couple = estimate(path)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        x = couple.boxes[..., [0, 2]].mean(axis=-1)
        seen = np.flatnonzero(couple.valid.all(axis=1))
        lead_x, follow_x = x[seen[np.abs(couple.times[seen] - ROLES_AT_S).argmin()]]
        verdict = "not known"
        if path.stem in sides:
            verdict = "right" if (lead_x < follow_x) == (sides[path.stem] == "left") else "wrong"
        yield (
            f"| {path.stem} | {probe(path).duration_s:.1f} s | {couple.detection_rate:.3f} "
            f"| {couple.quality_score:.2f} | {verdict} ({couple.role_confidence:.2f}) "
            f"| {len(couple.suspected_swaps)} | {took:.1f} s | {cpu:.1f} s |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--clips", type=Path, help="folder of real clips with a README that tells who leads")
    args = parser.parse_args()
    estimate = CouplePoseEstimator(PoseModels.load())
    print("| situation, seed | both found | identity | greedy's | lead | error / height | flagged |")
    print("|---|---|---|---|---|---|---|")
    for row in drawn(estimate, args.seeds):
        print(row, flush=True)
    if args.clips:
        print("\n| clip | length | both found | quality | lead | flagged | wall | CPU |")
        print("|---|---|---|---|---|---|---|---|")
        for row in real(estimate, args.clips):
            print(row, flush=True)


if __name__ == "__main__":
    main()
