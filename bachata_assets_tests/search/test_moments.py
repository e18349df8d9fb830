"""Moments in LanceDB and in real Elasticsearch: the same questions have the same answers."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bachata_assets.search import SearchIndex, open_index
from bachata_assets.search.checks import check_moments_complete
from bachata_assets.search.elasticsearch import neighbours as elasticsearch_neighbours
from bachata_assets.search.errors import QueryError, SearchError, UnknownClipError
from bachata_assets.search.lancedb import neighbours as lancedb_neighbours
from bachata_assets.search.moments.question import mean_vectors
from bachata_assets.search.moments.record import MomentMatch, MomentRecord
from bachata_assets.settings import Settings
from bachata_assets_tests.support.documents import document, moments

CLIPS = {
    "asked": [0, 0, 1, 1, 2],
    "turns": [4, 7, 10, 13, 16],
    "steps": [3, 6, 9, 12, 15, 18],
    "mixed": [21, 22, 23, 24, 25],
    "rolls": [5, 8, 11],
}
"""Clip -> seed of each of its moments; those of one remainder of 3 are alike."""


def made() -> dict[str, list[MomentRecord]]:
    return {name: moments(document(name, number), seeds) for number, (name, seeds) in enumerate(CLIPS.items())}


@pytest.fixture
def collection(writer: SearchIndex) -> SearchIndex:
    writer.put(document(name, number) for number, name in enumerate(CLIPS))
    assert writer.moments.put(one for of_clip in made().values() for one in of_clip) == dict.fromkeys(CLIPS)
    writer.promote()
    return writer


def parts(found: list[MomentMatch]) -> list[tuple[str, float, float]]:
    return [(one.clip_id, one.start_s, one.end_s) for one in found]


def by_definition(question: dict[str, np.ndarray]) -> dict[tuple[str, int], float]:
    """Return the mean score of the three families of every moment."""

    def score(one: MomentRecord) -> float:
        cosines = [question[f] @ v / np.linalg.norm(question[f]) / np.linalg.norm(v) for f, v in one.vectors.items()]
        return float(np.mean([(1 + cosine) / 2 for cosine in cosines]))

    return {(name, one.moment): score(one) for name, of_clip in made().items() for one in of_clip}


def test_a_part_of_a_clip_finds_the_moments_like_it_and_at_most_two_of_a_clip(collection: SearchIndex) -> None:
    found = collection.find_moments("asked", start=4, end=8, size=6)
    scores = by_definition(mean_vectors(made()["asked"][2:3]))
    assert [one.score for one in found] == pytest.approx([scores[one.clip_id, one.moment] for one in found], abs=1e-6)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert {one.clip_id for one in found[:3]} == {"turns", "mixed"}  # moments of the seeds 1, 4, 7, … are alike
    assert max(pd.Series([one.clip_id for one in found]).value_counts()) == 2
    assert "asked" not in {one.clip_id for one in found}


def test_of_moments_that_overlap_only_the_best_is_an_answer(collection: SearchIndex) -> None:
    found = collection.find_moments("asked", start=4, end=8, size=20, per_clip=10)
    scores = by_definition(mean_vectors(made()["asked"][2:3]))
    for name in CLIPS.keys() - {"asked"}:
        of_clip = sorted(one.moment for one in found if one.clip_id == name)
        assert all(later - earlier >= 2 for earlier, later in pairwise(of_clip))
        left_out = {one.moment for one in made()[name]} - set(of_clip)
        for number in left_out:  # each has a better neighbour
            assert scores[name, number] < max(scores[name, near] for near in of_clip if abs(near - number) == 1)


def test_fewer_answers_are_the_first_of_more(collection: SearchIndex) -> None:
    assert collection.find_moments("asked", start=0, end=4, size=3) == collection.find_moments("asked", end=4)[:3]


def test_an_answer_says_where_it_is_in_seconds_and_beats_and_turns_into_json_and_pandas(
    collection: SearchIndex,
) -> None:
    found = collection.find_moments("asked", start=0, end=4, size=4, why=True)
    first = found[0]
    assert first.clip_id in ("steps", "mixed")
    assert (first.start_beat, first.end_beat) == (4 * first.moment, 4 * first.moment + 8)
    assert first.end_s - first.start_s == 4
    assert first.scores.keys() == {"lead", "follow", "interaction"}
    assert first.why is not None
    assert first.why["lead"].cosine == pytest.approx(2 * first.scores["lead"] - 1, abs=1e-6)
    told = json.loads(json.dumps(first.to_dict()))
    assert told["why"]["interaction"]["blocks"]
    frame = found.to_pandas()
    assert list(frame.columns)[:5] == ["clip_id", "score", "moment", "start_s", "end_s"]
    assert frame["score_lead"][0] == first.scores["lead"]
    assert "why" not in collection.find_moments("asked", start=0, end=4, size=1)[0].to_dict()


def test_a_part_between_two_moments_asks_for_both_and_one_of_many_for_all_of_them(collection: SearchIndex) -> None:
    asked = made()["asked"]
    for (start, end), expected in {
        (3.0, 7.0): asked[1:3],  # 3 s of each of two, 1 s of each of two others
        (2.0, 12.0): asked[1:5],
        (4.4, 8.4): asked[2:3],
    }.items():
        found = collection.find_moments("asked", start=start, end=end, size=5)
        scores = by_definition(mean_vectors(expected))
        assert found[0].score == pytest.approx(scores[found[0].clip_id, found[0].moment], abs=1e-6)
    whole = collection.find_moments("asked", size=1)
    assert whole[0].score == pytest.approx(
        by_definition(mean_vectors(asked))[whole[0].clip_id, whole[0].moment], abs=1e-6
    )


def test_the_clip_that_is_asked_about_answers_only_where_that_is_wanted_and_never_with_the_part(
    collection: SearchIndex,
) -> None:
    found = collection.find_moments("asked", start=4, end=8, size=20, own_clip=True)
    own = [one for one in found if one.clip_id == "asked"]
    assert {one.moment for one in own} == {0, 4}
    of_vectors = collection.find_moments(vectors=made()["asked"][2].vectors, size=1)
    assert parts(of_vectors) == [("asked", 4, 8)]
    assert of_vectors[0].score == pytest.approx(1, abs=1e-5)


def test_moments_pass_the_filters_of_clips(collection: SearchIndex) -> None:
    every = collection.find_moments("asked", size=50, per_clip=9)
    labels = {one.move_label for one in every}
    assert len(labels) > 1
    for label in labels:
        found = collection.find_moments("asked", size=50, per_clip=9, filters={"move_label": label})
        assert {one.move_label for one in found} == {label}
    found = collection.find_moments("asked", size=50, per_clip=9, filters={"min_quality": 0.6, "tempo": (102, None)})
    assert min(one.quality_score for one in found) >= 0.6
    assert min(one.estimated_tempo for one in found) >= 102
    assert "turns" not in {one.clip_id for one in found}


def test_a_large_index_is_asked_for_candidates_and_answers_the_same(
    collection: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = collection.find_moments("asked", start=4, end=8, size=4)
    for backend in (elasticsearch_neighbours, lancedb_neighbours):
        monkeypatch.setattr(backend, "EXACT_CLIPS", 10)
    others = {f"more_{i}": moments(document(f"more_{i}", 2), [5 + 3 * i] * 4) for i in range(10)}
    collection.moments.put(one for of_clip in others.values() for one in of_clip)
    found = collection.find_moments("asked", start=4, end=8, size=4)
    assert parts(found) == parts(expected)
    np.testing.assert_allclose([one.score for one in found], [one.score for one in expected], atol=1e-6)


def test_a_clip_that_is_made_again_replaces_all_its_moments(collection: SearchIndex) -> None:
    collection.moments.put(moments(document("turns", 1), [2, 5]))
    ((_, found),) = collection.moments.of_clips(["turns"])
    assert [(one.moment, one.moments) for one in found] == [(0, 2), (1, 2)]
    np.testing.assert_array_equal(found[0].vectors["lead"], moments(document("turns", 1), [2])[0].vectors["lead"])
    assert collection.moments.count() == sum(map(len, CLIPS.values())) - 3
    assert collection.moments.clips() == set(CLIPS)


def test_a_deleted_clip_takes_its_moments_along(collection: SearchIndex) -> None:
    assert collection.delete(["turns", "nobody"]) == 1
    assert collection.moments.clips() == CLIPS.keys() - {"turns"}
    assert "turns" not in {one.clip_id for one in collection.find_moments("asked", size=50, per_clip=9)}


def test_a_clip_of_which_a_moment_is_lost_is_not_complete(collection: SearchIndex) -> None:
    assert check_moments_complete(collection, CLIPS).complete
    collection.moments._backend.delete(["steps#3"])
    assert check_moments_complete(collection, [*CLIPS, "never"]).missing == ("never", "steps")
    assert check_moments_complete(collection, CLIPS.keys() - {"mixed"}).unexpected == ("mixed",)


def test_a_new_version_is_seen_once_it_has_every_moment_of_the_clips_that_exist(
    backend: Settings, collection: SearchIndex
) -> None:
    state = collection.status()
    live = [version.name for version in (*state.versions, *state.moments) if version.live]
    assert len(live) == 2
    with open_index(backend, fingerprint="other models") as newer, open_index(backend) as reader:
        newer.put(document(name, number) for number, name in enumerate(CLIPS))
        first, *others = made().values()
        newer.moments.put(first)
        assert newer.promote().live
        assert reader.moments.count() == sum(map(len, CLIPS.values()))  # not yet: four clips' moments are missing
        newer.moments.put(one for of_clip in others for one in of_clip)
        newer.delete(["rolls"])
        newer.promote(set(CLIPS) - {"rolls"})
        assert reader.moments.clips() == CLIPS.keys() - {"rolls"}
        assert sorted(newer.prune()) == sorted(live)


def test_a_moment_without_vectors_is_kept_and_never_found(collection: SearchIndex) -> None:
    nothing: dict[str, Any] = dict.fromkeys(("lead_embedding", "follow_embedding", "interaction_embedding"))
    kept = [replace(one, **nothing) if one.moment == 1 else one for one in made()["rolls"]]
    collection.moments.put(kept)
    ((_, found),) = collection.moments.of_clips(["rolls"])
    assert [len(one.vectors) for one in found] == [3, 0, 3]
    asked = collection.find_moments("asked", start=8, end=12, size=50, per_clip=9)
    assert {one.moment for one in asked if one.clip_id == "rolls"} == {0, 2}
    with pytest.raises(QueryError, match="the question has nobody who is seen for a second"):
        collection.find_moments("rolls", start=2, end=6)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"start": 30, "end": 40}, r"clip 'asked' is 30\.0 s long: nothing of it is from 30 to 40 s"),
        ({"start": 30}, r"is 30\.0 s long: nothing of it is from 30 s on"),
        ({"start": -3, "end": 2}, r"nothing of it is from -3 to 2 s"),
        ({"start": 8, "end": 4}, r"begins at 8 s and ends at 4 s: it must end later"),
        ({"start": 4, "end": 4}, "it must end later"),
        ({"size": 0}, "size is 0"),
        ({"per_clip": 0}, "per_clip is 0"),
        ({"weights": {"text": 1}}, "the question has lead, follow, interaction, the weights text"),
        ({"filters": {"colour": "red"}}, "no filter 'colour'"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_in_one_line(
    collection: SearchIndex, asked: dict[str, Any], message: str
) -> None:
    with pytest.raises(QueryError, match=message) as refused:
        collection.find_moments("asked", **asked)
    assert "\n" not in str(refused.value)


def test_a_part_behind_the_last_moment_is_the_last_moment(collection: SearchIndex) -> None:
    assert collection.find_moments("asked", start=12.5, end=20) == collection.find_moments("asked", start=8, end=12)


def test_a_clip_without_moments_and_a_clip_that_is_not_there_are_told_apart(collection: SearchIndex) -> None:
    collection.put([document("lonely")])
    with pytest.raises(QueryError, match="clip 'lonely' has no moments in the index"):
        collection.find_moments("lonely")
    with pytest.raises(UnknownClipError, match="no clip 'turn' in the index: did you mean turns"):
        collection.find_moments("turn")
    with pytest.raises(QueryError, match="exactly one of"):
        collection.find_moments()
    with pytest.raises(QueryError, match="name the clip"):
        collection.find_moments(vectors=made()["asked"][0].vectors, start=3)


def test_a_reader_of_a_collection_without_an_index_is_told_so(backend: Settings) -> None:
    with open_index(backend) as reader, pytest.raises(SearchError):
        reader.find_moments("asked")


def test_a_very_long_clip_id_has_moments_too(collection: SearchIndex) -> None:
    long = "é" * 256
    collection.put([document(long)])
    assert collection.moments.put(moments(document(long), [0, 1])) == {long: None}
    assert collection.find_moments("asked", start=0, end=4, size=50)
    assert long in collection.moments.clips()
