"""Tracks of two dancers through a whole clip."""

import numpy as np

from bachata_assets.pose.tracking.candidates import MISSING, Candidates
from bachata_assets.pose.tracking.reidentification import NOTHING_KNOWN, learn_colours
from bachata_assets.pose.tracking.tracks import Track, exchanged, track_couple
from bachata_assets_tests.support.figures import colours, person, seen

RED, BLUE, GREEN = 10, 60, 100
STEP_S = 2 / 15


def track(frames: list[Candidates], still: list[set[int]] | None = None) -> Track:
    alive = [
        np.array([0.0 if still and i in still[t] else 1.0 for i in range(len(frame))]) for t, frame in enumerate(frames)
    ]
    return track_couple(frames, np.arange(len(frames)) * STEP_S, alive)


def xs(frames: list[Candidates], chosen: np.ndarray) -> np.ndarray:
    """Return where each dancer's head is, NaN where missing."""
    return np.array(
        [
            [np.nan if i == MISSING else frame.keypoints[i, 0, 0] for i in pair]
            for frame, pair in zip(frames, chosen, strict=True)
        ]
    )


def test_crossing_dancers_are_told_apart_by_their_clothes() -> None:
    path = np.linspace(200, 400, 31)
    frames = [seen((person(600 - x), 0.6, BLUE), (person(x), 0.6, RED)) for x in path]
    frames[15] = seen((person(300), 0.6, RED))  # one hides the other
    result = track(frames)
    places = xs(frames, result.chosen)
    red = int(abs(places[0, 0] - 200) > 1)
    assert np.nanmax(np.abs(places[:, red] - path)) < 1
    assert np.nanmax(np.abs(places[:, 1 - red] - (600 - path))) < 1
    assert result.chosen[15, 1 - red] == MISSING


def test_in_like_clothes_a_bounce_off_is_not_taken_for_a_crossing() -> None:
    path = 250 - 80 * np.abs(np.linspace(-1, 1, 31)) ** 0.8
    frames = [seen((person(x), 0.6, RED), (person(540 - x), 0.6, RED)) for x in path]
    places = xs(frames, track(frames).chosen)
    assert (np.sign(places[:, 1] - places[:, 0]) == np.sign(places[0, 1] - places[0, 0])).all()


def test_furniture_that_never_moves_is_no_dancer() -> None:
    frames = [
        seen((person(200, score=0.9), 0.9, GREEN), (person(300 + t), 0.6, RED), (person(400 + t), 0.6, BLUE))
        for t in range(12)
    ]
    chosen = track(frames, still=[{0}] * 12).chosen
    assert set(chosen.ravel()) == {1, 2}


def test_a_passer_by_does_not_become_a_dancer() -> None:
    frames = [
        seen((person(300), 0.6, RED), (person(400), 0.6, BLUE), (person(40 + 20 * t, 80, 200), 0.65, GREEN))
        for t in range(30)
    ]
    chosen = track(frames).chosen
    assert set(chosen.ravel()) == {0, 1}
    assert (chosen == chosen[0]).all()


def test_a_passer_by_of_the_same_size_does_not_stand_in_for_who_is_hidden() -> None:
    lead, follow = (person(300), 0.6, RED), (person(400), 0.6, BLUE)
    frames = [seen(lead, (person(140 + 5 * t), 0.65, GREEN)) if 10 <= t < 18 else seen(lead, follow) for t in range(30)]
    places = xs(frames, track(frames).chosen)
    assert np.isin(places[~np.isnan(places)], [300, 400]).all()


def test_two_poses_on_one_body_are_one_dancer() -> None:
    frames = [seen((person(300), 0.6, RED), (person(304), 0.55, RED)) for _ in range(10)]
    chosen = track(frames).chosen
    assert (np.sort(chosen, axis=1)[:, 0] == MISSING).all()
    assert (chosen.max(axis=1) == 0).all()


def test_frames_without_anybody_are_bridged_by_clothes() -> None:
    couple = seen((person(300), 0.6, RED), (person(400), 0.6, BLUE))
    exchanged = seen((person(300), 0.6, BLUE), (person(400), 0.6, RED))
    frames = [couple] * 12 + [seen()] * 4 + [exchanged] * 12
    chosen = track(frames).chosen
    assert (chosen[12:16] == MISSING).all()
    assert (chosen[16:] == chosen[0, ::-1]).all()


def test_colours_are_learned_though_the_pairs_order_changes() -> None:
    order = np.array([0, 0, 1, 0, 1, 1, 0, 0, 0, 1, 0, 0], bool)
    red, blue = colours(RED, 12), colours(BLUE, 12)
    model, exchanged = learn_colours(np.where(order[:, None], blue, red), np.where(order[:, None], red, blue))
    assert (exchanged == order).all() or (exchanged == ~order).all()
    assert model.evidence(red)[0] == -model.evidence(blue)[0] != 0


def test_a_few_pairs_in_like_clothes_say_nothing() -> None:
    model, _ = learn_colours(colours(RED, 3), colours(BLUE, 3))
    assert model.evidence(colours(RED)) == 0
    model, _ = learn_colours(colours(RED, 40), colours(RED, 40))
    assert model.evidence(colours(RED)) == 0


def test_dancers_are_exchanged_from_each_time_that_a_person_said() -> None:
    frames = [seen((person(200 + t), 0.6, RED), (person(400 + t), 0.6, BLUE)) for t in range(12)]
    times = np.arange(12) * STEP_S
    wrong = np.array([[0, 1]] * 4 + [[1, 0]] * 5 + [[0, MISSING]] * 3)
    right = exchanged(Track(wrong, NOTHING_KNOWN), frames, times, (times[9], times[4]))
    assert right.chosen.tolist() == [[0, 1]] * 9 + [[0, MISSING]] * 3
    # Whose clothes are whose is learned of the right two: red is dancer 0's.
    assert (right.colours.evidence(frames[0].colours) > 0).tolist() == [True, False]


def test_where_nobody_said_anything_a_track_stays_the_same() -> None:
    frames = [seen((person(200 + t), 0.6, RED), (person(400 + t), 0.6, BLUE)) for t in range(4)]
    result = track(frames)
    assert exchanged(result, frames, np.arange(4) * STEP_S, ()) is result
