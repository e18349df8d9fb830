"""The report's nearest clips of each clip."""

import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS
from bachata_assets.report.map_data import map_data
from bachata_assets.report.neighbours import VIEWS, View, compare, nearest, unit_vectors
from bachata_assets.search.explanation import EXPLAINED, explain, groups
from bachata_assets.search.similarity import combine, family_scores

Units = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def units() -> Units:
    """Forty clips; some lack their sound, one lacks everything but its words."""
    rng = np.random.default_rng(3)
    made = {family: rng.normal(size=(40, size)).astype(np.float32) for family, size in DIMENSIONS.items()}
    made["audio"][5:9] = np.nan
    for family in ("lead", "follow", "interaction", "audio"):
        made[family][20] = np.nan
    return {family: unit_vectors(rows) for family, rows in made.items()}


@pytest.mark.parametrize("view", VIEWS)
def test_the_nearest_are_those_that_a_search_finds(units: Units, view: str) -> None:
    weights = VIEWS[view]
    found = nearest(View.of(units, weights))
    searched = {family: np.where(rows.any(axis=1, keepdims=True), rows, np.nan) for family, rows in units.items()}
    for row in range(40):
        scores = np.column_stack([family_scores(searched[family][row], searched[family]) for family in weights])
        combined = combine(scores, np.array(list(weights.values())))
        combined[row] = np.nan
        wanted = [other for other in np.argsort(-combined, kind="stable") if not np.isnan(combined[other])][:5]
        there = found.rows[row][found.rows[row] >= 0]
        assert there.tolist() == wanted
        np.testing.assert_allclose(found.scores[row][: len(there)], combined[wanted], atol=1e-5)


def test_scores_and_reasons_of_each_family_are_those_of_the_pair(units: Units) -> None:
    found = nearest(View.of(units, VIEWS["everything"]))
    row, other = 0, int(found.rows[0, 0])
    said = explain(*({family: rows[one] for family, rows in units.items()} for one in (row, other)))
    alike = 0
    for family in EXPLAINED:
        why = said[family]
        compared = compare(family, units[family], found)
        assert compared.scores[row, 0] == pytest.approx((1 + why.cosine) / 2, abs=1e-5)
        kinds, parts = groups(family)
        if why.cosine > 0:
            alike += 1
            assert kinds.names[compared.kinds[row, 0]] == next(iter(why.blocks))
            if parts:
                assert parts.names[compared.parts[row, 0]] == next(iter(why.parts))
        else:
            assert compared.kinds[row, 0] == compared.parts[row, 0] == -1
    assert alike


def test_a_family_that_one_of_the_two_lacks_has_no_score(units: Units) -> None:
    found = nearest(View.of(units, VIEWS["words"]))
    assert np.isnan(compare("lead", units["lead"], found).scores[20]).all()
    assert not np.isnan(compare("text", units["text"], found).scores[20]).any()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 9])
def test_small_collections_have_a_map_too(units: Units, count: int) -> None:
    views = map_data({family: rows[:count] for family, rows in units.items()})["views"]
    for view in views.values():
        assert len(view["places"]) == 2 * count
        assert len(view["near"]) == 5 * count
        near = np.reshape(view["near"], (count, 5))
        assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in near)
    assert np.count_nonzero(np.array(views["words"]["near"]) >= 0) == count * min(5, max(count - 1, 0))
