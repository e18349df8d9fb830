"""Documents, filters and weights as values, without an index."""

import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from bachata_assets.clip_record import ClipRecord, InvalidRecordError
from bachata_assets.families import DIMENSIONS
from bachata_assets.search import Filters
from bachata_assets.search.candidates import NO_GROUP, candidate_searches, family_sizes, only_searched
from bachata_assets.search.continuation.search import Continuation
from bachata_assets.search.errors import QueryError
from bachata_assets.search.kind import CLIPS
from bachata_assets.search.moments.record import MomentMatch
from bachata_assets.search.similarity import (
    DEFAULT_WEIGHTS,
    Match,
    Query,
    best,
    checked_vector,
    checked_weights,
    combine,
    family_scores,
    parse_weights,
)
from bachata_assets_tests.support.documents import document, vector
from bachata_assets_tests.support.vectors import present


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"audio_embedding": np.ones(127)}, r"clip: audio_embedding has shape \(127,\), must be \(128,\)"),
        ({"lead_embedding": np.full(512, np.nan)}, "clip: lead_embedding holds NaN or Inf"),
        ({"lead_embedding": np.full(512, 1e300)}, "clip: lead_embedding holds NaN or Inf"),
        ({"text_embedding": np.zeros(384)}, "clip: text_embedding is all zeros; an absent vector is None"),
        ({"estimated_tempo": math.nan}, "clip: estimated_tempo is nan, not a finite number"),
        ({"created_at": datetime(2025, 10, 18)}, "clip: created_at .* has no time zone"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_a_wrong_document_is_refused_by_clip_and_field(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRecordError, match=says):
        document("clip", **wrong)


@pytest.mark.parametrize("clip_id", ["", "é" * 257])
def test_an_id_that_elasticsearch_cannot_take_is_refused(clip_id: str) -> None:
    with pytest.raises(InvalidRecordError, match="must be 1 to 512 bytes long"):
        document(clip_id)


def test_the_json_reads_back_as_the_same_document() -> None:
    sent = document("clip", 5, follow_embedding=None)
    read = ClipRecord.from_source(json.loads(sent.to_json()))
    assert read.to_json() == sent.to_json()
    assert read.content_hash == sent.content_hash
    for family, expected in sent.vectors.items():
        np.testing.assert_array_equal(read.vectors[family], expected)
    assert json.loads(sent.to_json())["follow_embedding"] is None


def test_a_vector_cannot_be_changed_afterwards() -> None:
    given = vector("lead", 1)
    made = document("clip", 1, lead_embedding=given)
    given[0] = 7
    kept = present(made.lead_embedding)
    assert kept[0] != 7
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 7


def test_the_content_hash_changes_with_content_alone() -> None:
    made = document("clip", 1)
    later = replace(made, created_at=datetime(2026, 1, 1, tzinfo=UTC), processing_time=1.0)
    assert later.content_hash == made.content_hash
    nudged = present(made.lead_embedding).copy()
    nudged[511] = np.nextafter(nudged[511], np.float32(9))
    others = [
        replace(made, lead_embedding=nudged),
        replace(made, lead_embedding=None),
        replace(made, lead_embedding=made.follow_embedding, follow_embedding=made.lead_embedding),
        replace(made, move_label="dip"),
        replace(made, frame_count=451),
    ]
    assert len({made.content_hash, *(other.content_hash for other in others)}) == 6


def test_filters_are_the_same_in_every_spelling() -> None:
    texts = ["difficulty=beginner,advanced", "tempo=100..130.5", "min_quality=0.6", "move_label=dip"]
    mapping = {
        "difficulty": ["beginner", "advanced"],
        "tempo": (100, 130.5),
        "min_quality": 0.6,
        "move_label": "dip",
    }
    expected = Filters(("dip",), ("beginner", "advanced"), (), 100.0, 130.5, 0.6)
    assert Filters.parse(texts) == Filters.of(mapping) == Filters.of(expected) == expected


def test_a_tempo_range_may_be_open() -> None:
    assert Filters.parse(["tempo=120.."]) == Filters(min_tempo=120.0)
    assert Filters.parse(["tempo=..120"]) == Filters(max_tempo=120.0)
    assert Filters.of(None) == Filters.of({}) == Filters()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("difficulty", "cannot read 'difficulty'"),
        ("difficulty=", "cannot read 'difficulty='"),
        ("tempo=120", r"a tempo range is written tempo=100\.\.130"),
        ("tempo=slow..fast", "tempo must be a number, is 'slow'"),
        ("min_quality=high", "min_quality must be a number, is 'high'"),
        ("near_tempo=nan", "near_tempo must be a number, is 'nan'"),
        ("tempo=100..inf", "tempo must be a number, is 'inf'"),
        ("mood=happy", "no filter 'mood'; choose from move_label, difficulty"),
    ],
)
def test_a_filter_that_cannot_be_read_is_named(text: str, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        Filters.parse([text])


@pytest.mark.parametrize("tempo", [120, (100,), "100..130"])
def test_a_tempo_that_is_no_pair_is_refused(tempo: Any) -> None:
    with pytest.raises(QueryError, match="tempo must be a pair"):
        Filters.of({"tempo": tempo})


def test_a_quote_in_a_label_stays_in_the_label() -> None:
    assert Filters(move_label=("o' OR 1=1 --",)).to_sql() == "move_label IN ('o'' OR 1=1 --')"


def test_weights_are_read_from_the_command_line() -> None:
    assert parse_weights("text=0.5, lead=2,audio=0") == {"text": 0.5, "lead": 2.0, "audio": 0.0}
    assert checked_weights(parse_weights("text=0.5,audio=0")) == {"text": 0.5}


@pytest.mark.parametrize("text", ["text", "text=much", "", "mood=1", "text=0", "text=nan"])
def test_weights_that_cannot_be_used_are_refused(text: str) -> None:
    with pytest.raises(QueryError, match="weights: "):
        parse_weights(text)


@pytest.mark.parametrize("weight", ["much", "1", None, True, -1, float("inf")])
def test_a_weight_that_is_no_number_is_refused_by_its_family(weight: Any) -> None:
    with pytest.raises(QueryError, match=r"weights: audio is .*, must be a number of at least 0"):
        checked_weights({"text": 1, "audio": weight})


@pytest.mark.parametrize("vector", ["words", None, ["a"] * 128, [1.0] * 127, [[1.0] * 128], [float("nan")] * 128])
def test_what_is_no_vector_of_a_family_is_refused_by_it(vector: Any) -> None:
    with pytest.raises(QueryError, match="vectors: audio must be 128 finite numbers, not all zero"):
        checked_vector("audio", vector)


def test_the_best_are_weighed_over_what_is_there_and_equals_ordered_by_id() -> None:
    nan = np.nan
    scores = np.array([[0.9, 0.1], [nan, 0.5], [0.5, 0.5], [nan, nan], [0.5, nan]])
    found = best(["e", "d", "c", "b", "a"], scores, np.array([3.0, 1.0]), size=4)
    assert found == [(0, pytest.approx(0.7)), (4, 0.5), (2, 0.5), (1, 0.5)]


def test_an_answer_shows_as_one_short_line() -> None:
    fields: dict[str, Any] = {
        "clip_id": "basic_step_1", "video_path": "videos/basic_step_1.mp4", "move_label": "basic_step",
        "difficulty": "beginner", "energy_level": "low", "estimated_tempo": 120.0, "quality_score": 0.8912345678901234,
    }  # fmt: skip
    match = Match(score=0.8765432109876543, scores={"lead": 0.8765432109876543}, **fields)
    assert repr([match]) == "[Match('basic_step_1', basic_step, score 0.877)]"
    moment = MomentMatch(
        score=0.5, scores={}, moment=3, start_s=4.000001, end_s=8.04, start_beat=None, end_beat=None, **fields
    )
    assert repr(moment) == "MomentMatch('basic_step_1', 4.0 to 8.0 s, basic_step, score 0.500)"
    assert repr(Continuation(score=1.0, cost=0.1, changes=(), **fields)) == (
        "Continuation('basic_step_1', basic_step, score 1.000)"
    )


def test_the_library_imports_neither_torch_nor_dagster() -> None:
    heavy = "torch", "dagster", "lancedb", "elasticsearch", "sentence_transformers"
    code = f"import sys, bachata_assets.search; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_where_families_are_searched_apart_candidates_are_dealt_out_by_weight() -> None:
    def asked(size: int, **weights: float) -> dict[str, int]:
        return family_sizes(Query({}, weights, Filters(), size))

    assert asked(10, text=0.35, audio=0.35, lead=0.3) == {"text": 263, "audio": 263, "lead": 225}
    assert asked(10, lead=3) == {"lead": 750}
    assert asked(40, text=1, lead=1) == {"text": 1000, "lead": 1000}
    assert asked(5000, text=2, lead=1) == {"text": 6000, "lead": 3000}


def test_documents_are_searched_by_the_families_that_they_share_with_the_question() -> None:
    asked = {family: vector(family, 1) for family in ("lead", "audio")}
    query = Query(asked, dict.fromkeys(asked, 1.0), Filters(), 10)
    groups = ["lead audio text", "lead audio", "audio", "text"]
    searches = candidate_searches(CLIPS, query, groups)
    assert [(one.field, one.size, one.groups) for one in searches] == [
        ("combined", 200, ("lead audio", "lead audio text")),
        ("combined", 200, ("audio",)),
    ]
    of_others = candidate_searches(CLIPS, query, [NO_GROUP])
    assert [(one.field, one.size, one.groups) for one in of_others] == [
        ("lead_embedding", 375, (NO_GROUP,)),
        ("audio_embedding", 375, (NO_GROUP,)),
    ]
    alone = candidate_searches(CLIPS, Query({"lead": asked["lead"]}, {"lead": 1.0}, Filters(), 10), groups)
    assert [(one.field, one.size, one.groups) for one in alone] == [("lead_embedding", 200, ())]
    edge = Query({"beginning": np.ones(64)}, {"beginning": 1.0}, Filters(), 10)
    assert [one.field for one in candidate_searches(CLIPS, edge, groups)] == ["beginning"]


@pytest.mark.parametrize("weights", [DEFAULT_WEIGHTS, {"lead": 3.0, "audio": 1.0}])
@pytest.mark.parametrize("absent", [(), ("audio",), ("lead", "text")])
def test_the_cosine_of_combined_vectors_orders_documents_as_their_scores_do(
    weights: dict[str, float], absent: tuple[str, ...]
) -> None:
    without = {f"{family}_embedding": None for family in absent}
    made = [document(f"clip_{seed}", seed, **without) for seed in range(2, 40)]
    query = Query({family: vector(family, 1) for family in weights}, weights, Filters(), 10)
    stored = [only_searched(CLIPS, one) for one in made]
    [search] = candidate_searches(CLIPS, query, {one["families"] for one in stored})
    by_combined = family_scores(search.vector, np.stack([one["combined"] for one in stored]))
    scores = [[family_scores(v, one.vectors[f][None])[0] if f in one.vectors else np.nan for one in made]
              for f, v in query.vectors.items()]  # fmt: skip
    exact = combine(np.array(scores).T, query.weight_vector)
    assert np.argsort(-by_combined).tolist() == np.argsort(-exact).tolist()


def test_a_document_without_any_family_has_no_combined_vector() -> None:
    nothing = document("nothing", 1, **{f"{family}_embedding": None for family in DIMENSIONS})
    assert only_searched(CLIPS, nothing) == {"combined": None, "families": None}
    silent = only_searched(CLIPS, document("silent", 3, audio_embedding=None))
    assert silent["families"] == "lead follow interaction text"
    assert silent["combined"].shape == (1792,)
    assert np.linalg.norm(silent["combined"]) == pytest.approx(2)
