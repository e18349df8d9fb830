"""What holds of any plan: which stages are outdated, and how clips are grouped into runs."""

import itertools

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from bachata_assets.collection.clip import EXTERNAL
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.versions import StageHistory, batches, expected_versions, outdated

KEYS = [f"clip_{number}" for number in range(12)]
PLANS = st.dictionaries(st.sampled_from(KEYS), st.frozensets(st.sampled_from("abc"), min_size=1, max_size=2))


@given(PLANS, st.integers(1, 4))
def test_batches_hold_what_is_planned_once_in_order_and_no_more_than_they_may(
    plan: dict[str, frozenset[str]], at_most: int
) -> None:
    made = batches(plan, KEYS, at_most)
    assert [clip for batch in made for clip in batch.clip_ids] == [key for key in KEYS if key in plan]
    for batch in made:
        first = KEYS.index(batch.clip_ids[0])
        assert list(batch.clip_ids) == KEYS[first : first + len(batch.clip_ids)]
        assert len(batch.clip_ids) <= at_most
        assert {plan[clip] for clip in batch.clip_ids} == {batch.stages}
    for one, other in itertools.pairwise(made):
        adjoin = KEYS.index(other.clip_ids[0]) == KEYS.index(one.clip_ids[-1]) + 1
        assert not adjoin or one.stages != other.stages or len(one.clip_ids) == at_most


@st.composite
def chains(draw: st.DrawFn) -> list[Stage]:
    """Stages in an order in which inputs come first."""
    stages: list[Stage] = []
    for number in range(draw(st.integers(1, 6))):
        known = [*EXTERNAL, *(stage.name for stage in stages)]
        inputs = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3, unique=True))
        stages.append(Stage(f"s{number}", tuple(inputs), pa.schema([]), "1", "", "", ()))
    return stages


def all_made(stages: list[Stage], clips: dict[str, dict[str, str]]) -> dict[str, StageHistory]:
    versions = {clip: expected_versions(stages, external) for clip, external in clips.items()}
    return {s.name: StageHistory({clip: of[s.name] for clip, of in versions.items()}, {}, set(clips)) for s in stages}


def downstream(stages: list[Stage], changed: str) -> set[str]:
    """Return the stages that are made of something, directly or not."""
    found = {changed}
    for stage in stages:
        if found & set(stage.inputs):
            found.add(stage.name)
    return found & {stage.name for stage in stages}


EXTERNALS = st.fixed_dictionaries({name: st.sampled_from("xy") for name in EXTERNAL})
CLIPS = st.dictionaries(st.sampled_from(KEYS), EXTERNALS, max_size=4)


@given(chains(), CLIPS)
def test_once_all_is_made_nothing_is_outdated(stages: list[Stage], clips: dict[str, dict[str, str]]) -> None:
    assert outdated(stages, clips, all_made(stages, clips)) == {}
    nothing = {stage.name: StageHistory({}, {}, set()) for stage in stages}
    assert outdated(stages, clips, nothing) == dict.fromkeys(clips, frozenset(stage.name for stage in stages))


@given(chains(), CLIPS, st.data())
def test_what_changes_makes_itself_and_what_is_made_of_it_outdated_and_nothing_else(
    stages: list[Stage], clips: dict[str, dict[str, str]], data: st.DataObject
) -> None:
    recorded = all_made(stages, clips)
    changed = data.draw(st.sampled_from([*EXTERNAL, *(stage.name for stage in stages)]))
    now = [Stage(**{**vars(s), "code_version": "2" if s.name == changed else s.code_version}) for s in stages]
    changed_clips = {
        clip: {**external, **({changed: "z"} if changed in EXTERNAL else {})} for clip, external in clips.items()
    }
    expected = frozenset(downstream(stages, changed))
    assert outdated(now, changed_clips, recorded) == (dict.fromkeys(clips, expected) if expected else {})
