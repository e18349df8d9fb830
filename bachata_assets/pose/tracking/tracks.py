"""Candidates over a whole clip to the two dancers: one path search over pairs of candidates (Viterbi).

A state is a pair (who is dancer 0, who is dancer 1), either of them possibly missing; each remembers where its dancers
were last seen. The best path weighs certainty, movement, clothes, closeness of the pair, and that two poses on one body
are not a couple. Where candidates come from: `candidates.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.geometry import (
    AREA_OF_BOX,
    box_area,
    box_center,
    box_iou,
    object_keypoint_similarity,
)
from bachata_assets.pose.skeleton import EARS, TRUNK, Joint
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.reidentification import NOTHING_KNOWN, ColourModel, learn_colours

MISSING = -1
MISSING_COST = 0.8
"""Of not seeing a dancer in one step; a candidate costs 1 - certainty, so poor ones are worth less than none."""
CHANGE_COST = 0.5
"""Of vanishing, and again of coming back: one dancer rarely vanishes just as the other takes the same place."""
SAME_BODY_OKS = 0.55
SAME_BODY_COST = 4.0
FAR_APART_COST = 1.0
"""Per body height between the pair's centres beyond one body height."""
STILL_COST = 4.0
MOTION_COST = 0.35
MOTION_CAP = 12.0
LEAP_COST = 4.0
LEAP, LEAP_SPEED, LEAP_RAMP = 0.3, 0.7, 0.2
"""Body heights, and these a second, beyond which it is somebody else; from LEAP_RAMP farther it costs in full."""
COLOUR_COST = 0.15
SEPARATE_IOU = 0.35
STEADY = np.array([Joint.NOSE, *EARS, *TRUNK])
"""Nose, ears, shoulders, hips: they move as the body moves."""


@dataclass(frozen=True)
class Track:
    """Both dancers' candidates (T, 2), MISSING where there is none, and what told them apart."""

    chosen: np.ndarray
    colours: ColourModel


def track_couple(candidates: Sequence[Candidates], times: np.ndarray, liveliness: Sequence[np.ndarray]) -> Track:
    """Return the couple's path through `candidates` (one entry a time step).

    Parameters
    ----------
    candidates : of each step
    times : float (T,), s
    liveliness : per step (N,), 0 where nothing ever moves (furniture, pictures on the wall), 1 where much does
    """
    costs = [_own_cost(c, alive) for c, alive in zip(candidates, liveliness, strict=True)]
    colours = NOTHING_KNOWN
    chosen = _best_path(candidates, costs, times, colours)
    for _ in range(3):
        pairs = _separate_pairs(candidates, chosen)
        colours, _ = learn_colours(*pairs)
        again = _best_path(candidates, costs, times, colours)
        if (again == chosen).all():
            break
        chosen = again
    return Track(chosen, colours)


def _own_cost(candidates: Candidates, liveliness: np.ndarray) -> np.ndarray:
    """Return the cost (N + 1,) of each candidate by itself; the last entry is the missing one."""
    certainty = 0.5 * candidates.scores + 0.5 * candidates.keypoints[..., 2].mean(1)
    return np.append(1 - certainty + STILL_COST * (1 - liveliness), MISSING_COST)


def _pair_cost(candidates: Candidates) -> np.ndarray:
    """Return the cost (N + 1, N + 1) of two candidates being the couple."""
    count = len(candidates)
    cost = np.zeros((count + 1, count + 1))
    boxes = candidates.boxes
    keypoints = candidates.keypoints
    area = np.minimum(box_area(boxes)[:, None], box_area(boxes)[None]) * AREA_OF_BOX
    oks = object_keypoint_similarity(keypoints[:, None], keypoints[None], area)
    same = SAME_BODY_COST * np.clip((oks - SAME_BODY_OKS + 0.2) / 0.4, 0, 1)
    height = np.maximum(boxes[:, 3] - boxes[:, 1], 1)
    mean_height = (height[:, None] + height[None]) / 2
    centers = box_center(boxes)
    apart = np.linalg.norm(centers[:, None] - centers[None], axis=-1) / mean_height
    unlike = np.abs(np.log(height[:, None] / height[None]))
    cost[:count, :count] = same + FAR_APART_COST * np.maximum(apart - 1, 0) + np.maximum(unlike - 0.25, 0)
    np.fill_diagonal(cost[:count, :count], np.inf)
    return cost


