"""Passers-by: somebody else of a dancer's size who walks past the couple, or covers a dancer.

While the dancers hide one another, or somebody else hides a dancer, a track may take that person for one of them. This
module only finds when that may be; it is reported with the suspected identity switches.
"""

from collections.abc import Sequence

import numpy as np

from bachata_assets.pose.geometry import box_center, box_iou
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.identity_switches import runs
from bachata_assets.pose.tracking.parameters import DEFAULTS, PasserByParameters


def passer_by(
    times: np.ndarray,
    candidates: Sequence[Candidates],
    chosen: np.ndarray,
    boxes: np.ndarray,
    parameters: PasserByParameters = DEFAULTS.passers_by,
) -> np.ndarray:
    """Return at which steps somebody else walks past the couple.

    Parameters
    ----------
    times : np.ndarray
        float (S,), times of the steps, s.
    candidates : sequence of Candidates
        Candidates of each step.
    chosen : np.ndarray
        int (S, 2), which candidate each dancer is, negative where missing.
    boxes : np.ndarray
        float (S, 2, 4), x1 y1 x2 y2, found or expected boxes of the dancers, px; NaN where unknown.
    parameters : PasserByParameters
        Thresholds.

    Returns
    -------
    np.ndarray
        bool (S,), whether somebody else walks past.
    """
    heights = (boxes[..., 3] - boxes[..., 1])[~np.isnan(boxes[..., 0])]
    height = float(np.median(heights)) if heights.size else np.nan
    x = [
        _others(found, pair, expected, height, parameters)
        for found, pair, expected in zip(candidates, chosen, boxes, strict=True)
    ]
    window_s = parameters.walk_window_s
    passing = np.zeros(len(times), bool)
    for step, time_s in enumerate(times):
        since = times - time_s
        sides = [
            [x[i] for i in np.flatnonzero(side) if x[i].size]
            for side in ((since >= -window_s) & (since <= 0), (since <= window_s) & (since >= 0))
        ]
        if min(len(side) for side in sides) >= parameters.least_detections:
            before, after = (np.concatenate(side).mean() for side in sides)
            passing[step] = abs(after - before) > parameters.walked * height
    return passing


def covering(
    times: np.ndarray,
    candidates: Sequence[Candidates],
    chosen: np.ndarray,
    others: Sequence[np.ndarray],
    parameters: PasserByParameters = DEFAULTS.passers_by,
) -> tuple[float, ...]:
    """Return when somebody else covers a dancer, or a dancer somebody else, for a while: the middle of each time, s.

    Parameters
    ----------
    times, candidates, chosen
        As for `passer_by`.
    others : sequence of np.ndarray
        For each step, bool (N,), which candidates are other people.
    parameters : PasserByParameters
        Thresholds.
    """
    covered = [
        bool((box_iou(found.boxes[pair[pair >= 0]][:, None], found.boxes[who][None]) > parameters.covering_iou).any())
        for found, pair, who in zip(candidates, chosen, others, strict=True)
    ]
    spans = [run for run in runs(np.array(covered)) if times[run[-1]] - times[run[0]] >= parameters.covering_s]
    return tuple(round(float(times[run[len(run) // 2]]), 2) for run in spans)


def _others(
    found: Candidates, pair: np.ndarray, expected: np.ndarray, height: float, parameters: PasserByParameters
) -> np.ndarray:
    """Return the x of others of a dancer's size nearby, float (M,), px."""
    size = (found.boxes[:, 3] - found.boxes[:, 1]) / height
    score = (found.scores + found.keypoints[..., 2].mean(axis=1)) / 2
    centers = box_center(found.boxes)
    away = np.linalg.norm(centers[:, None] - box_center(expected)[None], axis=-1) / height
    nearest = np.fmin(away[:, 0], away[:, 1])
    smallest, largest = parameters.sizes
    is_other = (size > smallest) & (size < largest) & (score > parameters.person_score)
    is_other &= (nearest > parameters.own_box_distance) & (nearest < parameters.near_distance)
    is_other[pair[pair >= 0]] = False
    return centers[is_other, 0]
