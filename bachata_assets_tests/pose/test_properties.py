"""What holds of any boxes, poses and gaps."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bachata_assets.pose.geometry import box_iou, non_maximum_suppression, object_keypoint_similarity
from bachata_assets.pose.tracking.gaps import bridge_gaps
from bachata_assets.pose.tracking.identity_switches import runs

CORNERS = arrays(np.float64, st.tuples(st.integers(1, 6), st.just(2), st.just(2)), elements=st.integers(0, 40))
BOXES = CORNERS.map(lambda c: np.concatenate([c.min(axis=1), c.max(axis=1) + 1], axis=1))
"""(N, 4), at least 1 px wide and high."""
SEEN = arrays(bool, st.integers(1, 30))
FRAMES_BRIDGED = 4
"""At 15 frames a second, of gaps of up to 0.3 s."""


@given(BOXES)
def test_overlap_is_mutual_whole_with_itself_and_a_share(boxes: np.ndarray) -> None:
    overlap = box_iou(boxes[:, None], boxes[None])
    np.testing.assert_array_equal(overlap, overlap.T)
    np.testing.assert_allclose(np.diag(overlap), 1)
    assert ((overlap >= 0) & (overlap <= 1)).all()


@given(BOXES, st.floats(0, 0.95), st.data())
def test_suppression_keeps_boxes_apart_and_drops_only_for_a_better_one(
    boxes: np.ndarray, threshold: float, data: st.DataObject
) -> None:
    scores = data.draw(arrays(np.float64, len(boxes), elements=st.integers(0, 5)))
    kept = non_maximum_suppression(boxes, scores, threshold)
    assert (np.diff(scores[kept]) <= 0).all()
    overlap = box_iou(boxes[:, None], boxes[None])
    assert (overlap[np.ix_(kept, kept)][~np.eye(len(kept), dtype=bool)] <= threshold).all()
    for dropped in set(range(len(boxes))) - set(kept.tolist()):
        assert any(overlap[dropped, one] > threshold and scores[one] >= scores[dropped] for one in kept)


@given(st.integers(0, 1000), st.floats(1, 1e5), st.floats(-500, 500))
def test_likeness_of_poses_is_mutual_whole_with_itself_and_knows_no_place(seed: int, area: float, by: float) -> None:
    random = np.random.default_rng(seed)
    one, other = random.normal(0, 30, (2, 17, 3))
    one[:, 2], other[:, 2] = random.uniform(size=(2, 17))
    likeness = object_keypoint_similarity(one, other, np.array(area))
    assert likeness == object_keypoint_similarity(other, one, np.array(area))
    assert 0 <= likeness <= 1
    np.testing.assert_allclose(object_keypoint_similarity(one, one, np.array(area)), 1)
    moved = np.array([by, -by, 0])
    np.testing.assert_allclose(object_keypoint_similarity(one + moved, other + moved, np.array(area)), likeness)


@given(SEEN, st.integers(0, 1000))
def test_short_gaps_alone_are_bridged_by_values_between_those_seen(valid: np.ndarray, seed: int) -> None:
    times = np.arange(len(valid)) / 15
    values = np.where(valid[:, None], np.random.default_rng(seed).normal(size=(len(valid), 2)), np.nan)
    filled, bridged = bridge_gaps(times, values, valid)
    np.testing.assert_array_equal(filled[~bridged], values[~bridged])
    expected = [
        frame
        for gap in runs(~valid)
        if gap[0] > 0 and gap[-1] < len(valid) - 1 and len(gap) <= FRAMES_BRIDGED
        for frame in gap
    ]
    assert np.flatnonzero(bridged).tolist() == expected
    for frame in np.flatnonzero(bridged):
        before, after = np.flatnonzero(valid[:frame])[-1], frame + np.flatnonzero(valid[frame:])[0]
        low, high = np.minimum(values[before], values[after]), np.maximum(values[before], values[after])
        assert ((filled[frame] >= low - 1e-9) & (filled[frame] <= high + 1e-9)).all()


@given(SEEN, st.integers(0, 1000))
def test_a_gap_is_bridged_alike_forwards_and_backwards_and_only_once(valid: np.ndarray, seed: int) -> None:
    times = np.arange(len(valid)) / 15
    values = np.random.default_rng(seed).normal(size=(len(valid), 2))
    filled, bridged = bridge_gaps(times, values, valid)
    backwards, where = bridge_gaps(times, values[::-1], valid[::-1])
    np.testing.assert_allclose(backwards[::-1], filled, atol=1e-12)
    np.testing.assert_array_equal(where[::-1], bridged)
    again, more = bridge_gaps(times, filled, valid | bridged)
    np.testing.assert_array_equal(again, filled)
    assert not more.any()


@given(SEEN)
def test_runs_are_unbroken_apart_and_hold_every_true_flag(flags: np.ndarray) -> None:
    found = runs(flags)
    assert [frame for run in found for frame in run] == np.flatnonzero(flags).tolist()
    assert all((np.diff(run) == 1).all() for run in found)
    assert all(after[0] - before[-1] > 1 for before, after in itertools.pairwise(found))
