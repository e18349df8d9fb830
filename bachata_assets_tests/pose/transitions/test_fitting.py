"""The constants that compare endings with beginnings."""

import numpy as np
import pytest

from bachata_assets.pose.transitions.constants import Constants, load_constants, unit
from bachata_assets.pose.transitions.fitting import Pair, fit_constants, fit_projections, held_out_cosines, pairs_of
from bachata_assets_tests.support.synthetic_couple import a_couple


def pairs() -> list[list[Pair]]:
    return [pairs_of(a_couple(seconds=8, seed=seed)) for seed in range(6)]


GROUPS = list("aabbcc")


def test_the_same_clips_give_the_same_constants_and_they_are_read_back() -> None:
    first, again = fit_constants(pairs(), GROUPS).arrays(), fit_constants(pairs(), GROUPS).arrays()
    assert all((first[name] == again[name]).all() for name in first)
    read = Constants.of(first).arrays()
    assert all((first[name] == read[name]).all() for name in first)


def test_fitted_vectors_put_a_continuation_before_a_random_beginning() -> None:
    made = pairs()
    constants = fit_constants(made, GROUPS)
    endings, beginnings = (
        unit(side.vector(np.array([pair[number].measurements() for clip in made for pair in clip])))
        for number, side in enumerate((constants.ending, constants.beginning))
    )
    true = (endings * beginnings).sum(axis=1)
    others = (endings * np.roll(beginnings, len(beginnings) // 2, axis=0)).sum(axis=1)
    assert np.median(true) > np.quantile(others, 0.9)


def test_the_score_is_the_share_of_continuations_that_fit_no_better_when_nothing_was_fitted_on_them() -> None:
    made = pairs()
    constants, cosines = fit_constants(made, GROUPS), held_out_cosines(made, GROUPS)
    assert len(cosines) == sum(map(len, made))
    for cosine in np.quantile(cosines, [0.1, 0.5, 0.9]):
        assert constants.score(float(cosine)) == pytest.approx((cosines <= cosine).mean(), abs=0.02)
    beginning, ending = fit_projections([pair for clip in made for pair in clip])
    within = [
        float(unit(ending.vector(a.measurements())) @ unit(beginning.vector(b.measurements())))
        for clip in made
        for a, b in clip
    ]
    assert np.mean(cosines) < np.mean(within)  # judged by what they were fitted on, they would seem to fit better


def test_the_shipped_score_rises_with_the_cosine_and_is_half_for_a_usual_continuation() -> None:
    scores = [load_constants().score(cosine) for cosine in np.linspace(-1, 1, 21)]
    assert scores[0] == 0
    assert scores[-1] == 1
    assert scores == sorted(scores)
    assert load_constants().score(0.7) == pytest.approx(0.5, abs=0.1)
    assert load_constants().score(0.0) < 0.02  # as good as any beginning
    assert (load_constants().usual_jumps > 0).all()
