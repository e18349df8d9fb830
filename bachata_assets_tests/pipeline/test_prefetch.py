"""The next clip's poses are found while this clip is finished: with small stages of the tests' own."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from threading import Event

import pytest

from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline.failure import ClipError
from bachata_assets.pipeline.runner import Runner, StageFailed
from bachata_assets.pipeline.stage import ClipStage, Made, Tables
from bachata_assets.pipeline.tools import Models, Tools
from bachata_assets.pipeline.workers.base import InThisProcess
from bachata_assets_tests.support.small_stages import clip, made, stage, sum_of_inputs, values

WAIT_S = 20


def prefetched(make: Callable[[Clip, Tables], Made]) -> ClipStage:
    return replace(stage("poses", "clip_file", make=make), prefetch=True)


def test_the_next_clip_is_begun_while_this_one_is_finished(tools: Tools) -> None:
    begun = {name: Event() for name in "xyz"}

    def poses(c: Clip, _tables: Tables) -> Made:
        begun[c.clip_id].set()
        return made(1)

    def rest(c: Clip, _tables: Tables) -> Made:
        following = {"x": "y", "y": "z", "z": "z"}[c.clip_id]
        return made(int(begun[following].wait(WAIT_S)))

    list(Runner([prefetched(poses), stage("rest", "poses", make=rest)], [], tools).run([clip(name) for name in "xyz"]))
    assert values(tools, "rest") == {"x": 1, "y": 1, "z": 1}


def test_no_clip_after_the_next_is_begun(tools: Tools) -> None:
    begun: list[str] = []
    ready = Event()

    def poses(c: Clip, _tables: Tables) -> Made:
        begun.append(c.clip_id)
        if c.clip_id == "y":
            ready.set()
        return made(1)

    def rest(c: Clip, _tables: Tables) -> Made:
        assert ready.wait(WAIT_S)
        return made(len(begun))

    list(Runner([prefetched(poses), stage("rest", "poses", make=rest)], [], tools).run([clip(name) for name in "xyz"]))
    assert begun == ["x", "y", "z"]
    assert values(tools, "rest")["x"] == 2


def test_as_many_clips_are_begun_as_the_workers_ask_for_and_each_is_finished_in_its_turn(tools: Tools) -> None:
    done: list[str] = []

    class Wide(InThisProcess):
        ahead = 2

        def begin(self, clip: Clip, stages: Iterable[ClipStage]) -> None:
            if f"begin {clip.clip_id}" not in done:
                done.append(f"begin {clip.clip_id}")

    def poses(c: Clip, _tables: Tables) -> Made:
        done.append(c.clip_id)
        return made(1)

    list(Runner([prefetched(poses)], [], tools, Wide(tools.models)).run([clip(name) for name in "wxyz"]))
    assert done == ["begin w", "begin x", "begin y", "w", "begin z", "x", "y", "z"]


def test_a_clip_that_fails_before_its_turn_fails_alone(tools: Tools) -> None:
    def poses(c: Clip, _tables: Tables) -> Made:
        if c.clip_id == "bad":
            raise ClipError("nobody found")
        return made(len(c.clip_id))

    stages = [prefetched(poses), stage("rest", "poses", make=sum_of_inputs)]
    events = list(Runner(stages, [], tools).run([clip("x"), clip("bad"), clip("yy")]))
    failed = [
        (event.clip_id, event.stage.name, event.failure.reason) for event in events if isinstance(event, StageFailed)
    ]
    assert failed == [("bad", "poses", "nobody found"), ("bad", "rest", "rest needs poses, which failed")]
    assert values(tools, "rest") == {"x": 1, "yy": 2}


def test_only_what_is_asked_for_is_begun(tools: Tools) -> None:
    begun: list[str] = []

    def poses(c: Clip, _tables: Tables) -> Made:
        begun.append(c.clip_id)
        return made(1)

    list(Runner([prefetched(poses)], [], tools).run([clip("x"), clip("y")], only={"y": {"poses"}}))
    assert begun == ["y"]


@pytest.mark.parametrize("leave", ["close", "throw"])
def test_what_was_begun_ends_when_nobody_waits_for_it(tools: Tools, leave: str) -> None:
    begun, ended = Event(), Event()

    def poses(c: Clip, _tables: Tables, given: Models) -> Made:
        if c.clip_id == "y":
            begun.set()
            assert given.ended.wait(WAIT_S)
            ended.set()
        return made(1)

    events = Runner([replace(prefetched(lambda *_: made(1)), make=poses)], [], tools).run(
        [clip("x"), clip("y"), clip("z")]
    )
    assert isinstance(events, Generator)
    assert next(events).clip_id == "x"
    assert begun.wait(WAIT_S)
    if leave == "close":
        events.close()
    else:
        with pytest.raises(KeyboardInterrupt):
            events.throw(KeyboardInterrupt)
    assert ended.is_set()
    assert values(tools, "poses") == {"x": 1}
