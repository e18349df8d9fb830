"""What holds of any filter and any scores."""

import sqlite3
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachata_assets.clip_record import trusted_tempo
from bachata_assets.search.filters import LABELS, MOVEMENT, Filters
from bachata_assets.search.similarity import best, combine, family_scores

WORDS = st.text("abé '\"%=_.ñ", min_size=1, max_size=5).map(str.strip).filter(bool)
NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([0.5, 100.0, 130.0])
FILTERS = st.builds(
    Filters,
    **{label: st.lists(WORDS, max_size=3).map(tuple) for label in LABELS},
    min_tempo=NUMBERS | st.none(),
    max_tempo=NUMBERS | st.none(),
    min_quality=NUMBERS | st.none(),
    near_tempo=st.sampled_from([50.0, 100.0, 200.0]) | st.none(),
)
CLIPS = st.lists(
    st.fixed_dictionaries(
        {**dict.fromkeys(LABELS, WORDS), "estimated_tempo": NUMBERS, "quality_score": NUMBERS}
        | {"heard_tempo": NUMBERS, "heard_tempo_confidence": st.none() | st.sampled_from([0.0, 0.49, 0.5, 1.0])}
        | dict.fromkeys(MOVEMENT, st.none() | st.just("vector"))
    ),
    max_size=5,
)  # fmt: skip


@given(FILTERS)
def test_filters_written_as_text_read_back_the_same(filters: Filters) -> None:
    texts = [f"{label}={','.join(getattr(filters, label))}" for label in LABELS if getattr(filters, label)]
    bounds = ("min_tempo", "max_tempo", "min_quality", "near_tempo")
    texts += [f"{name}={getattr(filters, name)!r}" for name in bounds if getattr(filters, name) is not None]
    assert Filters.parse(texts) == filters
    assert Filters.of(vars(filters)) == filters


@given(st.none() | NUMBERS, st.none() | NUMBERS)
def test_a_range_of_tempos_is_its_two_ends(low: float | None, high: float | None) -> None:
    text = f"tempo={'' if low is None else repr(low)}..{'' if high is None else repr(high)}"
    assert Filters.parse([text]) == Filters.of({"tempo": (low, high)}) == Filters(min_tempo=low, max_tempo=high)


def meant(filters: Filters, clip: dict[str, Any]) -> bool:
    """Tell by the words of the documentation whether a clip may be found."""
    tempo = trusted_tempo(clip["heard_tempo"], clip["heard_tempo_confidence"])
    tempo = clip["estimated_tempo"] if tempo is None else tempo
    near = filters.near_tempo
    return (
        all(not getattr(filters, label) or clip[label] in getattr(filters, label) for label in LABELS)
        and (filters.min_tempo is None or tempo >= filters.min_tempo)
        and (filters.max_tempo is None or tempo <= filters.max_tempo)
        and (near is None or any(abs(tempo / (near * octave) - 1) <= 0.04 for octave in (0.5, 1, 2)))
        and (filters.min_quality is None or clip["quality_score"] >= filters.min_quality)
        and (filters.min_quality is None or any(clip[field] for field in MOVEMENT))
    )


@given(FILTERS, CLIPS)
def test_the_sql_of_filters_finds_what_is_meant(filters: Filters, clips: list[dict[str, Any]]) -> None:
    names = [*LABELS, "estimated_tempo", "heard_tempo", "heard_tempo_confidence", "quality_score", *MOVEMENT]
    with sqlite3.connect(":memory:") as database:
        database.execute(f"create table clips ({', '.join(names)})")
        database.executemany(
            f"insert into clips values ({', '.join('?' * len(names))})", [tuple(c[n] for n in names) for c in clips]
        )
        found = database.execute(f"select rowid from clips where {filters.to_sql() or 'true'}").fetchall()
    database.close()
    assert [row for (row,) in found] == [number for number, clip in enumerate(clips, 1) if meant(filters, clip)]


@given(FILTERS, CLIPS)
def test_the_clauses_for_elasticsearch_find_what_is_meant(filters: Filters, clips: list[dict[str, Any]]) -> None:
    def holds(clause: dict[str, Any], clip: dict[str, Any]) -> bool:
        ((kind, said),) = clause.items()
        if kind == "bool":
            every = all(holds(one, clip) for one in said.get("filter", []))
            none = not any(holds(one, clip) for one in said.get("must_not", []))
            return every and none and ("should" not in said or any(holds(one, clip) for one in said["should"]))
        if kind == "exists":
            return bool(clip[said["field"]])
        ((field, asked),) = said.items()
        if kind == "terms":
            return clip[field] in asked
        assert kind == "range"
        return clip[field] is not None and bool(asked.get("gte", -np.inf) <= clip[field] <= asked.get("lte", np.inf))

    for clip in clips:
        assert all(holds(clause, clip) for clause in filters.to_elasticsearch()) == meant(filters, clip)


SCORES = st.lists(
    st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0, np.nan]), min_size=3, max_size=3), min_size=1, max_size=6
).map(np.array)  # fmt: skip
WEIGHTS = st.lists(st.integers(1, 4), min_size=3, max_size=3).map(np.array)


@given(SCORES, WEIGHTS)
def test_a_combined_score_lies_among_the_families_scores_and_knows_no_scale(
    scores: np.ndarray, weights: np.ndarray
) -> None:
    combined = combine(scores, weights)
    nothing = np.isnan(scores).all(axis=1)
    np.testing.assert_array_equal(np.isnan(combined), nothing)
    np.testing.assert_allclose(combine(scores, 7 * weights), combined, rtol=1e-12)
    there = scores[~nothing]
    assert (combined[~nothing] >= np.nanmin(there, axis=1, initial=2) - 1e-12).all()
    assert (combined[~nothing] <= np.nanmax(there, axis=1, initial=-1) + 1e-12).all()


@given(SCORES, WEIGHTS, st.integers(1, 7), st.permutations(range(6)))
def test_the_best_are_the_same_in_whatever_order_the_clips_are_stored(
    scores: np.ndarray, weights: np.ndarray, size: int, order: list[int]
) -> None:
    names = [f"clip_{number}" for number in range(len(scores))]
    found = [(names[row], score) for row, score in best(names, scores, weights, size)]
    rows = [row for row in order if row < len(scores)]
    shuffled = [names[row] for row in rows]
    again = [(shuffled[row], score) for row, score in best(shuffled, scores[rows], weights, size)]
    assert [name for name, _ in again] == [name for name, _ in found]
    assert len(found) == min(size, int((~np.isnan(scores).all(axis=1)).sum()))
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)


@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_a_familys_score_is_one_for_the_vector_itself_whatever_its_length(seed: int, length: float) -> None:
    vectors = np.random.default_rng(seed).normal(size=(3, 8))
    scores = family_scores(length * vectors[1], vectors)
    assert scores[1] == pytest.approx(1)
    np.testing.assert_allclose(scores + family_scores(-vectors[1], vectors), 1, atol=1e-12)
    assert ((scores >= -1e-12) & (scores <= 1 + 1e-12)).all()
