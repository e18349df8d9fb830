"""The constants that compare endings with beginnings."""

import numpy as np

from bachata_assets.pose.transitions.constants import Constants, load_constants
from bachata_assets.pose.transitions.fitting import Pair, fit_constants, pairs_of
from bachata_assets_tests.support.synthetic_couple import a_couple


def pairs() -> list[list[Pair]]:
    return [pairs_of(a_couple(seconds=8, seed=seed)) for seed in range(6)]


def test_the_same_clips_give_the_same_constants_and_they_are_read_back() -> None:
    first, again = fit_constants(pairs()).arrays(), fit_constants(pairs()).arrays()
    assert all((first[name] == again[name]).all() for name in first)
    read = Constants.of(first).arrays()
    assert all((first[name] == read[name]).all() for name in first)


def test_fitted_vectors_put_a_continuation_before_a_random_beginning() -> None:
    made = pairs()
    constants = fit_constants(made)
    true = [
        constants.score(float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b)))
        for clip in made
        for ending, beginning in clip
        for a, b in [
            (constants.ending.vector(ending.measurements()), constants.beginning.vector(beginning.measurements()))
        ]
    ]
    assert np.median(true) > 0.9


def test_the_shipped_score_is_a_share_that_rises_with_the_cosine() -> None:
    scores = [load_constants().score(cosine) for cosine in np.linspace(-1, 1, 21)]
    assert scores[0] == 0
    assert scores[-1] == 1
    assert scores == sorted(scores)
    assert (load_constants().usual_jumps > 0).all()
