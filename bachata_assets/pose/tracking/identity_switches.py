"""Suspected identity switches: times at which the tracks may have exchanged the two dancers.

They are reported for a person to check; nothing is changed.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.skeleton import TRUNK
from bachata_assets.pose.tracking.parameters import DEFAULTS, IdentitySwitchParameters


def find_identity_switches(
    times: np.ndarray,
    boxes: np.ndarray,
    keypoints: np.ndarray,
    valid: np.ndarray,
    evidence: np.ndarray,
    passing: np.ndarray,
    parameters: IdentitySwitchParameters = DEFAULTS.identity_switches,
) -> tuple[float, ...]:
    """Return the times of suspected identity switches.

    There are four signs:

    - clothes that contradict the tracks for a while,
    - both bodies jumping to each other's place,
    - an embrace or occlusion before or after which clothes do not confirm who is who,
    - an embrace or occlusion during which somebody else walks past.

    Parameters
    ----------
    times : np.ndarray
        float (T,), s.
    boxes : np.ndarray
        float (T, 2, 4), x1 y1 x2 y2, px.
    keypoints : np.ndarray
        float (T, 2, 17, 3), x y px and score.
    valid : np.ndarray
        bool (T, 2), whether the dancer was found.
    evidence : np.ndarray
        float (T, 2), log-odds by clothes that each dancer is who the track says; NaN where unknown.
    passing : np.ndarray
        bool (T,), whether somebody else walks past the couple.
    parameters : IdentitySwitchParameters
        Thresholds.

    Returns
    -------
    tuple of float
        Times, s, ascending.
    """
    # After the last dancer, as after a change of partners, there is nobody to be mistaken.
    end = int(np.flatnonzero(valid.any(axis=1)).max(initial=-1)) + 1
    times, boxes, keypoints, valid, evidence, passing = (
        values[:end] for values in (times, boxes, keypoints, valid, evidence, passing)
    )
    both = np.asarray(valid.all(axis=1))
    agree = np.where(both, evidence.sum(axis=1), np.nan)
    separate = both & (box_iou(boxes[:, 0], boxes[:, 1]) < parameters.separate_iou)
    found = [
        *_contradictions(times, np.where(separate, agree, np.nan), parameters),
        *_jumps(times, boxes, keypoints, both, parameters),
        *_unconfirmed(times, agree, separate, parameters),
        *(times[run[-1]] for run in runs(~separate) if passing[run].any()),
    ]
    return tuple(round(float(time_s), 2) for time_s in distinct(sorted(found), parameters.comparison_s / 2))


def _contradictions(times: np.ndarray, agree: np.ndarray, parameters: IdentitySwitchParameters) -> list[float]:
    """Return the start of each long run in which clothes contradict the tracks."""
    contradicted = runs(np.nan_to_num(agree) < -parameters.confirming_odds)
    return [times[run[0]] for run in contradicted if times[run[-1]] - times[run[0]] >= parameters.contradicted_s]


def _jumps(
    times: np.ndarray,
    boxes: np.ndarray,
    keypoints: np.ndarray,
    both: np.ndarray,
    parameters: IdentitySwitchParameters,
) -> list[float]:
    """Return the times at which an exchange of the two explains their movement much better."""
    trunks = keypoints[:, :, TRUNK, :2].mean(axis=2)
    found = []
    for before, after in itertools.pairwise(np.flatnonzero(both)):
        if times[after] - times[before] > parameters.longest_jump_s:
            continue
        height = (boxes[after, :, 3] - boxes[after, :, 1]).mean()
        kept = np.linalg.norm(trunks[after] - trunks[before], axis=-1).mean() / height
        exchanged = np.linalg.norm(trunks[after, ::-1] - trunks[before], axis=-1).mean() / height
        if kept > parameters.jump and exchanged < parameters.exchanged_share * kept:
            found.append(times[after])
    return found


def _unconfirmed(
    times: np.ndarray, agree: np.ndarray, separate: np.ndarray, parameters: IdentitySwitchParameters
) -> list[float]:
    """Return the ends of embraces and occlusions before or after which clothes do not confirm who is who."""
    window_s = parameters.comparison_s
    found = []
    for run in runs(~separate):
        start, end = run[0], run[-1]
        if start == 0 or end == len(times) - 1 or times[end] - times[start] < parameters.shortest_episode_s:
            continue
        windows = (
            separate & (times < times[start]) & (times >= times[start] - window_s),
            separate & (times > times[end]) & (times <= times[end] + window_s),
        )
        if any(np.median(agree[window]) < parameters.confirming_odds for window in windows if window.any()):
            found.append(times[end])
    return found


def runs(flags: np.ndarray) -> list[np.ndarray]:
    """Return the indices of each unbroken run of true values in `flags`, bool (T,)."""
    indices = np.flatnonzero(flags)
    return [run for run in np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1) if run.size]


def distinct(times: Sequence[float], least_s: float) -> list[float]:
    """Return sorted `times` (s) without those less than `least_s` after the previous one."""
    kept: list[float] = []
    for time_s in times:
        if not kept or time_s - kept[-1] > least_s:
            kept.append(time_s)
    return kept
