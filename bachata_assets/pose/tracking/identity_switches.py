"""Where the two dancers' identities may have crossed, for a person to look at. Nothing is changed here."""

import itertools

import numpy as np

from bachata_assets.pose.geometry import box_iou
from bachata_assets.pose.skeleton import TRUNK

SEPARATE_IOU = 0.35
LONGEST_JUMP_S = 0.2
"""Frames farther apart than this are not compared for a jump."""
JUMP = 0.12
"""Mean movement of both trunks between two frames, in body heights, that asks for another explanation."""
EXCHANGE_GAIN = 0.5
"""Exchanged, the movement must be less than this share of it."""
SHORTEST_EPISODE_S = 0.25
WINDOW_S = 1.0
"""How long before and after an episode clothes are compared."""
SURE = 1.0
"""Median log-odds from which clothes confirm who is who."""
CONTRADICTED_S = 0.4


def suspected_swaps(
    times: np.ndarray,
    boxes: np.ndarray,
    keypoints: np.ndarray,
    valid: np.ndarray,
    evidence: np.ndarray,
    passing: np.ndarray,
) -> tuple[float, ...]:
    """Return the times (s) where identities may have crossed.

    Four signs: clothes that contradict for a while, both bodies jumping to each other's place, an embrace or occlusion
    that clothes cannot vouch for on both sides of it, and one during which somebody else walks past.

    Parameters
    ----------
    boxes : (T, 2, 4); keypoints : (T, 2, 17, 3); valid : bool (T, 2)
    evidence : (T, 2), log-odds by clothes that each is who the track says; NaN where not read
    passing : bool (T,), somebody else walks past the couple
    """
    both = np.asarray(valid.all(axis=1))
    agree = np.where(both, evidence.sum(axis=1), np.nan)
    separate = both & (box_iou(boxes[:, 0], boxes[:, 1]) < SEPARATE_IOU)
    found = [
        *_contradictions(times, np.where(separate, agree, np.nan)),
        *_jumps(times, boxes, keypoints, both),
        *_unconfirmed(times, agree, separate),
        *(times[run[-1]] for run in runs(~separate) if passing[run].any()),
    ]
    return tuple(round(float(time_s), 2) for time_s in _distinct(sorted(found)))


def _contradictions(times: np.ndarray, agree: np.ndarray) -> list[float]:
    """Return the start of each run of at least CONTRADICTED_S in which clothes say the opposite."""
    return [
        times[run[0]] for run in runs(np.nan_to_num(agree) < -SURE) if times[run[-1]] - times[run[0]] >= CONTRADICTED_S
    ]


def _jumps(times: np.ndarray, boxes: np.ndarray, keypoints: np.ndarray, both: np.ndarray) -> list[float]:
    """Return the times at which exchanging the two explains the movement far better."""
    trunks = keypoints[:, :, TRUNK, :2].mean(axis=2)
    found = []
    for before, after in itertools.pairwise(np.flatnonzero(both)):
        if times[after] - times[before] > LONGEST_JUMP_S:
            continue
        height = (boxes[after, :, 3] - boxes[after, :, 1]).mean()
        kept = np.linalg.norm(trunks[after] - trunks[before], axis=-1).mean() / height
        exchanged = np.linalg.norm(trunks[after, ::-1] - trunks[before], axis=-1).mean() / height
        if kept > JUMP and exchanged < EXCHANGE_GAIN * kept:
            found.append(times[after])
    return found


def _unconfirmed(times: np.ndarray, agree: np.ndarray, separate: np.ndarray) -> list[float]:
    """Return the end of each episode together after which, or before which, clothes are not sure who is who."""
    found = []
    for run in runs(~separate):
        start, end = run[0], run[-1]
        if start == 0 or end == len(times) - 1 or times[end] - times[start] < SHORTEST_EPISODE_S:
            continue
        windows = (
            separate & (times < times[start]) & (times >= times[start] - WINDOW_S),
            separate & (times > times[end]) & (times <= times[end] + WINDOW_S),
        )
        if any(np.median(agree[window]) < SURE for window in windows if window.any()):
            found.append(times[end])
    return found


def runs(flags: np.ndarray) -> list[np.ndarray]:
    """Return the indices of each unbroken run of true flags."""
    indices = np.flatnonzero(flags)
    return [run for run in np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1) if run.size]


def _distinct(times: list[float]) -> list[float]:
    """Return sorted times without those within WINDOW_S / 2 of the one before."""
    kept: list[float] = []
    for time_s in times:
        if not kept or time_s - kept[-1] > WINDOW_S / 2:
            kept.append(time_s)
    return kept
