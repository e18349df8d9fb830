"""From the candidates of a whole clip to the two dancers, by one path search.

The search (Viterbi 1967) is over pairs of candidates. A state is a pair (who is dancer 0, who is dancer 1), in which
either may be missing; each state remembers where its dancers were last seen. The cost of a path combines certainty,
movement, clothes, the pair's closeness, and a penalty for two poses on one body. A step is a frame on which the
detector ran; `candidates.py` finds its candidates.
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
from bachata_assets.pose.tracking.candidates import MISSING, Candidates
from bachata_assets.pose.tracking.parameters import (
    DEFAULTS,
    ClothesParameters,
    PathParameters,
    TrackingParameters,
)
from bachata_assets.pose.tracking.reidentification import NOTHING_KNOWN, ColourModel, learn_colours

STEADY = np.array([Joint.NOSE, *EARS, *TRUNK])
"""Joints that move with the body."""


@dataclass(frozen=True)
class Track:
    """Who the two dancers are.

    Attributes
    ----------
    chosen : np.ndarray
        int (S, 2), index of each dancer's candidate in each step, `MISSING` where there is none.
    colours : ColourModel
        Model that told the two apart.
    """

    chosen: np.ndarray
    colours: ColourModel


def track_couple(
    candidates: Sequence[Candidates],
    times: np.ndarray,
    activity: Sequence[np.ndarray],
    parameters: TrackingParameters = DEFAULTS,
) -> Track:
    """Return the couple's path through the candidates.

    Parameters
    ----------
    candidates : sequence of Candidates
        Candidates of each step.
    times : np.ndarray
        float (S,), times of the steps, s.
    activity : sequence of np.ndarray
        For each step, float (N,), from 0 where nothing ever moves (furniture, posters) to 1 where much moves.
    parameters : TrackingParameters
        Thresholds and costs.
    """
    path, clothes = parameters.path, parameters.clothes
    costs = [_own_cost(found, active, path) for found, active in zip(candidates, activity, strict=True)]
    colours = NOTHING_KNOWN
    chosen = _best_path(candidates, costs, times, colours, path)
    for _ in range(clothes.learning_rounds):
        pairs = _separate_pairs(candidates, chosen, clothes)
        colours, _ = learn_colours(*pairs, clothes)
        again = _best_path(candidates, costs, times, colours, path)
        if (again == chosen).all():
            break
        chosen = again
    return Track(chosen, colours)


def exchanged(
    track: Track,
    candidates: Sequence[Candidates],
    times: np.ndarray,
    swapped_at: Sequence[float],
    parameters: TrackingParameters = DEFAULTS,
) -> Track:
    """Return a track with the two dancers exchanged from each given time on, and their clothes learned again.

    Parameters
    ----------
    track : Track
        The track that was found.
    candidates : sequence of Candidates
        Candidates of each step.
    times : np.ndarray
        float (S,), times of the steps, s.
    swapped_at : sequence of float
        Times from a person, s; each exchanges the two from there to the end, so two times exchange the part between.
    parameters : TrackingParameters
        Thresholds.
    """
    if not len(swapped_at):
        return track
    swap = np.searchsorted(np.sort(swapped_at), times, side="right") % 2 == 1
    chosen = np.where(swap[:, None], track.chosen[:, ::-1], track.chosen)
    colours, _ = learn_colours(*_separate_pairs(candidates, chosen, parameters.clothes), parameters.clothes)
    return Track(chosen, colours)


def _own_cost(candidates: Candidates, activity: np.ndarray, parameters: PathParameters) -> np.ndarray:
    """Return the cost of each candidate by itself, float (N + 1,); the last entry is for a missing dancer."""
    certainty = 0.5 * candidates.scores + 0.5 * candidates.keypoints[..., 2].mean(1)
    return np.append(1 - certainty + parameters.still_cost * (1 - activity), parameters.missing_cost)


def _pair_cost(candidates: Candidates, parameters: PathParameters) -> np.ndarray:
    """Return the cost of each two candidates as the couple, float (N + 1, N + 1)."""
    count = len(candidates)
    cost = np.zeros((count + 1, count + 1))
    boxes = candidates.boxes
    keypoints = candidates.keypoints
    area = np.minimum(box_area(boxes)[:, None], box_area(boxes)[None]) * AREA_OF_BOX
    oks = object_keypoint_similarity(keypoints[:, None], keypoints[None], area)
    ramp = parameters.same_body_ramp
    same = parameters.same_body_cost * np.clip((oks - parameters.same_body_oks + ramp) / (2 * ramp), 0, 1)
    height = np.maximum(boxes[:, 3] - boxes[:, 1], 1)
    mean_height = (height[:, None] + height[None]) / 2
    centers = box_center(boxes)
    apart = np.linalg.norm(centers[:, None] - centers[None], axis=-1) / mean_height
    unlike = np.abs(np.log(height[:, None] / height[None]))
    far = parameters.far_apart_cost * np.maximum(apart - 1, 0)
    cost[:count, :count] = same + far + np.maximum(unlike - parameters.unlike_heights, 0)
    np.fill_diagonal(cost[:count, :count], np.inf)
    return cost


def _motion_cost(
    last: np.ndarray, last_box: np.ndarray, now: Candidates, elapsed: float, parameters: PathParameters
) -> np.ndarray:
    """Return the cost of moving from a pose to each candidate, float (N,).

    Parameters
    ----------
    last, last_box : np.ndarray
        float (17, 3) and (4,), the pose and its box, px.
    elapsed : float
        Time since then, s.
    """
    weight = np.sqrt(last[None, STEADY, 2] * now.keypoints[:, STEADY, 2]) + 0.02
    distance = np.linalg.norm(now.keypoints[:, STEADY, :2] - last[None, STEADY, :2], axis=-1)
    height = max(float(last_box[3] - last_box[1]), 1.0)
    moved = (distance * weight).sum(1) / weight.sum(1) / height
    leap = np.clip((moved - parameters.leap - parameters.leap_speed * elapsed) / parameters.leap_ramp, 0, 1)
    motion = np.minimum(
        (moved / (parameters.usual_motion + parameters.usual_speed * elapsed)) ** 2, parameters.motion_cap
    )
    return parameters.motion_cost * motion + parameters.leap_cost * leap


def _best_path(
    candidates: Sequence[Candidates],
    costs: Sequence[np.ndarray],
    times: np.ndarray,
    colours: ColourModel,
    parameters: PathParameters,
) -> np.ndarray:
    """Return the cheapest path, int (S, 2)."""
    back: list[np.ndarray] = []
    total = np.zeros(1)
    # The last appearance of each state's dancers: (step, candidate), or None before the first.
    seen: list[tuple[tuple[int, int] | None, tuple[int, int] | None]] = [(None, None)]
    for step, now in enumerate(candidates):
        size = len(now) + 1
        evidence = np.append(colours.evidence(now.colours), 0.0)
        own, clothes = costs[step], parameters.colour_cost * evidence
        state_cost = _pair_cost(now, parameters) + (own - clothes)[:, None] + (own + clothes)[None]
        memory: dict[tuple[int, int] | None, np.ndarray] = {None: np.zeros(size)}
        for place in {place for pair in seen for place in pair if place is not None}:
            at, index = place
            past = candidates[at]
            elapsed = times[step] - times[at]
            moves = _motion_cost(past.keypoints[index], past.boxes[index], now, elapsed, parameters)
            vanishing = parameters.change_cost * (at == step - 1)
            coming_back = parameters.change_cost * (at != step - 1)
            memory[place] = np.append(moves + coming_back, vanishing)
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
    """Return the path that ends in a state, int (S, 2); `back` has each state's best previous state."""
    chosen = np.full((len(candidates), 2), MISSING)
    for step in range(len(candidates) - 1, -1, -1):
        size = len(candidates[step]) + 1
        pair = divmod(state, size)
        chosen[step] = [MISSING if index == size - 1 else index for index in pair]
        state = int(back[step][state])
    return chosen


def _separate_pairs(
    candidates: Sequence[Candidates], chosen: np.ndarray, parameters: ClothesParameters
) -> tuple[np.ndarray, np.ndarray]:
    """Return both dancers' colours, (M, FEATURES) each, where they stand apart."""
    first, second = [], []
    for frame, (a, b) in zip(candidates, chosen, strict=True):
        if MISSING in (a, b) or box_iou(frame.boxes[a], frame.boxes[b]) > parameters.clothes_apart_iou:
            continue
        first.append(frame.colours[a])
        second.append(frame.colours[b])
    width = candidates[0].colours.shape[1] if candidates else 0
    empty = np.zeros((0, width), np.float32)
    return (np.stack(first), np.stack(second)) if first else (empty, empty)
