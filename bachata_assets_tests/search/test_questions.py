"""What is meant by alike, other songs, variety, and sentences by vector and word: the same answers on every backend."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bachata_assets.clip_record import ClipRecord
from bachata_assets.families import DIMENSIONS
from bachata_assets.search import SearchConfig, SearchIndex, open_index
from bachata_assets.search.asking.example import Example
from bachata_assets.search.asking.ranking import diverse, fused, likeness_of
from bachata_assets.search.asking.words import asked_words, word_scores
from bachata_assets.search.errors import QueryError
from bachata_assets.search.lancedb import neighbours
from bachata_assets.settings import Settings, SettingsError, load_settings
from bachata_assets_tests.support.documents import document, documents, vector
from bachata_assets_tests.support.elasticsearch_node import Node


def axis(family: str, *places: int) -> np.ndarray:
    """A vector that points along some axes."""
    vector = np.zeros(DIMENSIONS[family], np.float32)
    vector[list(places)] = 1
    return vector


def clip(clip_id: str, **overrides: Any) -> ClipRecord:
    """A clip whose vectors all point along the first axis, unless overridden."""
    same = {f"{family}_embedding": axis(family, 0) for family in DIMENSIONS}
    return document(clip_id, **(same | overrides))


ALIKE = [
    clip("asked"),
    *(clip(f"unlike_{family}", **{f"{family}_embedding": axis(family, 1)}) for family in DIMENSIONS),
]
"""A clip, and for each family one that is unlike it in this family alone."""


@pytest.mark.parametrize(
    ("by", "least"),
    [
        ("lead", {"lead"}),
        ("follow", {"follow"}),
        ("couple", {"interaction"}),
        ("move", {"lead", "follow", "interaction"}),
        ("music", {"audio"}),
        ("words", {"text"}),
        ("everything", set(DIMENSIONS)),
    ],
)
def test_what_is_meant_by_alike_decides_which_families_count(writer: SearchIndex, by: str, least: set[str]) -> None:
    writer.put(ALIKE)
    found = writer.find_similar("asked", by=by)
    assert all(match.scores.keys() == least for match in found)
    assert {match.clip_id for match in found if match.score < 0.99} == {f"unlike_{family}" for family in least}


def test_weights_that_are_given_count_more_than_what_is_meant_by_alike(writer: SearchIndex) -> None:
    writer.put(ALIKE)
    assert writer.find_similar("asked", by="music", weights={"lead": 1})[0].scores.keys() == {"lead"}
    assert writer.find_similar("asked")[0].scores.keys() == set(DIMENSIONS)
    with pytest.raises(QueryError, match="by: no 'dance'; choose from move, couple, lead, follow, music, words, every"):
        writer.find_similar("asked", by="dance")


def test_what_is_meant_by_alike_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACHATA_ALIKE_BY_MOVE", "lead=2, follow=.5")
    assert SearchConfig.from_settings(load_settings()).presets["move"] == {"lead": 2.0, "follow": 0.5}
    for wrong in ("feet=1", "lead", "lead=-1", "lead=0", "lead=inf"):
        monkeypatch.setenv("BACHATA_ALIKE_BY_MOVE", wrong)
        with pytest.raises(SettingsError, match="BACHATA_ALIKE_BY_MOVE"):
            load_settings()


def in_song(clip_id: str, sound: np.ndarray, tempo: float | None, confidence: float = 0.9) -> ClipRecord:
    return clip(clip_id, audio_embedding=sound, heard_tempo=tempo, heard_tempo_confidence=confidence if tempo else None)


SONGS = [
    in_song("asked", axis("audio", 0), 128.0),
    in_song("the_same_part", axis("audio", 0), 100.0),
    in_song("another_part", axis("audio", 0, 1, 2, 3), 128.9),
    in_song("of_its_tempo", axis("audio", 1), 128.0),
    in_song("alike_but_faster", axis("audio", 0, 1), 131.0),
    in_song("alike_but_not_trusted", axis("audio", 0, 1), 128.0, confidence=0.3),
    clip("silent", audio_embedding=None),
]


def test_clips_to_the_same_recording_can_be_left_out(writer: SearchIndex) -> None:
    writer.put(SONGS)
    found = {match.clip_id for match in writer.find_similar("asked", by="move", other_song=True)}
    assert found == {"of_its_tempo", "alike_but_faster", "alike_but_not_trusted", "silent"}
    assert len(writer.find_similar("asked", by="move")) == 6
    with pytest.raises(QueryError, match="no sound"):
        writer.find_similar("silent", other_song=True)


def test_a_song_is_answered_by_clips_that_fit_its_tempo_its_double_and_its_half(writer: SearchIndex) -> None:
    writer.put(
        [
            in_song("same", axis("audio", 0), 101.0),
            in_song("double", axis("audio", 0, 1), 196.5),
            in_song("half", axis("audio", 0, 1, 2), 51.9),
            in_song("other", axis("audio", 0), 105.0),
            clip("annotated", audio_embedding=axis("audio", 0, 1, 2, 3), estimated_tempo=98.0),
        ]
    )
    song = Example({"audio": axis("audio", 0)}, tempo=100.0, is_song=True)
    found = writer.find_similar(vectors=song)
    assert [match.clip_id for match in found] == ["same", "double", "half", "annotated"]
    wider = {match.clip_id for match in writer.find_similar(vectors=song, filters={"tempo": (100, 110)})}
    assert wider == {"same", "other"}
    assert len(writer.find_similar(vectors=Example(song.vectors, is_song=True))) == 5


TAKES = [
    clip("asked"),
    *(clip(f"take_{n}", lead_embedding=axis("lead", 0) + n * 1e-3 * axis("lead", 5)) for n in range(8)),
    clip("another_move", lead_embedding=axis("lead", 0, 1)),
    clip("a_third_move", lead_embedding=axis("lead", 0, 2)),
]


def test_an_answer_of_variety_is_not_ten_takes_of_one_move(writer: SearchIndex) -> None:
    writer.put(TAKES)
    plain = writer.find_similar("asked", by="lead", size=3)
    varied = writer.find_similar("asked", by="lead", size=3, diverse=True)
    assert {match.clip_id[:5] for match in plain} == {"take_"}
    assert varied[0].clip_id.startswith("take_")
    assert {match.clip_id for match in varied[1:]} == {"another_move", "a_third_move"}
    none = writer.find_similar("asked", by="lead", size=3, diverse=0)
    assert [match.clip_id for match in none] == [match.clip_id for match in plain]
    with pytest.raises(QueryError, match="diverse is 2"):
        writer.find_similar("asked", diverse=2)


SENTENCES = {
    "dip_1": "Dance move: dip, advanced difficulty.",
    "dip_2": "Dance move: sensual dip, low energy. The leader's arm carries; not too close.",
    "turn_1": "Dance move: lady right turn, beginner difficulty.",
    "turn_2": "Dance move: spot turn, low energy, at 120 beats per minute.",
    "roll_1": "Dance move: body roll. ¡Qué rápido! 2nd of three",
}


def said() -> list[ClipRecord]:
    """Clips of which the sentences say more than their vectors, which are all but the same."""
    return [
        clip(key, sentence=sentence, text_embedding=axis("text", 0) + n * 1e-3 * axis("text", 1))
        for n, (key, sentence) in enumerate(SENTENCES.items())
    ] + [clip("silent", sentence=None, text_embedding=None)]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("dip", ["dip_1", "dip_2"]),
        ("DIPS!", ["dip_1", "dip_2"]),
        ("a turn for beginners", ["turn_1"]),
        ("rápido", ["roll_1"]),
        ("leader", ["dip_2"]),
    ],
)
def test_a_sentence_finds_the_clips_that_have_its_words(writer: SearchIndex, asked: str, first: list[str]) -> None:
    writer.put(said())
    found = writer.find_similar(text=asked)
    assert [match.clip_id for match in found[: len(first)]] == first
    assert {match.clip_id for match in found if match.scores["words"]} >= set(first)
    assert len(found) == len(SENTENCES)
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)


def test_words_obey_filters_and_the_clips_that_are_left_out(writer: SearchIndex) -> None:
    writer.put([*said(), clip("dip_3", sentence="Dance move: dip.", quality_score=0.95)])
    assert [match.clip_id for match in writer.find_similar(text="dip", filters={"min_quality": 0.9})] == ["dip_3"]


@pytest.mark.parametrize(
    "hostile",
    [
        'dip" OR *:* {"match_all":{}}',
        "dip'; DROP TABLE moves; --",
        "(dip~2 AND +turn^9) \\",
        "💃🕺" * 50,
        "dip " * 2500,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_text_is_but_words(writer: SearchIndex, hostile: str) -> None:
    writer.put(said())
    found = {match.clip_id for match in writer.find_similar(text=hostile[:10_000])}
    assert found == set(SENTENCES)


@pytest.mark.parametrize("wrong", ["", "  ", "x" * 10_001, "\ud800"])
def test_text_that_cannot_be_asked_is_refused_in_a_line(wrong: str) -> None:
    config = SearchConfig(data_dir="nowhere")
    with SearchIndex(config) as index, pytest.raises(QueryError, match="the text to search for"):
        index.find_similar(text=wrong)


def test_a_word_is_found_in_a_large_embedded_table_by_its_index(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "EXACT_CLIPS", 300)
    settings = Settings(_env_file=None, elasticsearch_host=None, data_dir=str(tmp_path))
    with open_index(settings, fingerprint="large") as index:
        index.put([*(clip(f"clip_{n}", sentence=f"Dance move: basic step {n}.") for n in range(320)), *said()])
        index.put([clip("dip_9", sentence="Dance move: dip.")])
        found = index.find_similar(text="dip", size=3)
        assert {match.clip_id for match in found} == {"dip_1", "dip_2", "dip_9"}
        assert index.find_similar(text="dip", filters={"move_label": "body_roll"}) == []


def test_a_question_is_asked_by_its_words_in_singular_and_plural() -> None:
    assert asked_words("Slow turns, NOT too close") == ("slow", "slows", "turns", "turn", "close", "closes")
    assert len(asked_words(" ".join(f"wo{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(500)))) == 128
    assert asked_words("¿? 12 🕺") == ()


def test_words_that_few_have_weigh_more_and_the_best_is_one() -> None:
    scores = word_scores(("dip", "turn"), {"a": "turn", "b": "turn", "c": "dip", "d": "dip turn"}, 100)
    assert max(scores.values()) == scores["d"] == 1.0
    assert "c" in scores


def test_two_lists_are_fused_by_reciprocal_rank_and_equals_share_one() -> None:
    shares = fused([{"a": 0.9, "b": 0.8, "c": 0.8}, {"c": 1.0}])
    assert shares == pytest.approx({"c": (61 / 62 + 1) / 2, "a": 0.5, "b": 61 / 62 / 2})
    assert list(shares) == ["c", "a", "b"]


def test_the_likeness_of_documents_is_the_score_that_a_search_would_give() -> None:
    vectors = [
        {"lead": axis("lead", 0)},
        {"lead": axis("lead", 0, 1), "audio": axis("audio", 0)},
        {"audio": axis("audio", 1)},
    ]
    likeness = likeness_of(vectors, {"lead": 1.0, "audio": 3.0})
    assert likeness[0, 1] == pytest.approx((1 + np.sqrt(0.5)) / 2)
    assert likeness[1, 2] == pytest.approx(0.5)
    assert np.isnan(likeness[0, 2])
    assert diverse(np.array([0.9, 0.8, 0.7]), likeness, 5, 0.0) == [0, 1, 2]


def test_an_answer_becomes_a_table_with_a_column_for_each_family(writer: SearchIndex) -> None:
    writer.put(ALIKE)
    table = writer.find_similar("asked", by="move", size=2).to_pandas()
    assert list(table["clip_id"]) == ["unlike_audio", "unlike_text"]
    assert {"score", "score_lead", "move_label", "heard_tempo"} <= set(table.columns)
    nothing = writer.find_similar("asked", filters={"difficulty": "none"}).to_pandas()
    assert len(nothing) == 0
    assert "clip_id" in nothing.columns


QUESTIONS: list[dict[str, Any]] = [
    *({"clip_id": "clip_0004", "by": by} for by in SearchConfig().presets),
    {"clip_id": "clip_0004", "other_song": True, "size": 40},
    {"clip_id": "clip_0004", "by": "move", "diverse": True, "size": 12},
    {"clip_id": "clip_0004", "diverse": 0.3, "filters": {"tempo": (105, 125)}},
    {"clip_id": "clip_0004", "filters": {"near_tempo": 55}, "size": 40},
    {"text": "a right turn of the lady for beginners"},
    {"text": "body rolls", "diverse": True},
    {"text": "roll, advanced", "filters": {"min_quality": 0.7}, "size": 30},
    {"vectors": Example({"audio": vector("audio", 1)}, tempo=106.0, is_song=True), "other_song": True},
]


def test_both_backends_give_the_same_answers(tmp_path: Any, elasticsearch_node: Node, alias: str) -> None:
    said = [
        replace(one, heard_tempo=100.0 + n % 9, heard_tempo_confidence=n % 10 / 10)
        for n, one in enumerate(documents(90))
    ]
    answers: list[list[list[tuple[str, float]]]] = []
    for settings in (
        Settings(_env_file=None, elasticsearch_host=None, data_dir=str(tmp_path)),
        elasticsearch_node.settings(elasticsearch_index=alias),
    ):
        with open_index(settings, fingerprint="both") as index:
            index.put(said)
            found = [index.find_similar(**question) for question in QUESTIONS]
            answers.append([[(match.clip_id, round(match.score, 3)) for match in one] for one in found])
    elasticsearch_node.delete_indices(alias)
    for question, embedded, served in zip(QUESTIONS, *answers, strict=True):
        assert embedded == served, question
        assert embedded, question
