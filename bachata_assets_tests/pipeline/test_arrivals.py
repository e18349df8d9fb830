"""The loop over clips whose files come from elsewhere, one after the other, with small stages of the tests' own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.videos.arrivals import Arrivals
from bachata_assets.pipeline.failure import ClipError, Failure
from bachata_assets.pipeline.runner import Runner, StageFailed, StageMade
from bachata_assets.pipeline.stage import Made, Tables
from bachata_assets.pipeline.tools import Tools
from bachata_assets_tests.support.small_stages import clip, made, one, stage, values


class Fetching(Arrivals):
    """Clips that come one after the other, each with a copy; one that is said to be bad does not come."""

    def __init__(self) -> None:
        self.expected: list[str] = []
        self.here: set[str] = set()

    def expect(self, clips: Sequence[Clip], ahead: Callable[[], int] = lambda: 1) -> None:
        self.expected = [clip.clip_id for clip in clips]

    def is_here(self, clip: Clip) -> bool:
        return clip.clip_id not in self.expected

    def take(self, clip: Clip) -> Clip:
        if clip.clip_id not in self.expected:
            return clip
        if clip.clip_id == "bad":
            raise OSError(f"{clip.url}: no such object")
        self.here.add(clip.clip_id)
        return replace(clip, path=Path(f"/copies/{clip.clip_id}"), versions={**clip.versions, "clip_file": "read"})

    def release(self, clip: Clip) -> None:
        self.here.discard(clip.clip_id)


def test_a_clip_that_does_not_come_fails_alone_for_the_time_being(tools: Tools) -> None:
    def reading(c: Clip, _tables: Tables) -> Made:
        if c.clip_id == "broken":
            raise ClipError(f"{c.path}: is no video")
        assert arrivals.here == {c.clip_id}
        return made(1)

    arrivals = Fetching()
    stages = [stage("file", "clip_file", make=reading), stage("words", "annotation", make=one)]
    names = ("x", "bad", "broken", "words_only")
    clips = [replace(clip(name), path=Path("/nowhere", name), url=f"s3://dances/{name}") for name in names]
    only = {"words_only": {"words"}, **{name: {"file", "words"} for name in ("x", "bad", "broken")}}
    events = list(Runner(stages, [], tools, arrivals=arrivals).run(clips, only=only))
    assert arrivals.expected == ["x", "bad", "broken"]  # the last needs no file
    assert arrivals.here == set()
    failed = {event.clip_id: event.failure for event in events if isinstance(event, StageFailed)}
    assert failed == {
        "bad": Failure("s3://dances/bad: no such object", transient=True),
        "broken": Failure("s3://dances/broken: is no video"),
    }
    assert set(values(tools, "words")) == {"x", "bad", "broken", "words_only"}
    (x,) = [event for event in events if event.clip_id == "x" and event.stage.name == "file"]
    assert isinstance(x, StageMade)
    assert x.inputs == {"clip_file": "read"}


def test_what_is_wanted_of_a_fetched_clip_is_asked_once_it_is_here(tools: Tools) -> None:
    only = {"x": {"file"}}

    class Same(Fetching):
        def take(self, clip: Clip) -> Clip:
            only["x"] = set()  # the same as was read before
            return super().take(clip)

    stages = [stage("file", "clip_file", make=one)]
    assert list(Runner(stages, [], tools, arrivals=Same()).run([clip("x")], only=only)) == []
