"""What has to be made, and in which batches."""

import pyarrow as pa

from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.versions import Batch, StageHistory, batches, expected_versions, outdated

CLIP = {"clip_file": "f1", "annotation": "a1"}


def stage(name: str, *inputs: str, code: str = "1") -> Stage:
    return Stage(name, inputs, pa.schema([]), code, "", "", ())


def chain(**code: str) -> list[Stage]:
    """Return the chain of a clip in small."""
    stages = [
        stage("keypoints", "clip_file"),
        stage("beats", "clip_file"),
        stage("lead", "keypoints", "beats"),
        stage("text", "annotation"),
        stage("index", "annotation", "lead", "text"),
    ]
    return [Stage(**{**vars(s), "code_version": code.get(s.name, s.code_version)}) for s in stages]


def all_made(stages: list[Stage], **clips: dict[str, str]) -> dict[str, StageHistory]:
    """Return what is known when everything was made from these versions."""
    versions = {clip_id: expected_versions(stages, external) for clip_id, external in clips.items()}
    return {
        s.name: StageHistory({clip_id: v[s.name] for clip_id, v in versions.items()}, {}, set(clips)) for s in stages
    }


def stale(stages: list[Stage], external: dict[str, str]) -> set[str]:
    """Return what is stale of a clip made by the plain chain from CLIP."""
    return set(outdated(stages, {"c": external}, all_made(chain(), c=CLIP)).get("c", ()))


def test_a_clip_made_from_what_is_there_is_up_to_date() -> None:
    assert stale(chain(), CLIP) == set()


def test_a_new_clip_needs_every_stage() -> None:
    recorded = {s.name: StageHistory({}, {}, set()) for s in chain()}
    assert outdated(chain(), {"c": CLIP}, recorded) == {"c": {"keypoints", "beats", "lead", "text", "index"}}


def test_an_edited_annotation_makes_the_text_and_the_document_stale() -> None:
    assert stale(chain(), {**CLIP, "annotation": "a2"}) == {"text", "index"}


def test_another_file_makes_everything_but_the_text_stale() -> None:
    assert stale(chain(), {**CLIP, "clip_file": "f2"}) == {"keypoints", "beats", "lead", "index"}


def test_another_pose_model_makes_what_hangs_on_keypoints_stale() -> None:
    assert stale(chain(keypoints="1+other"), CLIP) == {"keypoints", "lead", "index"}


def test_new_code_of_an_embedding_makes_it_and_the_document_stale() -> None:
    assert stale(chain(lead="2"), CLIP) == {"lead", "index"}


def test_a_table_that_was_deleted_is_made_again() -> None:
    recorded = all_made(chain(), c=CLIP)
    recorded["lead"] = StageHistory(recorded["lead"].made, {}, set())
    assert outdated(chain(), {"c": CLIP}, recorded) == {"c": {"lead"}}


def test_a_failure_counts_until_something_it_depends_on_changes() -> None:
    recorded = StageHistory(made={"c": "old"}, failed={"c": "new"}, tables={"c"})
    assert recorded.has_failed("c", "new")
    assert not recorded.has_failed("c", "newer")


def test_a_failure_is_over_when_the_same_version_was_made_later() -> None:
    assert not StageHistory(made={"c": "new"}, failed={"c": "new"}, tables={"c"}).has_failed("c", "new")


def test_a_clip_that_is_up_to_date_is_never_planned_between_two_that_are_not() -> None:
    todo = frozenset({"keypoints"})
    assert batches({"a": todo, "c": todo}, ["a", "b", "c"], 25) == [Batch(todo, ("a",)), Batch(todo, ("c",))]


def test_clips_that_need_different_stages_go_into_different_runs() -> None:
    one, other = frozenset({"keypoints"}), frozenset({"text"})
    assert batches({"a": one, "b": one, "c": other}, ["a", "b", "c"], 25) == [
        Batch(one, ("a", "b")),
        Batch(other, ("c",)),
    ]


def test_a_run_takes_no_more_clips_than_it_may() -> None:
    todo = frozenset({"text"})
    plan = batches(dict.fromkeys("abcde", todo), list("abcde"), 2)
    assert [batch.clip_ids for batch in plan] == [("a", "b"), ("c", "d"), ("e",)]


def test_nothing_to_do_is_no_run() -> None:
    assert batches({}, ["a", "b"], 25) == []
