"""How well the couple is found, kept apart and its lead told, on clips with truth given.

    uv run python -m benchmarks.pose.couple                          # seven drawn situations, two seeds each
    uv run python -m benchmarks.pose.couple --truth data/sample      # any folder of clips with a truth.npz
    uv run python -m benchmarks.pose.couple --clips ../shared/clips  # real clips whose lead is told

`identity`: share of frames with both found and visible whose keypoints lie nearer to the two dancers in one order, the
same over the whole clip, than exchanged. `clearly`: without the frames in which neither order fits better by a fifth.
Beside it the same for a greedy tracker (IoU from look to look) on the same detections. Errors are in body heights.
"""

import argparse
import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bachata_assets.collection.annotations.annotation_file import load_annotations
from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.tracking.candidates import Candidates, find_candidates
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.clip_writer import write_clip
from bachata_assets.synthetic.people import Walker
from bachata_assets.synthetic.scene import Mirror, Scene, random_scene
from bachata_assets.synthetic.truth import ClipTruth, load_truths
from bachata_assets.video.probe import probe

SECONDS = 6.0
VISIBLE = 0.3
"""Share of a dancer's outline in sight from which the dancer counts as visible."""
CLEARLY = 0.8
"""Share of one order's error from which the other order is right."""
ROLES_AT_S = 0.5
SURE = 0.9


def situations(seed: int) -> dict[str, Scene]:
    """Return the drawn situations of one seed."""

    def scene(figure: str) -> Scene:
        return random_scene(seed, figure, Camera(640, 360))

    return {
        "close hold": scene("basic_step"),
        "turn": scene("lady_right_turn"),
        "crossing": scene("cross_body_lead"),
        "shadow position": scene("shadow_position"),
        "full occlusion": scene("full_occlusion"),
        "third person passes": replace(scene("open_basic"), others=(Walker(x=-3.0, z=0.8, speed=1.2),)),
        "mirror": replace(scene("lady_left_turn"), mirror=Mirror()),
    }


@dataclass(frozen=True)
class Fit:
    """How keypoints lie to the truth: per frame with both found and visible, mean errors (M,) in the two orders, px."""

    straight: np.ndarray
    exchanged: np.ndarray

    @classmethod
    def of(cls, times: np.ndarray, keypoints: np.ndarray, valid: np.ndarray, truth: ClipTruth) -> "Fit":
        """Lay keypoints (T, 2, 17, 3) against the truth."""
        at = np.abs(truth.times[None] - times[:, None]).argmin(axis=1)
        both = valid.all(axis=1) & (truth.visible_fraction[at, :2] > VISIBLE).all(axis=1)
        expected, found = truth.keypoints[at[both], :2], keypoints[both][..., :2]
        orders = (np.s_[:], np.s_[::-1])
        return cls(*(np.linalg.norm(found[:, order] - expected, axis=-1).mean(axis=(1, 2)) for order in orders))

    @property
    def lead_first(self) -> bool:
        """Whether dancer 0 is the lead in most frames."""
        return bool((self.straight < self.exchanged).mean() >= 0.5)

    def wrong(self, margin: float = 1.0) -> int:
        """Return the number of frames in which the two are exchanged, by a clear margin of errors if wanted."""
        own, other = (self.straight, self.exchanged) if self.lead_first else (self.exchanged, self.straight)
        return int((other < margin * own).sum())

    def identity(self, margin: float = 1.0) -> float:
        """Return the share of frames in which the two are who they mostly are."""
        better, worse = np.sort(np.stack([self.straight, self.exchanged]), axis=0)
        told = int((better < margin * worse).sum())
        return 1 - self.wrong(margin) / told if told else float("nan")


def errors(couple: CoupleKeypoints, truth: ClipTruth) -> np.ndarray:
    """Return the distances of keypoints from their true places (N,), in body heights, of all dancers found."""
    at = np.abs(truth.times[None] - couple.times[:, None]).argmin(axis=1)
    height = np.median(truth.boxes[:, :2, 3] - truth.boxes[:, :2, 1])
    off: np.ndarray = np.linalg.norm(couple.keypoints[..., :2] - truth.keypoints[at, :2], axis=-1)[couple.valid]
    return off.ravel() / height


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


def drawn(seeds: int, folder: Path) -> Iterator[tuple[str, Path, ClipTruth]]:
    """Draw the situations of some seeds and yield name, file and truth of each."""
    for seed in range(seeds):
        for name, scene in situations(seed).items():
            path = folder / "clip.mp4"
            yield f"{name} {seed}", path, write_clip(path, scene, None, SECONDS)


def given(folder: Path) -> Iterator[tuple[str, Path, ClipTruth]]:
    """Yield name, file and truth of the clips below a folder that its truth.npz tells of."""
    truths = load_truths(folder / "truth.npz")
    for path in sorted(folder.rglob("*.mp4")):
        if path.stem in truths:
            yield path.stem, path, truths[path.stem]


