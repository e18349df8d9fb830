"""Fit the weights of the cues of who leads, and say how often they are right and how honest the confidence is.

    uv run python -m training.role_weights

The leads' places in `training/leads.json` were seen by eye: 75 clips of one couple, 12 of about eight others. The
weights stand in `pose/tracking/parameters.py`; they are part of what finds the keypoints, so they are fitted before the
constants of the embeddings.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.tracking.parameters import DEFAULTS
from bachata_assets.pose.tracking.roles import CUES, measures
from training.footage import SeenClip, load

LEADS = Path(__file__).with_name("leads.json")
"""Clip id -> the side of the picture on which the lead stands at a time, s."""
SHIPPED = [getattr(DEFAULTS.roles.cues, name) for name in CUES]
"""Spread and weight of each cue, in the order of CUES."""
SURE, UNSURE = 0.9, 0.7
HELD_AT, HELD_WITHIN = 0.5, 1.0
"""Weights are drawn towards this, as by a normal distribution of this variance: the clips are few."""
OTHERS_COUNT = 5.0
"""How much a clip of another couple counts beside one of the 75 of one couple."""


def measured(clips: Sequence[SeenClip]) -> np.ndarray:
    """Return what each cue measures in clips of known leads (N, cues), positive where it points to the lead."""
    leads = json.loads(LEADS.read_text(encoding="utf-8"))
    rows = []
    for clip in clips:
        couple = lead_first(clip.couple, **leads[clip.clip_id])
        rows.append([*measures(couple.boxes, couple.keypoints, couple.valid).values()])
    return np.array(rows)


def lead_first(couple: CoupleKeypoints, at_s: float, side: str) -> CoupleKeypoints:
    """Return the couple with the lead first, where it was seen by eye."""
    both = np.flatnonzero(couple.valid.all(axis=1))
    frame = both[np.abs(couple.times[both] - at_s).argmin()]
    x = couple.boxes[frame][:, [0, 2]].mean(axis=1)
    return couple if (x[0] < x[1]) == (side == "left") else couple.swapped()


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
        f"{(odds[band] > 0).sum()} of {band.sum()}"
        for low, high in ((SURE, 1.01), (UNSURE, SURE), (0.5, UNSURE))
        for band in [(confidence >= low) & (confidence < high)]
    ]
    print(f"| {name} | {(odds > 0).sum()} of {len(odds)} | {' | '.join(bands)} |")


def main() -> None:
    known = json.loads(LEADS.read_text(encoding="utf-8"))
    clips = [clip for clip in load() if clip.clip_id in known]
    said = signs(measured(clips))
    one_couple = np.array([clip.of_the_149 for clip in clips])
    count = np.where(one_couple, 1.0, OTHERS_COUNT)
    count *= len(count) / count.sum()
    # Takes of one routine are one family; the clips of many couples stand for themselves.
    families = np.array([clip.family if clip.of_the_149 else clip.clip_id for clip in clips])
    fitted = fit(said, count)
    print("| cue | right, many couples | right, one couple | shipped weight | fitted weight |\n|---|---|---|---|---|")
    for index, name in enumerate(CUES):
        cue = said[:, index]
        right = [f"{(cue[ours] > 0).sum()} of {(cue[ours] != 0).sum()}" for ours in (~one_couple, one_couple)]
        print(f"| {name} | {' | '.join(right)} | {SHIPPED[index].weight:.2f} | {fitted[index]:.2f} |")
    print(f"\n| weights | lead right | stated {SURE} or more | {UNSURE} to {SURE} | below {UNSURE} |")
    print("|---|---|---|---|---|")
    shipped, odds = said @ np.array([cue.weight for cue in SHIPPED]), left_out(said, count, families)
    for name, ours in (("many couples", ~one_couple), ("one couple", one_couple)):
        report(f"{name}, as shipped", shipped[ours])
        report(f"{name}, family left out of the fit", odds[ours])
        report(f"{name}, fitted on the others only", said[ours] @ fit(said[~ours], np.ones((~ours).sum())))


if __name__ == "__main__":
    main()
