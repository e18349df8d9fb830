"""What comes next, from real nodes and from LanceDB: the same answers."""

import json

import numpy as np
import pytest

from bachata_assets.pose.transitions.constants import load_constants
from bachata_assets.search import SearchIndex
from bachata_assets.search.asking.example import Example
from bachata_assets.search.continuation import NoEndingError
from bachata_assets.search.errors import QueryError, UnknownClipError
from bachata_assets_tests.support.documents import document
from bachata_assets_tests.support.edges import clip_with_edges as clip
from bachata_assets_tests.support.edges import direction

CLIPS = [
    clip("first", 0, 10),
    clip("near", 12, 100),
    clip("jumping", 20, 110, 1, distance=1.8, hold=1.2, phase=0.6, tempo=132.0),
    clip("turned", 105, 170, 2),
    clip("blind", 108, None, 3),
    clip("far", 190, 0, 4),
    clip("unseen", None, 15, 5),
]


@pytest.fixture
def filled(writer: SearchIndex) -> SearchIndex:
    writer.put(CLIPS)
    writer.promote()
    return writer


def test_the_beginnings_nearest_to_the_ending_come_first(filled: SearchIndex) -> None:
    found = filled.find_next("first", size=3)
    assert [one.clip_id for one in found] == ["near", "jumping", "turned"]
    np.testing.assert_allclose([one.cost for one in found], 1 - np.cos(np.radians([2, 10, 95])), atol=1e-5)
    assert [one.score for one in found] == [
        pytest.approx(load_constants().score(1 - one.cost), abs=1e-6) for one in found
    ]
    assert {one.clip_id for one in filled.find_next("first", size=50)} == {one.clip_id for one in CLIPS} - {
        "first",
        "unseen",
    }


def test_an_answer_says_what_fits_and_what_jumps(filled: SearchIndex) -> None:
    near, jumping = filled.find_next("first", size=2)
    assert near.jumps == ()
    assert {"distance", "hold", "lead posture", "phase", "tempo"} <= {one.name for one in near.fits}
    assert [one.name for one in jumping.jumps] == ["phase", "distance", "hold", "tempo"]
    said = {one.name: str(one) for one in jumping.jumps}
    assert said["distance"].startswith("farther apart (0.8 torsos, usual up to 0.")
    assert said["hold"].startswith("hands joined to apart (0.9 torsos")
    assert said["tempo"] == "tempo 120 to 132 (10 %, usual up to 4)"
    assert said["phase"] == "the next beat comes late (0.5 beats, usual up to 0.15)"
    assert json.loads(json.dumps(jumping.to_dict()))["changes"][0]["fits"] is False


def test_answers_become_tables_with_a_column_for_each_change(filled: SearchIndex) -> None:
    found = filled.find_next("first", size=2).to_pandas()
    assert list(found.columns[:3]) == ["clip_id", "score", "cost"]
    assert list(found["clip_id"]) == ["near", "jumping"]
    assert list(found["jumps"]) == ["", "phase, distance, hold, tempo"]
    assert list(found["change_distance"]) == [0.0, 0.8]
    assert {"move_label", "heard_tempo", "change_lead_facing"} <= set(found.columns)
    chain = filled.find_chain("first", length=3).to_pandas()
    assert list(chain["after"]) == ["first", "near"]
    assert list(chain["clip_id"]) == ["near", "turned"]
    nothing = filled.find_next("first", filters={"difficulty": "none"}).to_pandas()
    assert len(nothing) == 0
    assert "clip_id" in nothing.columns


def test_filters_hold_for_what_follows(filled: SearchIndex) -> None:
    found = filled.find_next("first", filters={"difficulty": "intermediate"})
    assert {one.clip_id for one in found} == {"jumping", "far"}


def test_a_song_leaves_out_clips_of_another_tempo(filled: SearchIndex) -> None:
    """The tempi are those of the annotation, 100 and more, since none is heard."""
    found = filled.find_next("first", song=Example({}, tempo=101.5, is_song=True))
    assert {one.clip_id for one in found} == {"near", "jumping", "turned", "blind", "far"}
    assert [one.clip_id for one in filled.find_next("first", song=Example({}, tempo=97, is_song=True))] == ["near"]
    named = filled.find_next("first", song=Example({}, tempo=97, is_song=True), filters={"tempo": (104, None)})
    assert [one.clip_id for one in named] == ["far"]
    assert filled.find_chain("first", length=2, song=Example({}, tempo=202, is_song=True)).clip_ids == ("first", "near")
    with pytest.raises(QueryError, match="no tempo can be heard in the song"):
        filled.find_next("first", song=Example({}))


def test_a_clip_without_an_ending_says_why(filled: SearchIndex) -> None:
    with pytest.raises(NoEndingError, match=r"^blind has no ending: the lead cannot be seen where the clip ends"):
        filled.find_next("blind")
    with pytest.raises(UnknownClipError, match=r"did you mean first\?"):
        filled.find_next("firs")
    with pytest.raises(QueryError, match="size is 0"):
        filled.find_next("first", size=0)


def test_documents_of_an_earlier_version_say_what_to_do(writer: SearchIndex) -> None:
    writer.put([document("old"), document("older", 1)])
    with pytest.raises(NoEndingError, match="`bachata-assets generate` adds them"):
        writer.find_next("old")
    assert [match.clip_id for match in writer.find_similar("old")] == ["older"]


def test_a_chain_flows_and_repeats_no_clip(filled: SearchIndex) -> None:
    chain = filled.find_chain("first", length=4)
    assert chain.clip_ids == ("first", "near", "turned", "far")
    assert chain.cost == pytest.approx(sum(link.cost for link in chain.links))
    np.testing.assert_allclose([link.cost for link in chain.links], 1 - np.cos(np.radians([2, 5, 20])), atol=1e-5)
    assert json.loads(json.dumps(chain.to_dict()))["clip_ids"] == list(chain.clip_ids)


def test_a_chain_looks_beyond_the_next_clip(writer: SearchIndex) -> None:
    """The nearest beginning leads nowhere: a greedy search would pay 2 for what follows it."""
    writer.put([clip("a", 90, 0), clip("trap", 5, 180), clip("way", 20, 40), clip("goal", 40, 90)])
    assert writer.find_chain("a", length=3).clip_ids == ("a", "way", "goal")


def test_a_chain_that_cannot_be_is_refused(filled: SearchIndex) -> None:
    with pytest.raises(QueryError, match="only 6 clips can follow one another from first: ask for a shorter chain"):
        filled.find_chain("first", length=7)
    with pytest.raises(QueryError, match="length is 1, must be a whole number from 2 to 100"):
        filled.find_chain("first", length=1)
    with pytest.raises(NoEndingError):
        filled.find_chain("blind", length=2)


def test_a_document_keeps_its_edges(filled: SearchIndex) -> None:
    read = filled.get_embedding_by_id("near")
    assert read is not None
    assert read.beginning is not None
    np.testing.assert_allclose(read.beginning, direction(12), atol=1e-6)
    assert read.edges == CLIPS[1].edges
    assert set(read.vectors) == {"lead", "follow", "interaction", "audio", "text"}
