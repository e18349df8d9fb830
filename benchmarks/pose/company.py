"""Whether the couple that is meant is followed where others are in the picture, beside two trackers.

    uv run --group bench python -m benchmarks.pose.company            # twelve drawn situations, one seed
    uv run --group bench python -m benchmarks.pose.company --seeds 3
    uv run --group bench python -m benchmarks.pose.company --crowd    # the poses that 20 people cost

Of the frames in which the couple dances together: `right`, both dancers are found and are one couple, the same in all
frames; `wrong`, somebody else (a dancer of another couple, an image in a mirror) is taken for one of them. `greedy`
follows the two surest boxes by their overlap from look to look, `rtmlib` is that library's tracker, of which the two
people seen most often are taken; both see the same detections. `doubt` is a suspected identity switch.
"""

import argparse
import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.annotation import SaidCouple
from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.no_couple import NoCoupleError
from bachata_assets.pose.tracking.candidates import Candidates, find_candidates
from bachata_assets.synthetic.truth import ClipTruth
from bachata_assets_tests.support.company import CHANGE_S, Company, NewPartner, companies, crowded
from benchmarks.pose.couple import greedy
from benchmarks.support.pose_contenders import CountedModels

SECONDS = 7.0
TOLD: dict[str, SaidCouple] = {"two couples": "left", "equal mirror right": "left"}
"""Situation in which no one can know which couple is meant -> what is told."""
NEAR = 0.25
"""Mean distance of the keypoints from a person's true ones below which they are that person's, body heights."""


def shares(
    times: np.ndarray, keypoints: np.ndarray, valid: np.ndarray, truth: ClipTruth, couples: Sequence[tuple[int, int]]
) -> tuple[float, float]:
    """Return the shares of frames that are right and wrong, for the one of the couples that is right more often.

    Keypoints (T, 2, 17, 3) are found where valid (T, 2); the couples are people of the truth.
    """
    at = np.abs(truth.times[None] - times[:, None]).argmin(axis=1)
    height = np.median(truth.boxes[:, :2, 3] - truth.boxes[:, :2, 1])
    off = np.linalg.norm(keypoints[:, :, None, :, :2] - truth.keypoints[at][:, None], axis=-1).mean(axis=-1) / height
    off = np.where(valid[..., None], off, np.inf)
    who = np.where(off.min(axis=2) < NEAR, off.argmin(axis=2), -1)
    found = []
    for couple in couples:
        right = valid.all(axis=1) & (np.sort(who, axis=1) == couple).all(axis=1)
        wrong = np.any(valid & ~np.isin(who, couple), axis=1)
        found.append((float(right.mean()), float(wrong.mean())))
    return max(found)


def of_rtmlib(looks: Sequence[Candidates]) -> tuple[np.ndarray, np.ndarray]:
    """Return keypoints (S, 2, 17, 3) and valid (S, 2) of the two people that rtmlib's tracker sees most often."""
    from rtmlib.tools.solution.pose_tracker import PoseTracker, pose_to_bbox

    class WithoutModels(PoseTracker):  # type: ignore[misc]  # rtmlib has no types
        """The tracker alone."""

        def __init__(self) -> None:
            self.tracking_thr = 0.3
            self.reset()

    tracker: Any = WithoutModels()
    tracks: list[dict[int, np.ndarray]] = []
    for look in looks:
        found = {}
        boxes = []
        for pose in look.keypoints:
            box = pose_to_bbox(pose[:, :2])
            number, _ = tracker.track_by_iou(box)
            if number > -1:
                found[number] = pose
                boxes.append(box)
        tracker.bboxes_last_frame, tracker.track_ids_last_frame = boxes, list(found)
        tracks.append(found)
    most = [number for number, _ in Counter(number for found in tracks for number in found).most_common(2)]
    keypoints, valid = np.full((len(looks), 2, 17, 3), np.nan), np.zeros((len(looks), 2), bool)
    for step, found in enumerate(tracks):
        for place, number in enumerate(most):
            if number in found:
                keypoints[step, place], valid[step, place] = found[number], True
    return keypoints, valid


