"""From the dancers' tracks to their keypoints on every frame.

The tracks cover the frames on which the detector ran. This module adds poses on the frames between, searches again for
hidden dancers, and fills short gaps.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.geometry import (
    AREA_OF_BOX,
    box_area,
    inverse_similarity,
    object_keypoint_similarity,
    stabilised,
)
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.tracking.appearance import body_colours
from bachata_assets.pose.tracking.background import RoomSamples
from bachata_assets.pose.tracking.candidates import MISSING, Candidates
from bachata_assets.pose.tracking.crossings import settle_crossings
from bachata_assets.pose.tracking.gaps import bridge_gaps
from bachata_assets.pose.tracking.identity_switches import find_identity_switches
from bachata_assets.pose.tracking.occlusion_recovery import recover_hidden
from bachata_assets.pose.tracking.parameters import DEFAULTS, PoseParameters, TrackingParameters
from bachata_assets.pose.tracking.passers_by import passer_by
from bachata_assets.pose.tracking.reidentification import NOBODY_ELSE, ColourModel, KnownClothes
from bachata_assets.pose.tracking.tracks import Track
from bachata_assets.schemas import KEYPOINTS

SIGN = (1, -1)
"""Sign that turns log-odds for dancer 0 into log-odds for each dancer."""


@dataclass(frozen=True)
class DenseCouple:
    """The two dancers on every frame, with fields as in `CoupleKeypoints`.

    Boxes and keypoints are in px of the frames that the models see.

    Attributes
    ----------
    size : tuple of int
        Width and height of those frames, px.
    """

    boxes: np.ndarray
    keypoints: np.ndarray
    valid: np.ndarray
    interpolated: np.ndarray
    occlusion_recovery: np.ndarray
    identity_switches: tuple[float, ...]
    size: tuple[int, int]


def estimate_every_frame(
    models: PoseModels,
    frames: ClipFrames,
    times: np.ndarray,
    steps: np.ndarray,
    candidates: Sequence[Candidates],
    track: Track,
    samples: RoomSamples,
    parameters: TrackingParameters = DEFAULTS,
    to_first: np.ndarray | None = None,
    clothes: KnownClothes = NOBODY_ELSE,
) -> DenseCouple:
    """Return keypoints on all frames.

    1. At `steps` they are the candidates' own, between them top-down poses on interpolated boxes.
    2. Occlusion recovery searches for a dancer who is missing beside the partner (`occlusion_recovery.py`).
    3. Poses at crossings are corrected (`crossings.py`).
    4. Short gaps are interpolated (`gaps.py`).

    Parameters
    ----------
    models : PoseModels
        Pose model.
    frames : ClipFrames
        The clip's frames.
    times : np.ndarray
        float (T,), times of all frames, s.
    steps : np.ndarray
        int (S,), indices of the frames on which the detector ran, ascending.
    candidates : sequence of Candidates
        Candidates of each step.
    track : Track
        Which candidates the dancers are.
    samples : RoomSamples
        Frames for the empty room.
    parameters : TrackingParameters
        Thresholds.
    to_first : np.ndarray or None
        float (T, 4), as in `CameraMotion`; None if the camera stands still.
    clothes : KnownClothes
        What other people wear: no dancer's pose may be theirs.
    """
    poses = parameters.poses
    in_room, in_picture = _ways(to_first)
    steady = (
        candidates if to_first is None else [c.stabilised(to_first[s]) for s, c in zip(steps, candidates, strict=True)]
    )
    boxes = in_picture(expected_boxes(times, steps, steady, track.chosen, poses))
    keypoints = np.full((len(times), 2, KEYPOINTS, 3), np.nan, np.float32)
    evidence = np.full((len(times), 2), np.nan, np.float32)
    for step, found, chosen in zip(steps, candidates, track.chosen, strict=True):
        for who, index in enumerate(chosen):
            if index != MISSING:
                keypoints[step, who] = found.keypoints[index]
                evidence[step, who] = SIGN[who] * track.colours.evidence(found.colours[index][None])[0]
    size = _fill_between(models, frames, boxes, (track.colours, clothes), keypoints, evidence, parameters)
    valid = _believable(boxes, keypoints, evidence, poses)
    evidence[~valid] = np.nan
    places = in_room(boxes)
    passing = passer_by(times[steps], steady, track.chosen, places[steps], parameters.passers_by)
    passing = passing[np.searchsorted(steps, np.arange(len(times)), side="right") - 1]
    switches = find_identity_switches(
        times, places, in_room(keypoints), valid, evidence, passing, parameters.identity_switches
    )
    worn = (track.colours, clothes)
    hidden = recover_hidden(models, frames, samples, boxes, keypoints, valid, worn, parameters, to_first)
    at = tuple(hidden.places.T)
    boxes[at], keypoints[at], valid[at] = hidden.boxes, hidden.keypoints, True
    occlusion_recovery = np.zeros_like(valid)
    occlusion_recovery[at] = True
    boxes = in_room(boxes)
    keypoints = settle_crossings(times, boxes, in_room(keypoints), valid, parameters.crossings)
    boxes, keypoints, interpolated = _bridged(times, boxes, keypoints, valid, poses)
    return DenseCouple(
        in_picture(boxes),
        in_picture(keypoints),
        valid | interpolated,
        interpolated,
        occlusion_recovery,
        switches,
        size,
    )


def _ways(to_first: np.ndarray | None) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    """Return functions that map boxes (T, 2, 4) or keypoints (T, 2, 17, 3) to the room, and back."""
    if to_first is None:
        return lambda values: values, lambda values: values

    def by(similarity: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        def moved(values: np.ndarray) -> np.ndarray:
            points = values.reshape(len(values), 2, 2, 2) if values.shape[-1] == 4 else values
            return stabilised(points, similarity).reshape(values.shape)

        return moved

    return by(to_first), by(inverse_similarity(to_first))


def _fill_between(
    models: PoseModels,
    frames: ClipFrames,
    boxes: np.ndarray,
    worn: tuple[ColourModel, KnownClothes],
    keypoints: np.ndarray,
    evidence: np.ndarray,
    parameters: TrackingParameters,
) -> tuple[int, int]:
    """Fill `keypoints` and `evidence` in place where there is a box but no pose yet.

    Returns
    -------
    tuple of int
        The frames' width and height, px.
    """
    colours, clothes = worn
    wanted = ~np.isnan(boxes[..., 0]) & np.isnan(keypoints[..., 0, 0])
    waiting: deque[tuple[int, int, np.ndarray]] = deque()
    size = (0, 0)

    def jobs() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        nonlocal size
        for index, (_, picture) in enumerate(frames):
            size = (picture.shape[1], picture.shape[0])
            for who in np.flatnonzero(wanted[index]):
                waiting.append((index, int(who), picture))
                yield picture, boxes[index, who]

    for pose in models.keypoints(jobs()):
        index, who, picture = waiting.popleft()
        seen = body_colours(picture, pose[None], parameters=parameters.clothes)
        if not clothes.of_others(seen, parameters.clothes.others_clothes)[0]:
            keypoints[index, who] = pose
            evidence[index, who] = SIGN[who] * colours.evidence(seen)[0]
    return size


def expected_boxes(
    times: np.ndarray,
    steps: np.ndarray,
    candidates: Sequence[Candidates],
    chosen: np.ndarray,
    parameters: PoseParameters = DEFAULTS.poses,
) -> np.ndarray:
    """Return a box for each dancer on every frame, interpolated linearly between detections.

    Parameters
    ----------
    times, steps, candidates
        As for `estimate_every_frame`.
    chosen : np.ndarray
        int (S, 2), which candidate each dancer is, `MISSING` where there is none.
    parameters : PoseParameters
        Thresholds.

    Returns
    -------
    np.ndarray
        float32 (T, 2, 4), x1 y1 x2 y2, px; NaN without a detection near in time.
    """
    boxes = np.full((len(times), 2, 4), np.nan, np.float32)
    for who in (0, 1):
        seen = np.flatnonzero(chosen[:, who] != MISSING)
        if not seen.size:
            continue
        known = np.stack([candidates[int(s)].boxes[chosen[s, who]] for s in seen])
        at = times[steps[seen]]
        for side in range(4):
            boxes[:, who, side] = np.interp(times, at, known[:, side])
        after = np.searchsorted(at, times).clip(0, len(at) - 1)
        nearest = np.minimum(np.abs(times - at[after]), np.abs(times - at[(after - 1).clip(0)]))
        boxes[nearest > parameters.expected_within_s, who] = np.nan
    return boxes


def _believable(
    boxes: np.ndarray, keypoints: np.ndarray, evidence: np.ndarray, parameters: PoseParameters
) -> np.ndarray:
    """Return where a dancer counts as found, bool (T, 2): the pose is certain enough and not on the partner's body."""
    score = np.nan_to_num(keypoints[..., 2].mean(-1))
    valid = score >= parameters.believable_score
    area = np.minimum(box_area(boxes[:, 0]), box_area(boxes[:, 1])) * AREA_OF_BOX
    both = valid.all(axis=1)
    oks = np.zeros(len(boxes))
    oks[both] = object_keypoint_similarity(keypoints[both, 0], keypoints[both, 1], area[both])
    # Clothes, then certainty, tell whose body it is.
    fits = evidence + score
    for index in np.flatnonzero(oks > parameters.one_body_oks):
        valid[index, fits[index].argmin()] = False
    return valid


def _bridged(
    times: np.ndarray, boxes: np.ndarray, keypoints: np.ndarray, valid: np.ndarray, parameters: PoseParameters
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return boxes and keypoints with short gaps filled and other gaps NaN, and where they are filled, bool (T, 2)."""
    boxes, keypoints = boxes.copy(), keypoints.copy()
    interpolated = np.zeros(valid.shape, bool)
    for who in (0, 1):
        rows = np.concatenate([boxes[:, who], keypoints[:, who].reshape(len(times), -1)], axis=1)
        rows[~valid[:, who]] = np.nan
        rows, interpolated[:, who] = bridge_gaps(times, rows, valid[:, who], parameters.longest_gap_s)
        boxes[:, who] = rows[:, :4]
        keypoints[:, who] = rows[:, 4:].reshape(-1, KEYPOINTS, 3)
    return boxes, keypoints, interpolated
