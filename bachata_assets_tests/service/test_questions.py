"""Questions over HTTP: the answers of the library, and clear errors."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.search import SearchIndex
from bachata_assets.search.index import open_index
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.documents import documents, moments
from bachata_assets_tests.support.service import Service, serving
from bachata_assets_tests.support.workplace import Workplace


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service of 40 drawn documents."""
    settings = load_settings(data_dir=str(tmp_path_factory.mktemp("data")), serve_port=0)
    with open_index(settings, fingerprint="x") as index:
        index.put(documents(40))
        index.moments.put(one for i, clip in enumerate(documents(40)) for one in moments(clip, [i, i + 1, i + 2]))
        index.promote()
    with serving(settings) as opened:
        yield opened


@pytest.fixture
def made(sample_made: tuple[Workplace, Any]) -> Iterator[Service]:
    """The service of the sample collection as `generate` makes it."""
    with serving(load_settings(data_dir=str(sample_made[0].data), serve_port=0)) as opened:
        yield opened


def test_it_finds_what_the_library_finds(service: Service) -> None:
    with SearchIndex.from_settings(service.settings) as index:
        expected = index.find_similar("clip_0004", size=5, weights={"lead": 1, "text": 2})
    status, found = service.json("/similar", clip_id="clip_0004", size=5, weights="lead=1,text=2")
    assert status == 200
    assert found == [match.to_dict() for match in expected]


def test_it_finds_the_moments_that_the_library_finds(service: Service) -> None:
    asked: dict[str, Any] = {"start": 2, "end": 6, "size": 4, "per_clip": 1, "why": True}
    with SearchIndex.from_settings(service.settings) as index:
        expected = index.find_moments("clip_0004", filters={"difficulty": "advanced"}, **asked)
    status, found = service.json("/moments", clip_id="clip_0004", difficulty="advanced", **asked)
    assert status == 200
    assert len(found) == 4
    assert found == [match.to_dict() for match in expected]
    status, said = service.json("/moments", clip_id="clip_0004", start=99)
    assert status in (400, 422)
    assert "nothing of it is from 99 s on" in str(said)


def test_conditions_hold(service: Service) -> None:
    levels = ["beginner", "advanced"]
    bounds = {"min_tempo": 105, "max_tempo": 120, "min_quality": 0.6}
    status, found = service.json("/similar", clip_id="clip_0004", size=40, difficulty=levels, **bounds)
    assert status == 200
    assert found
    for clip in found:
        assert clip["difficulty"] in levels
        assert 105 <= clip["estimated_tempo"] <= 120
        assert clip["quality_score"] >= 0.6


def test_what_is_meant_by_alike_can_be_said(service: Service) -> None:
    with SearchIndex.from_settings(service.settings) as index:
        expected = index.find_similar("clip_0004", by="move", other_song=True, diverse=True, size=5)
    status, found = service.json("/similar", clip_id="clip_0004", by="move", other_song=True, diverse=True, size=5)
    assert status == 200
    assert [clip["clip_id"] for clip in found] == [match.clip_id for match in expected]