def _motion_cost(last: np.ndarray, last_box: np.ndarray, now: Candidates, elapsed: float) -> np.ndarray:
    """Return the cost (N,) of moving from a pose (17, 3) to each candidate within `elapsed` seconds."""
    weight = np.sqrt(last[None, STEADY, 2] * now.keypoints[:, STEADY, 2]) + 0.02
    distance = np.linalg.norm(now.keypoints[:, STEADY, :2] - last[None, STEADY, :2], axis=-1)
    height = max(float(last_box[3] - last_box[1]), 1.0)
    moved = (distance * weight).sum(1) / weight.sum(1) / height
    leap = np.clip((moved - LEAP - LEAP_SPEED * elapsed) / LEAP_RAMP, 0, 1)
    return MOTION_COST * np.minimum((moved / (0.04 + 0.2 * elapsed)) ** 2, MOTION_CAP) + LEAP_COST * leap


def _colour_cost(evidence: np.ndarray) -> np.ndarray:
    """Return the cost of clothes with these log-odds of being the dancer's own: little to win, much to lose."""
    cost: np.ndarray = COLOUR_COST * (np.logaddexp(0, -evidence) - np.log(2))
    return cost


def _best_path(
    candidates: Sequence[Candidates], costs: Sequence[np.ndarray], times: np.ndarray, colours: ColourModel
) -> np.ndarray:
    """Return the cheapest path (T, 2)."""
    back: list[np.ndarray] = []
    total = np.zeros(1)
    # Where each state's dancers were last seen: (step, candidate), or None before they first appear.
    seen: list[tuple[tuple[int, int] | None, tuple[int, int] | None]] = [(None, None)]
    for step, now in enumerate(candidates):
        size = len(now) + 1
        evidence = np.append(colours.evidence(now.colours), 0.0)
        own = costs[step]
        state_cost = _pair_cost(now) + (own - COLOUR_COST * evidence)[:, None] + (own + COLOUR_COST * evidence)[None]
        memory: dict[tuple[int, int] | None, np.ndarray] = {None: np.zeros(size)}
        for place in {place for pair in seen for place in pair if place is not None}:
            at, index = place
            past = candidates[at]
            moves = _motion_cost(past.keypoints[index], past.boxes[index], now, times[step] - times[at])
            seen_before = at == step - 1
            memory[place] = np.append(moves + CHANGE_COST * (not seen_before), CHANGE_COST * seen_before)
        first = np.stack([memory[pair[0]] for pair in seen])
        second = np.stack([memory[pair[1]] for pair in seen])
        arrival = total[:, None, None] + first[:, :, None] + second[:, None, :]
        best = arrival.argmin(0)
        total = (arrival.min(0) + state_cost).ravel()
        back.append(best.ravel())
        seen = [
            (
                (step, i) if i < size - 1 else seen[best[i, j]][0],
                (step, j) if j < size - 1 else seen[best[i, j]][1],
            )
            for i in range(size)
            for j in range(size)
        ]
    return _trace_back(candidates, back, int(total.argmin()))


def _trace_back(candidates: Sequence[Candidates], back: Sequence[np.ndarray], state: int) -> np.ndarray:
    chosen = np.full((len(candidates), 2), MISSING)
    for step in range(len(candidates) - 1, -1, -1):
        size = len(candidates[step]) + 1
        pair = divmod(state, size)
        chosen[step] = [MISSING if index == size - 1 else index for index in pair]
        state = int(back[step][state])
    return chosen


def _separate_pairs(candidates: Sequence[Candidates], chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both dancers' colours (M, FEATURES) where they stand apart enough to be read."""
    first, second = [], []
    for frame, (a, b) in zip(candidates, chosen, strict=True):
        if MISSING in (a, b) or box_iou(frame.boxes[a], frame.boxes[b]) > SEPARATE_IOU:
            continue
        first.append(frame.colours[a])
        second.append(frame.colours[b])
    width = candidates[0].colours.shape[1] if candidates else 0
    empty = np.zeros((0, width), np.float32)
    return (np.stack(first), np.stack(second)) if first else (empty, empty)
