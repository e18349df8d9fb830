"""What every backend promises, asked of LanceDB and of real Elasticsearch nodes alike."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS
from bachata_assets.search import SearchIndex, candidates, open_index
from bachata_assets.search.checks import check_index_complete, check_vectors_match
from bachata_assets.search.elasticsearch import neighbours as elasticsearch_neighbours
from bachata_assets.search.errors import IndexMissingError, QueryError, SearchError, UnknownClipError
from bachata_assets.search.lancedb import neighbours as lancedb_neighbours
from bachata_assets.search.similarity import DEFAULT_WEIGHTS
from bachata_assets.settings import Settings
from bachata_assets_tests.support.documents import document, documents, read_of, vector
from bachata_assets_tests.support.vectors import present


@pytest.fixture
def collection(writer: SearchIndex) -> SearchIndex:
    results = writer.put(documents(60))
    assert [result.error for result in results] == [None] * 60
    return writer


def test_a_document_reads_back_whole(writer: SearchIndex) -> None:
    sent = document("basic_step_1", 4, follow_embedding=None)
    [result] = writer.put([sent])
    read = read_of(writer, "basic_step_1")
    assert (result.clip_id, result.content_hash, result.error) == ("basic_step_1", sent.content_hash, None)
    assert read.follow_embedding is None
    assert read.created_at == datetime(2025, 10, 18, 12, tzinfo=UTC)
    assert {name: value for name, value in read.to_source().items() if "embedding" not in name} == {
        name: value for name, value in sent.to_source().items() if "embedding" not in name
    }
    for family, expected in sent.vectors.items():
        np.testing.assert_allclose(read.vectors[family], expected, rtol=1e-6)


def test_a_clip_that_is_not_there_is_none(collection: SearchIndex) -> None:
    assert collection.get_embedding_by_id("no_such_clip") is None


def test_putting_a_clip_again_replaces_it(collection: SearchIndex) -> None:
    collection.put([document("clip_0007", 7, move_label="dip")])
    assert collection.count() == 60
    assert read_of(collection, "clip_0007").move_label == "dip"


def test_a_clip_twice_in_one_batch_is_there_once_and_last(writer: SearchIndex) -> None:
    writer.put([document("twice", 1, move_label="first"), document("twice", 1, move_label="last")])
    assert writer.count() == 1
    assert read_of(writer, "twice").move_label == "last"


def test_all_embeddings_stream_with_their_vectors(collection: SearchIndex) -> None:
    read = {found.clip_id: found for found in collection.get_all_embeddings()}
    sent = {made.clip_id: made for made in documents(60)}
    assert read.keys() == sent.keys()
    assert all(read[clip].vectors.keys() == sent[clip].vectors.keys() for clip in sent)
    lead, expected = (present(clips["clip_0020"].lead_embedding) for clips in (read, sent))
    np.testing.assert_allclose(lead, expected, rtol=1e-6)


def test_all_embeddings_can_be_filtered(collection: SearchIndex) -> None:
    read = collection.get_all_embeddings({"difficulty": ["beginner", "advanced"], "tempo": (110, 120)})
    expected = {
        made.clip_id
        for made in documents(60)
        if made.difficulty != "intermediate" and 110 <= made.estimated_tempo <= 120
    }
    assert {found.clip_id for found in read} == expected
    assert expected


def test_deleted_clips_are_gone(collection: SearchIndex) -> None:
    assert collection.delete(["clip_0001", "clip_0002", "never_there"]) == 2
    assert collection.count() == 58
    assert collection.get_embedding_by_id("clip_0001") is None
    assert collection.delete([]) == 0


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(float), b.astype(float)
    return float(a @ b / np.sqrt(a @ a) / np.sqrt(b @ b))


def by_definition(query: str, weights: dict[str, float], size: int, count: int = 60) -> list[tuple[str, float]]:
    """The neighbours in double precision, re-weighted over the families that both have."""
    made = {clip.clip_id: clip.vectors for clip in documents(count)}
    wanted = made.pop(query)
    scores = {}
    for clip, vectors in made.items():
        shared = wanted.keys() & vectors.keys() & weights.keys()
        total = sum(weights[family] * (1 + cosine(wanted[family], vectors[family])) / 2 for family in shared)
        scores[clip] = total / sum(weights[family] for family in shared)
    return sorted(scores.items(), key=lambda item: -item[1])[:size]


@pytest.mark.parametrize("query", ["clip_0000", "clip_0003", "clip_0005"])
@pytest.mark.parametrize("weights", [None, {"lead": 2, "audio": 1}])
def test_neighbours_are_those_of_the_definition(
    collection: SearchIndex, query: str, weights: dict[str, float] | None
) -> None:
    found = collection.find_similar(query, weights=weights, size=20)
    expected = by_definition(query, weights or DEFAULT_WEIGHTS, 20)
    assert [match.clip_id for match in found] == [clip for clip, _ in expected]
    np.testing.assert_allclose([match.score for match in found], [score for _, score in expected], atol=1e-6)


@pytest.mark.parametrize("query", ["clip_0000", "clip_0003"])
def test_a_large_index_is_searched_by_candidates(
    writer: SearchIndex, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for backend in (elasticsearch_neighbours, lancedb_neighbours):
        monkeypatch.setattr(backend, "EXACT_CLIPS", 100)
    monkeypatch.setattr(candidates, "CANDIDATES", 40)
    writer.put(documents(300))
    expected = [clip for clip, _ in by_definition(query, DEFAULT_WEIGHTS, 12, count=300)]
    assert [match.clip_id for match in writer.find_similar(query, size=8)] == expected[:8]
    far = [match.clip_id for match in writer.find_similar(query, size=8, filters={"difficulty": "advanced"})]
    assert far[0] not in expected
    assert len(far) == 8
    writer.delete(expected[:2])
    writer.put([document("a_copy", int(query[-4:]))])
    assert [match.clip_id for match in writer.find_similar(query, size=8)] == ["a_copy", *expected[2:9]]


def test_a_large_index_answers_nothing_to_what_no_clip_has(
    writer: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for backend in (elasticsearch_neighbours, lancedb_neighbours):
        monkeypatch.setattr(backend, "EXACT_CLIPS", 100)
    absent = {f"{family}_embedding": None for family in DIMENSIONS}
    silent = {"audio_embedding": None, "text_embedding": None}
    writer.put([document(f"silent_{seed}", seed, **silent) for seed in range(290)])
    writer.put([document(f"empty_{seed}", seed, **absent) for seed in range(10)])
    asked = {family: vector(family, 1) for family in ("audio", "text", "lead")}
    assert writer.find_similar(vectors=asked, size=2)[0].clip_id == "silent_1"
    assert writer.find_similar(vectors={"audio": asked["audio"]}) == []
    assert writer.find_similar(vectors={"audio": asked["audio"], "text": asked["text"]}) == []
    assert writer.find_similar(vectors=asked, filters={"move_label": "no_such_move"}) == []
    every = writer.find_similar(vectors=asked, size=1000)
    assert {match.clip_id for match in every} == {f"silent_{seed}" for seed in range(290)}


def test_a_match_carries_the_score_of_each_shared_family(collection: SearchIndex) -> None:
    matches = {match.clip_id: match for match in collection.find_similar("clip_0000", size=59)}
    made = {clip.clip_id: clip for clip in documents(60)}
    assert list(matches["clip_0001"].scores) == list(DEFAULT_WEIGHTS)
    assert "audio" not in matches["clip_0003"].scores
    assert "follow" not in matches["clip_0005"].scores
    texts = (present(made[clip_id].text_embedding) for clip_id in ("clip_0000", "clip_0009"))
    expected = (1 + cosine(*texts)) / 2
    assert matches["clip_0009"].scores["text"] == pytest.approx(expected, abs=1e-6)
    assert matches["clip_0009"].move_label == "basic_step"
    assert matches["clip_0009"].to_dict()["video_path"].endswith("clip_0009.mp4")


def test_neighbours_can_be_filtered(collection: SearchIndex) -> None:
    filters = {
        "difficulty": "intermediate",
        "energy_level": "medium",
        "tempo": (100, 120),
        "min_quality": 0.6,
    }
    found = collection.find_similar("clip_0000", filters=filters, size=59)
    expected = {
        made.clip_id
        for made in documents(60)
        if made.difficulty == "intermediate" and made.estimated_tempo <= 120 and made.quality_score >= 0.6
    }
    assert {match.clip_id for match in found} == expected
    assert collection.find_similar("clip_0000", filters={"move_label": "no_such_move"}) == []


def test_a_clip_without_movement_is_never_good_whatever_its_quality(writer: SearchIndex) -> None:
    still = {"lead_embedding": None, "follow_embedding": None, "interaction_embedding": None}
    writer.put(
        [
            document("asked", 0),
            document("one_picture", 3, quality_score=0.92, **still),
            document("only_the_follower", 3, quality_score=0.92, lead_embedding=None, interaction_embedding=None),
            document("poor", 3, quality_score=0.2),
        ]
    )
    good = writer.find_similar("asked", filters={"min_quality": 0.5})
    assert [match.clip_id for match in good] == ["only_the_follower"]
    assert len(writer.find_similar("asked")) == 3


def test_vectors_can_be_asked_about(collection: SearchIndex) -> None:
    found = collection.find_similar(vectors={"text": vector("text", 30), "lead": vector("lead", 30)}, size=1)
    assert found[0].clip_id == "clip_0030"
    assert found[0].score == pytest.approx(1, abs=1e-6)
    assert found[0].scores.keys() == {"text", "lead"}


def test_a_clip_with_none_of_the_families_asked_for_is_not_found(collection: SearchIndex) -> None:
    found = collection.find_similar("clip_0000", weights={"audio": 1}, size=59)
    without_sound = {made.clip_id for made in documents(60) if made.audio_embedding is None}
    assert len(found) == 59 - len(without_sound)
    assert not without_sound & {match.clip_id for match in found}


def test_a_sentence_finds_the_clip_that_it_describes(writer: SearchIndex) -> None:
    from bachata_assets.language.encoder import TextEncoder

    sentences = {
        "gentle": "A slow and romantic turn for beginners",
        "wild": "Fast, energetic footwork for advanced dancers",
        "leaning": "A deep dip at the end of the song",
    }
    encoder = TextEncoder()
    writer.put(document(clip, text_embedding=encoder.encode([text])[0]) for clip, text in sentences.items())
    found = writer.find_similar(text="romantic slow turn, easy")
    assert found[0].clip_id == "gentle"
    assert found[0].scores.keys() == {"text"}


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ({}, "exactly one of"),
        ({"clip_id": "clip_0000", "text": "turn"}, "exactly one of"),
        ({"text": "  "}, "empty"),
        ({"clip_id": "clip_0000", "size": 0}, "size is 0"),
        ({"clip_id": "clip_0000", "weights": {"pose": 1}}, "no family 'pose'"),
        ({"clip_id": "clip_0000", "weights": {"text": 0}}, "at least one"),
        ({"clip_id": "clip_0000", "weights": {"text": -1, "lead": 1}}, "text is -1"),
        ({"clip_id": "clip_0003", "weights": {"audio": 1}}, "nothing to compare"),
        ({"vectors": {"lead": np.ones(3)}}, "lead must be 512 finite numbers"),
        ({"vectors": {"audio": np.zeros(128)}}, "not all zero"),
        ({"vectors": {"pose": np.ones(3)}}, "no family 'pose'"),
        ({"clip_id": "clip_0000", "filters": {"mood": "happy"}}, "no filter 'mood'"),
    ],
)
def test_a_senseless_question_is_refused(collection: SearchIndex, question: dict[str, Any], says: str) -> None:
    with pytest.raises(QueryError, match=says):
        collection.find_similar(**question)


def test_an_unknown_clip_is_named(collection: SearchIndex) -> None:
    with pytest.raises(UnknownClipError, match="no clip 'no_such_clip'"):
        collection.find_similar("no_such_clip")


def test_an_index_with_one_clip_has_no_neighbours(writer: SearchIndex) -> None:
    writer.put([document("alone")])
    assert writer.find_similar("alone") == []


def test_an_empty_batch_is_no_error(writer: SearchIndex) -> None:
    assert writer.put([]) == []
    assert (writer.count(), writer.ids(), list(writer.get_all_embeddings())) == (0, set(), [])


def test_the_status_of_nothing_is_empty(backend: Settings) -> None:
    status = SearchIndex.from_settings(backend).status()
    assert (status.versions, status.alias_taken) == ((), False)


def test_readers_see_nothing_before_the_first_promotion(backend: Settings, collection: SearchIndex) -> None:
    reader = SearchIndex.from_settings(backend)
    with pytest.raises(IndexMissingError, match="bachata-assets generate"):
        reader.count()
    promotion = collection.promote()
    assert (promotion.live, promotion.replaced) == (True, None)
    assert reader.count() == 60
    assert reader.find_similar("clip_0000", size=1)[0].clip_id == by_definition("clip_0000", DEFAULT_WEIGHTS, 1)[0][0]


def test_a_reader_cannot_write(backend: Settings) -> None:
    with pytest.raises(SearchError, match="opened for reading"):
        SearchIndex.from_settings(backend).put([document("clip")])


def test_the_alias_moves_when_the_new_version_has_every_live_clip(backend: Settings, collection: SearchIndex) -> None:
    old = collection.promote().index_name
    reader = SearchIndex.from_settings(backend)
    made = documents(60)
    with open_index(backend, fingerprint="other models") as new:
        new.put(made[:40])
        held_back = new.promote()
        assert (held_back.live, len(held_back.missing), held_back.missing[0]) == (False, 20, "clip_0040")
        assert reader.count() == 60
        new.put(made[40:59])
        moved = new.promote(live_clips=[clip.clip_id for clip in made[:59]])
        assert (moved.live, moved.replaced) == (True, old)
        assert reader.count() == 59
        live = [(version.name, version.documents, version.live) for version in new.status().versions]
        assert live == [(moved.index_name, 59, True), (old, 60, False)]
        assert new.prune() == [old, collection.moments.version]
        assert [version.name for version in new.status().versions] == [moved.index_name]


def test_a_promotion_can_be_forced(backend: Settings, collection: SearchIndex) -> None:
    collection.promote()
    with open_index(backend, fingerprint="other models") as new:
        new.put(documents(3))
        assert new.promote(force=True).live
    assert SearchIndex.from_settings(backend).count() == 3


def test_the_same_fingerprint_goes_on_with_the_same_version(backend: Settings, collection: SearchIndex) -> None:
    with open_index(backend, fingerprint="models of the tests") as again:
        assert again.count() == 60


def test_pruning_keeps_the_version_being_written(backend: Settings, collection: SearchIndex) -> None:
    collection.promote()
    with open_index(backend, fingerprint="other models") as new:
        new.put(documents(3))
        assert new.prune() == []
        assert len(new.status().versions) == 2


def test_deleting_reaches_what_readers_see(backend: Settings, collection: SearchIndex) -> None:
    collection.promote()
    with open_index(backend, fingerprint="other models") as new:
        new.put(documents(3))
        assert new.delete(["clip_0001", "clip_0050"]) == 2
        assert new.ids() == {"clip_0000", "clip_0002"}
    assert SearchIndex.from_settings(backend).count() == 58


def test_a_difference_between_index_and_dataset_is_named(collection: SearchIndex) -> None:
    made = {clip.clip_id: clip for clip in documents(60)}
    assert check_index_complete(collection, made).complete
    assert check_vectors_match(collection, {clip: made[clip].vectors for clip in ("clip_0003", "clip_0009")}) == []
    difference = check_index_complete(collection, [*list(made)[1:], "new_clip"])
    assert (difference.missing, difference.unexpected) == (("new_clip",), ("clip_0000",))
    wrong = made["clip_0003"].vectors | {"lead": vector("lead", 4), "audio": vector("audio", 3)}
    del wrong["text"]
    found = {(d.clip_id, d.family): d.reason for d in check_vectors_match(collection, {"clip_0003": wrong})}
    assert found.keys() == {("clip_0003", "lead"), ("clip_0003", "audio"), ("clip_0003", "text")}
    assert "differs by" in found["clip_0003", "lead"]
    assert found["clip_0003", "audio"] == "not in the index"
    assert "absent from the dataset" in found["clip_0003", "text"]
    assert len(check_vectors_match(collection, {"gone": made["clip_0009"].vectors})) == len(DIMENSIONS)
