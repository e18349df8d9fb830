"""How often each cue of who leads is right, on real clips of known roles and on keypoints whose roles were guessed.

It also fits the cues' weights, and says how honest the stated confidence is on clips that were left out of the fit.

    uv run python -m training.role_weights

In the keypoint table dancer 0 is the presumed leader; clips that are also in the folder are left out of it.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.tracking.parameters import DEFAULTS
from bachata_assets.pose.tracking.roles import CUES, measures
from bachata_assets_tests.support import keypoints_dev

SHIPPED = [getattr(DEFAULTS.roles.cues, name) for name in CUES]
"""Spread and weight of each cue, in the order of CUES."""
ROLES_AT_S = 0.5
SURE = 0.9
HELD_AT, HELD_WITHIN = 0.5, 0.1
"""Weights are drawn towards this, as by a normal distribution of this variance: the clips are few."""
KNOWN_COUNT = 2.0
"""How much a clip of known roles counts beside one whose roles were guessed."""


def known(folder: Path) -> Iterator[tuple[str, list[float]]]:
    """Yield name and measures of clips whose README tells the leader's side, dancer 0 being the leader."""
    estimate = CouplePoseEstimator(PoseModels.load())
    sides = dict(re.findall(r"(\w+_\d+) (left|right)", (folder / "README.md").read_text()))
    for path in sorted(path for path in folder.rglob("*.mp4") if path.stem in sides):
        couple = estimate(path)
        seen = np.flatnonzero(couple.valid.all(axis=1))
        x = couple.boxes[seen[np.abs(couple.times[seen] - ROLES_AT_S).argmin()]][:, [0, 2]].mean(axis=1)
        if (x[0] < x[1]) != (sides[path.stem] == "left"):
            couple = couple.swapped()
        yield path.stem, [*measures(couple.boxes, couple.keypoints, couple.valid).values()]


def guessed(table: Path, without: set[str]) -> Iterator[tuple[str, list[float]]]:
    """Yield name and measures of the clips of a keypoint table."""
    for clip, rows in pd.read_parquet(table).groupby("clip_id"):
        if clip in without:
            continue
        ordered = rows.sort_values(["time_s", "dancer"])
        boxes = np.stack(list(ordered["box"])).reshape(-1, 2, 4)
        keypoints = np.stack(list(ordered["keypoints"])).reshape(-1, 2, 17, 3)
        yield str(clip), [*measures(boxes, keypoints, ordered["valid"].to_numpy().reshape(-1, 2)).values()]


def signs(measured: np.ndarray) -> np.ndarray:
    """Return what each cue says (N, cues) before its weight, -1..1."""
    said: np.ndarray = np.tanh(measured / np.array([cue.spread for cue in SHIPPED]))
    return said


def fit(said: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the weights (cues,) of a logistic regression in which dancer 0 leads, none negative.

    Parameters
    ----------
    count : (N,), how much each clip counts
    """

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds, away = said @ weights, weights - HELD_AT
        value = (count * np.logaddexp(0, -odds)).sum() + (away**2).sum() / (2 * HELD_WITHIN)
        return value, -(said * (count / (1 + np.exp(odds)))[:, None]).sum(axis=0) + away / HELD_WITHIN

    start = np.full(said.shape[1], HELD_AT)
    found: np.ndarray = minimize(loss, start, jac=True, bounds=[(0, None)] * len(start)).x
    return found


def left_out(said: np.ndarray, count: np.ndarray, families: np.ndarray) -> np.ndarray:
    """Return the log-odds (N,) of each clip by weights fitted without its family."""
    odds = np.zeros(len(said))
    for family in np.unique(families):
        out = families == family
        odds[out] = said[out] @ fit(said[~out], count[~out])
    return odds


def report(name: str, odds: np.ndarray) -> None:
    """Print how often the verdict is right, by the confidence stated."""
    confidence = 1 / (1 + np.exp(-np.abs(odds)))
    bands = [
        f"{low:.1f} to {min(high, 1):.1f}: {(odds[band] > 0).sum()} of {band.sum()}"
        for low, high in ((SURE, 1.01), (0.7, SURE), (0.5, 0.7))
        for band in [(confidence >= low) & (confidence < high)]
    ]
    print(f"{name}: lead right on {(odds > 0).sum()} of {len(odds)}; stated {', '.join(bands)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=Path, default=Path("../shared/clips"))
    parser.add_argument("--keypoints", type=Path, default=keypoints_dev.FILE)
    args = parser.parse_args()
    sets = {
        "known roles": dict(known(args.clips)),
        "guessed roles": dict(guessed(args.keypoints, {path.stem for path in args.clips.rglob("*.mp4")})),
    }
    said = {name: signs(np.array(list(clips.values()))) for name, clips in sets.items()}
    both = np.concatenate(list(said.values()))
    is_known = np.arange(len(both)) < len(said["known roles"])
    count = np.where(is_known, KNOWN_COUNT, 1.0)
    count *= len(both) / count.sum()
    # Takes of one move are one family; the known clips are of many couples and stand for themselves.
    families = np.array([*sets["known roles"], *(re.sub(r"[\d_]+$", "", clip) for clip in sets["guessed roles"])])
    shipped = np.array([cue.weight for cue in SHIPPED])
    fitted, odds = fit(both, count), left_out(both, count, families)
    print("| cue | right, known | right, guessed | shipped weight | fitted weight |\n|---|---|---|---|---|")
    for index, name in enumerate(CUES):
        right = [f"{(s[:, index] > 0).sum()} of {(s[:, index] != 0).sum()}" for s in said.values()]
        print(f"| {name} | {' | '.join(right)} | {shipped[index]:.2f} | {fitted[index]:.2f} |")
    for name, ours in (("known roles", is_known), ("guessed roles", ~is_known)):
        report(f"{name}, as shipped", both[ours] @ shipped)
        report(f"{name}, family left out", odds[ours])
        report(f"{name}, fitted on the other set", both[ours] @ fit(both[~ours], np.ones((~ours).sum())))


if __name__ == "__main__":
    main()