def rows(estimate: CouplePoseEstimator, seeds: int, folder: Path) -> Iterator[str]:
    """Yield one row of the table for each situation."""
    for seed in range(seeds):
        for name, company in companies(100 + 10 * seed):
            path = folder / "clip.mp4"
            truth = company.write(path, SECONDS)
            couples = [(0, 1), (2, 3)] if list(truth.roles[2:]) == ["lead", "follow"] else [(0, 1)]
            end = CHANGE_S if isinstance(company.scene.couple, NewPartner) else SECONDS
            yield _row(estimate, f"{name} {seed}", path, truth, couples, None, end)
            if name in TOLD:
                yield _row(estimate, f'{name} {seed}, "{TOLD[name]}" given', path, truth, couples[:1], TOLD[name], end)


def _row(
    estimate: CouplePoseEstimator,
    name: str,
    path: Path,
    truth: ClipTruth,
    couples: Sequence[tuple[int, int]],
    said: SaidCouple | None,
    end: float,
) -> str:
    """Return the row of a clip in which the couples dance until `end` (s)."""
    looks = list(ClipFrames(path))[:: estimate.parameters.detection.detect_every]
    times = np.array([time_s for time_s, _ in looks])
    scale = max(ClipFrames(path).region.size) / max(looks[0][1].shape[:2])
    found = [
        replace(one, keypoints=one.keypoints * [scale, scale, 1])
        for one in find_candidates(estimate.models, (picture for _, picture in looks))
    ]
    cells, words = [(0.0, 0.0)], "no couple"
    with contextlib.suppress(NoCoupleError):
        couple = estimate(path, said=said)
        within = couple.times < end
        cells = [shares(couple.times[within], couple.keypoints[within], couple.valid[within], truth, couples)]
        couples_seen = f"{couple.couples_seen} couple{'' if couple.couples_seen == 1 else 's'}"
        words = f"{couple.people_seen} people, {couples_seen}, {couple.couple_confidence:.2f}"
        words += f", {couple.mirror_images} images" if couple.mirror_images else ""
        for what, at_s in (("change", couple.partner_changes), ("doubt", couple.identity_switches)):
            words += f", {what} at {' and '.join(f'{time_s:.1f}' for time_s in at_s)} s" if at_s else ""
    for track in (greedy, of_rtmlib):
        keypoints, valid = track(found)
        cells.append(shares(times[times < end], keypoints[times < end], valid[times < end], truth, couples))
    return f"| {name} | {' | '.join(f'{right:.2f} / {wrong:.2f}' for right, wrong in cells)} | {words} |"


def poses(seed: int, folder: Path) -> Iterator[str]:
    """Yield how many poses a couple costs alone and among 20 people: a row each."""
    models = CountedModels.load()
    estimate, calls = CouplePoseEstimator(models), models.calls
    for scene in crowded(seed):
        path = folder / "clip.mp4"
        Company(scene).write(path, SECONDS)
        calls.clear()
        estimate.people(path)
        looked = calls["pose"]
        calls.clear()
        couple = estimate(path)
        people = 2 * (1 + len(scene.others))
        yield (
            f"| {people} | {couple.people_seen} | {couple.detection_rate:.2f} | {looked / SECONDS:.1f} "
            f"| {(calls['pose'] - looked) / SECONDS:.1f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--crowd", action="store_true", help="count the poses among 20 people instead")
    args = parser.parse_args()
    if args.crowd:
        print("| people | seen | both found | poses a second, of everyone | of the couple chosen |")
        print("|---|---|---|---|---|")
        with tempfile.TemporaryDirectory() as folder:
            for row in poses(100, Path(folder)):
                print(row, flush=True)
        return
    estimate = CouplePoseEstimator(PoseModels.load())
    print("| situation | right / wrong | greedy | rtmlib | reported |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(estimate, args.seeds, Path(folder)):
            print(row, flush=True)


if __name__ == "__main__":
    main()
