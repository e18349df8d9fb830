"""How often each cue of who leads is right, on real clips of known roles and on keypoints whose roles were guessed.

    python benchmarks/roles.py --clips ../shared/clips --keypoints ../shared/keypoints_dev/couple_keypoints.parquet

In the keypoint table dancer 0 is the presumed leader; clips that are also in the folder are left out of it.
"""

import argparse
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models import PoseModels
from bachata_assets.pose.roles import Roles, judge_roles

ROLES_AT_S = 0.5
SURE = 0.9


def known(folder: Path) -> Iterator[Roles]:
    """Yield the roles judged for clips whose README tells the leader's side, dancer 0 being the leader."""
    estimate = CouplePoseEstimator(PoseModels.load())
    sides = dict(re.findall(r"(\w+_\d+) (left|right)", (folder / "README.md").read_text()))
    for path in sorted(path for path in folder.rglob("*.mp4") if path.stem in sides):
        couple = estimate(path)
        seen = np.flatnonzero(couple.valid.all(axis=1))
        x = couple.boxes[seen[np.abs(couple.times[seen] - ROLES_AT_S).argmin()]][:, [0, 2]].mean(axis=1)
        if (x[0] < x[1]) != (sides[path.stem] == "left"):
            couple = couple.swapped()
        yield judge_roles(couple.boxes, couple.keypoints, couple.valid)


def guessed(table: Path, without: set[str]) -> Iterator[Roles]:
    """Yield the roles judged for the clips of a keypoint table."""
    for clip, rows in pd.read_parquet(table).groupby("clip_id"):
        if clip in without:
            continue
        ordered = rows.sort_values(["time_s", "dancer"])
        boxes = np.stack(list(ordered["box"])).reshape(-1, 2, 4)
        keypoints = np.stack(list(ordered["keypoints"])).reshape(-1, 2, 17, 3)
        yield judge_roles(boxes, keypoints, ordered["valid"].to_numpy().reshape(-1, 2))


def report(name: str, judged: Iterable[Roles]) -> None:
    """Print how often each cue and the verdict are right."""
    roles = list(judged)
    sign = np.array([1 if role.lead == 0 else -1 for role in roles])
    confidence = np.array([role.confidence for role in roles])
    print(f"\n{name}: lead right on {(sign > 0).sum()} of {len(roles)}")
    for low, high in ((SURE, 1.01), (0.7, SURE), (0.5, 0.7)):
        band = (confidence >= low) & (confidence < high)
        print(f"  stated {low:.1f} to {min(high, 1):.1f}: {(sign[band] > 0).sum()} of {band.sum()}")
    for cue in roles[0].evidence:
        odds = sign * np.array([role.evidence[cue] for role in roles])
        print(f"  {cue}: {(odds > 0).sum()} of {(odds != 0).sum()}, mean log-odds {odds.mean():+.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, required=True)
    parser.add_argument("--keypoints", type=Path, required=True)
    args = parser.parse_args()
    report("guessed roles", guessed(args.keypoints, {path.stem for path in args.clips.rglob("*.mp4")}))
    report("known roles", known(args.clips))


if __name__ == "__main__":
    main()