@pytest.mark.parametrize(
    ("question", "status", "words"),
    [
        ({"clip_id": "clip_004"}, 404, "no clip 'clip_004' in the index: did you mean"),
        ({}, 422, "exactly one of"),
        ({"clip_id": "clip_0004", "text": "slow"}, 422, "exactly one of"),
        ({"text": " "}, 422, "the text to search for is empty"),
        ({"clip_id": "clip_0004", "sise": 3}, 422, "sise: "),
        ({"clip_id": "clip_0004", "size": 1001}, 422, "size: "),
        ({"clip_id": "clip_0004", "by": "speed"}, 422, "speed"),
        ({"clip_id": "clip_0004", "weights": "speed=1"}, 422, "weights: no family 'speed'"),
        ({"clip_id": "clip_0004", "min_tempo": "fast"}, 422, "min_tempo: "),
        ({"text": "x" * 10_001}, 422, "text: "),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    service: Service, question: dict[str, Any], status: int, words: str
) -> None:
    answered, said = service.json("/similar", **question)
    assert (answered, list(said)) == (status, ["detail"])
    assert words in said["detail"]
    assert "\n" not in said["detail"]


def test_a_clip_is_sent_again_only_when_it_has_changed(service: Service) -> None:
    status, content, headers = service.ask("/clips/clip_0004")
    clip = json.loads(content)
    assert (status, clip["move_label"], "lead_embedding" in clip) == (200, "lady_right_turn", False)
    status, content, again = service.ask("/clips/clip_0004", If_None_Match=f'"other", {headers["etag"]}')
    assert (status, content, again["etag"]) == (304, b"", headers["etag"])
    assert service.ask("/clips/clip_0005", If_None_Match=headers["etag"])[0] == 200


def test_a_clips_vectors_are_sent_when_asked_for(service: Service) -> None:
    with SearchIndex.from_settings(service.settings) as index:
        document = index.get_embedding_by_id("clip_0004")
    assert document is not None
    assert service.json("/clips/clip_0004", vectors=True) == (200, document.to_source())


def test_what_can_follow_a_clip_is_what_the_library_says(made: Service) -> None:
    with SearchIndex.from_settings(made.settings) as index:
        expected = [one.to_dict() for one in index.find_next("basic_step_1", size=2)]
        chain = index.find_chain("basic_step_1", length=3).to_dict()
    assert made.json("/next", clip_id="basic_step_1", size=2) == (200, json.loads(json.dumps(expected)))
    assert made.json("/chain", clip_id="basic_step_1", length=3) == (200, json.loads(json.dumps(chain)))
    assert made.json("/next", clip_id="ghost")[0] == 404
    assert made.json("/chain", clip_id="basic_step_1", length=1)[0] == 422


def test_a_clip_that_is_not_there_is_named(service: Service) -> None:
    assert service.json("/clips/ghost") == (404, {"detail": "no clip 'ghost' in the index"})


def test_thirty_two_callers_at_once_all_get_their_answer(service: Service) -> None:
    def ask(number: int) -> list[str]:
        status, found = service.json("/similar", clip_id=f"clip_{number % 40:04d}", size=3)
        assert status == 200
        return [clip["clip_id"] for clip in found]

    alone = [ask(number) for number in range(40)]
    with ThreadPoolExecutor(32) as callers:
        assert list(callers.map(ask, range(320))) == alone * 8


def test_health_and_figures_tell_what_was_answered(service: Service) -> None:
    assert service.json("/healthz") == (200, {"clips": 40})
    service.ask("/no/such/page")
    text = service.ask("/metrics")[1].decode()
    assert 'bachata_http_answers_total{method="GET",route="/healthz",status="200"}' in text
    assert 'bachata_http_answer_seconds_bucket{le="0.005",route="/healthz"}' in text
    assert "no/such/page" not in text


def test_the_page_of_questions_asks_for_nothing_elsewhere(service: Service) -> None:
    page = service.ask("/docs")[1].decode()
    assert "swagger-ui-bundle.js" in page
    assert "//" not in page.replace("// `SwaggerUIBundle`", "").replace("http://", "//") or "https://" not in page
    assert service.ask("/static-offline-docs/swagger-ui-bundle.js")[0] == 200
    described = json.loads(service.ask("/openapi.json")[1])
    assert {"/similar", "/clips/{clip_id}", "/healthz", "/metrics", "/annotations"} <= described["paths"].keys()


def keys_of(value: Any) -> Any:
    """Return the names in an answer, without its values; of a list those of its first, of scores by family none."""
    if isinstance(value, list):
        return [keys_of(one) for one in value[:1]]
    if isinstance(value, dict):
        return {name: None if name == "scores" else keys_of(inner) for name, inner in value.items()}
    return None


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("/similar", "/similar?clip_id=basic_step_1"),
        ("/moments", "/moments?clip_id=basic_step_1&start=0&end=3"),
        ("/next", "/next?clip_id=basic_step_1"),
        ("/chain", "/chain?clip_id=basic_step_1&length=2"),
        ("/clips/{clip_id}", "/clips/basic_step_1"),
        ("/healthz", "/healthz"),
    ],
)
def test_the_example_of_an_answer_has_the_form_that_is_described_and_that_of_a_real_answer(
    made: Service, route: str, path: str
) -> None:
    described = json.loads(made.ask("/openapi.json")[1])
    answer = described["paths"][route]["get"]["responses"]["200"]["content"]["application/json"]
    status, content, _ = made.ask(path)
    assert status == 200
    assert keys_of(json.loads(content)) == keys_of(answer["example"])
    schema = answer["schema"]
    named = (schema.get("items") or schema)["$ref"].rpartition("/")[2]
    one = answer["example"][0] if isinstance(answer["example"], list) else answer["example"]
    form = described["components"]["schemas"][named]
    assert set(form.get("required", ())) <= one.keys() <= form["properties"].keys()


def test_every_route_describes_its_answer_with_an_example_and_its_refusals_as_one_line(service: Service) -> None:
    described = json.loads(service.ask("/openapi.json")[1])
    for path, methods in described["paths"].items():
        for route in methods.values():
            (content,) = route["responses"]["200"]["content"].values()
            assert content["example"], path
            if path != "/metrics":
                assert content["schema"], path
            refusals = [one for status, one in route["responses"].items() if status != "200"]
            for refusal in refusals:
                assert refusal["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert ("post" in methods) == ("requestBody" in route), path


def test_clips_that_fit_a_tempo_are_asked_for(service: Service) -> None:
    status, found = service.json("/similar", clip_id="clip_0004", size=40, near_tempo=55)
    assert status == 200
    assert {abs(clip["estimated_tempo"] / 110 - 1) <= 0.04 for clip in found} == {True}


def test_an_index_that_is_not_there_is_503_and_says_what_makes_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with serving(load_settings(data_dir=str(tmp_path / "empty"), serve_port=0)) as empty:
        status, said = empty.json("/similar", clip_id="a")
        assert status == 503
        assert "run `bachata-assets generate` first" in said["detail"]


def test_a_version_that_readers_see_from_now_on_answers_without_a_new_start(tmp_path: Path) -> None:
    settings = load_settings(data_dir=str(tmp_path), serve_port=0)
    with serving(settings) as opened:
        for fingerprint, count in (("first", 3), ("second", 5)):
            with open_index(settings, fingerprint=fingerprint) as index:
                index.put(documents(count))
                index.promote()
            assert opened.json("/healthz") == (200, {"clips": count})