class Goals:
    """Counts over all clips what the goals ask for."""

    def __init__(self) -> None:
        self.leads: list[tuple[bool, float]] = []
        self.found: list[np.ndarray] = []
        self.wrong = self.unflagged = 0
        self.errors: list[np.ndarray] = []

    def add(self, couple: CoupleKeypoints, lead_right: bool | None) -> None:
        """Count a clip; `lead_right` where it is known who leads."""
        self.found.append(np.asarray(couple.valid.all(axis=1)))
        if lead_right is not None:
            self.leads.append((lead_right, couple.role_confidence))

    def compare(self, couple: CoupleKeypoints, fit: Fit, truth: ClipTruth) -> None:
        """Count how a clip lies to its truth."""
        self.wrong += fit.wrong()
        self.unflagged += bool(fit.wrong(CLEARLY)) and not couple.identity_switches
        self.errors.append(errors(couple if fit.lead_first else couple.swapped(), truth))

    def __str__(self) -> str:
        sure = [right for right, confidence in self.leads if confidence >= SURE]
        lines = [
            f"lead right on {sum(right for right, _ in self.leads)} of {len(self.leads)}, "
            f"of those stated {SURE} or more on {sum(sure)} of {len(sure)}",
            f"both found on {np.concatenate(self.found).mean():.3f} of all frames",
        ]
        if self.errors:
            off = np.concatenate(self.errors)
            lines += [
                f"frames with the two exchanged: {self.wrong}; clips clearly so and not flagged: {self.unflagged}",
                f"error over all keypoints: mean {off.mean():.3f}, median {np.median(off):.3f}",
            ]
        return "\n".join(lines)


def with_truth(
    estimate: CouplePoseEstimator, clips: Iterable[tuple[str, Path, ClipTruth]], goals: Goals
) -> Iterator[str]:
    """Yield one row of the table for each clip with exact truth."""
    for name, path, truth in clips:
        couple = estimate(path)
        fit = Fit.of(couple.times, couple.keypoints, couple.valid, truth)
        looks = [(time_s, frame) for time_s, frame in ClipFrames(path)][:: estimate.parameters.detection.detect_every]
        found = list(find_candidates(estimate.models, [frame for _, frame in looks]))
        plain = Fit.of(np.array([time_s for time_s, _ in looks]), *greedy(found), truth)
        goals.add(couple, fit.lead_first)
        goals.compare(couple, fit, truth)
        off = errors(couple if fit.lead_first else couple.swapped(), truth)
        yield (
            f"| {name} | {couple.detection_rate:.3f} | {couple.plainly_seen.all(axis=1).mean():.3f} "
            f"| {fit.identity():.3f} | {fit.identity(CLEARLY):.3f} | {plain.identity():.3f} "
            f"| {'right' if fit.lead_first else 'wrong'} ({couple.role_confidence:.2f}) "
            f"| {off.mean():.3f} | {np.median(off):.3f} | {len(couple.identity_switches)} |"
        )


def leads(folder: Path) -> dict[str, str]:
    """Return clip -> the lead's side at the start, from the folder's README and annotations."""
    readme = folder / "README.md"
    told = dict(re.findall(r"(\w+_\d+) (left|right)", readme.read_text())) if readme.is_file() else {}
    for path in folder.glob("*.json"):
        for entry in load_annotations(path):
            if entry.clip_id and entry.annotation.lead:
                told[entry.clip_id] = entry.annotation.lead
    return told


def real(estimate: CouplePoseEstimator, folder: Path, goals: Goals) -> Iterator[str]:
    """Yield one row of the table for each real clip."""
    sides = leads(folder)
    for path in sorted(folder.rglob("*.mp4")):
        cpu = time.process_time()
        couple = estimate(path)
        cpu = time.process_time() - cpu
        lead_right, verdict = None, "not known"
        seen = np.flatnonzero(couple.valid.all(axis=1))
        if path.stem in sides and seen.size:
            x = couple.boxes[seen[np.abs(couple.times[seen] - ROLES_AT_S).argmin()]][:, [0, 2]].mean(axis=1)
            lead_right = bool((x[0] < x[1]) == (sides[path.stem] == "left"))
            verdict = "right" if lead_right else "wrong"
        goals.add(couple, lead_right)
        yield (
            f"| {path.stem} | {probe(path).duration_s:.1f} s | {couple.detection_rate:.3f} "
            f"| {couple.plainly_seen.all(axis=1).mean():.3f} | {couple.occlusion_recovery.any(axis=1).mean():.3f} "
            f"| {couple.quality_score:.2f} | {verdict} ({couple.role_confidence:.2f}) "
            f"| {len(couple.identity_switches)} | {cpu:.1f} s |"
        )


def table(columns: str, rows: Iterable[str], goals: Goals) -> None:
    """Print a table as it grows, and what it says of the goals."""
    print(columns)
    print("|---" * (columns.count("|") - 1) + "|")
    for row in rows:
        print(row, flush=True)
    print(f"\n{goals}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2, help="of drawn situations; 0 for none")
    parser.add_argument("--truth", type=Path, help="folder of clips with a truth.npz, as in data/sample")
    parser.add_argument("--clips", type=Path, help="folder of real clips with a README that tells who leads")
    args = parser.parse_args()
    estimate = CouplePoseEstimator(PoseModels.load())
    exact = "| clip | both found | plainly | identity | clearly | greedy's | lead | mean error | median | flagged |"
    if args.seeds:
        with tempfile.TemporaryDirectory() as folder:
            goals = Goals()
            table(exact, with_truth(estimate, drawn(args.seeds, Path(folder)), goals), goals)
    if args.truth:
        goals = Goals()
        table(exact, with_truth(estimate, given(args.truth), goals), goals)
    if args.clips:
        goals = Goals()
        columns = "| clip | length | both found | plainly | behind | quality | lead | flagged | CPU |"
        table(columns, real(estimate, args.clips, goals), goals)


if __name__ == "__main__":
    main()
