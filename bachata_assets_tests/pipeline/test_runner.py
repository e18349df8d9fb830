"""The loop over clips and stages, with small stages of the tests' own."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pytest

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import provenance_of
from bachata_assets.families import NonFiniteVectorError
from bachata_assets.pipeline.checks import Check
from bachata_assets.pipeline.failure import ClipError
from bachata_assets.pipeline.runner import Runner, StageFailed, StageMade
from bachata_assets.pipeline.stage import BatchStage, Made, Tables
from bachata_assets.pipeline.tools import Tools
from bachata_assets.pose.no_couple import NoCoupleError
from bachata_assets.search.errors import SearchAccessError
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import Seen
from bachata_assets_tests.support.small_stages import NUMBER, clip, made, one, stage, sum_of_inputs, values


def test_every_stage_of_every_clip_is_made_from_its_inputs(tools: Tools) -> None:
    stages = [stage("a", "clip_file", make=one), stage("b", "a", make=sum_of_inputs)]
    events = list(Runner(stages, [], tools).run([clip("x"), clip("yy")]))
    assert [(type(e), e.clip_id, e.stage.name) for e in events] == [
        (StageMade, "x", "a"),
        (StageMade, "x", "b"),
        (StageMade, "yy", "a"),
        (StageMade, "yy", "b"),
    ]
    assert values(tools, "b") == {"x": 1, "yy": 2}


def test_a_clip_that_fails_fails_alone(tools: Tools) -> None:
    def broken(c: Clip, tables: Tables) -> Made:
        if c.clip_id == "bad":
            raise UnreadableVideoError(Path("bad.mp4"), "is truncated", "")
        return one(c, tables)

    stages = [stage("a", "clip_file", make=broken), stage("b", "a", make=sum_of_inputs)]
    events = list(Runner(stages, [], tools).run([clip("bad"), clip("good")]))
    failed = [(e.clip_id, e.stage.name, e.failure.reason) for e in events if isinstance(e, StageFailed)]
    assert failed == [("bad", "a", "bad.mp4: is truncated. "), ("bad", "b", "b needs a, which failed")]
    assert values(tools, "b") == {"good": 4}


def test_a_file_that_is_replaced_while_it_is_read_is_not_taken_for_the_one_before(tools: Tools, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"before")
    replaced_clip = replace(clip("x"), path=path, seen=Seen.of(path.stat()))

    def replacing(c: Clip, tables: Tables) -> Made:
        path.write_bytes(b"another clip")
        return one(c, tables)

    stages = [stage("a", "clip_file", make=one), stage("b", "clip_file", make=replacing), stage("c", "b", make=one)]
    first, second, third = Runner(stages, [], tools).run([replaced_clip])
    assert isinstance(first, StageMade)
    assert isinstance(second, StageFailed)
    assert second.failure.reason.startswith(
        f"{path}: it was replaced while it was being read; check it, and run the same command"
    )
    assert second.failure.transient
    assert isinstance(third, StageFailed)
    assert values(tools, "b") == {}


def test_a_file_that_is_removed_once_it_is_read_is_made(tools: Tools, tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(b"before")
    removed_clip = replace(clip("x"), path=path, seen=Seen.of(path.stat()))

    def removing(c: Clip, tables: Tables) -> Made:
        path.unlink()
        return one(c, tables)

    (event,) = Runner([stage("a", "clip_file", make=removing)], [], tools).run([removed_clip])
    assert isinstance(event, StageMade)


def test_the_line_of_a_failed_clip_says_why_and_not_what_else_is_lacking(
    tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_clip: Clip, _tables: Tables) -> Made:
        raise ClipError("no couple")

    caplog.set_level("INFO")
    stages = [stage("a", "clip_file", make=broken), stage("b", "a", make=one), stage("c", "b", make=one)]
    list(Runner(stages, [], tools).run([clip("x")]))
    (record,) = [record for record in caplog.records if hasattr(record, "clip_done")]
    assert record.getMessage() == "x: failed: no couple (0.0 s)"
    assert record.levelname == "ERROR"


def test_a_failed_clip_is_not_named_again_by_the_stage_of_all_clips_that_lacks_it(
    tools: Tools, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_clip: Clip, _tables: Tables) -> Made:
        raise ClipError("no couple")

    def nothing(_work: Sequence[tuple[Clip, Tables]], _tools: Tools) -> Iterator[tuple[str, Made | ClipError]]:
        return iter(())

    together = BatchStage("index", ("a",), NUMBER, "1", "", "", (), make_batch=nothing)
    list(Runner([stage("a", "clip_file", make=broken), together], [], tools).run([clip("x")]))
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert errors == ["x: failed: no couple (0.0 s)"]


def test_clips_that_fail_together_for_one_reason_are_one_line(tools: Tools, caplog: pytest.LogCaptureFixture) -> None:
    def no_index(_work: Sequence[tuple[Clip, Tables]], _tools: Tools) -> Iterator[tuple[str, Made | ClipError]]:
        raise ConnectionError("the index is away")

    together = BatchStage("index", ("a",), NUMBER, "1", "", "", (), make_batch=no_index)
    clips = [clip(f"clip {number:02d}") for number in range(12)]
    list(Runner([stage("a", "clip_file", make=one), together], [], tools).run(clips))
    (error,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert error.startswith("index of clip 00, clip 01, ")
    assert error.endswith("clip 09 and 2 more failed: the index is away")


def test_what_does_not_depend_on_the_failed_stage_is_made(tools: Tools) -> None:
    def broken(_clip: Clip, _tables: Tables) -> Made:
        raise ClipError("no couple")

    stages = [stage("a", "clip_file", make=broken), stage("text", "annotation", make=one)]
    list(Runner(stages, [], tools).run([clip("x")]))
    assert values(tools, "text") == {"x": 1}


def test_a_failure_leaves_the_table_that_was_there(tools: Tools) -> None:
    def broken(_clip: Clip, _tables: Tables) -> Made:
        raise ClipError("no couple")

    list(Runner([stage("a", "clip_file", make=one)], [], tools).run([clip("x")]))
    list(Runner([stage("a", "clip_file", make=broken)], [], tools).run([clip("x")]))
    assert values(tools, "a") == {"x": 1}


def test_an_input_made_earlier_is_read_from_the_dataset(tools: Tools) -> None:
    list(Runner([stage("a", "clip_file", make=one)], [], tools).run([clip("xyz")]))
    (event,) = Runner([stage("b", "a", make=sum_of_inputs)], [], tools).run([clip("xyz")])
    assert isinstance(event, StageMade)
    assert event.inputs == {"a": provenance_of(tools.dataset.read_table("a", "xyz"))["data_version"]}


def test_an_input_never_made_is_named_with_the_remedy(tools: Tools) -> None:
    (event,) = Runner([stage("b", "a", make=sum_of_inputs)], [], tools).run([clip("x")])
    assert isinstance(event, StageFailed)
    assert event.failure.reason == "a of clip x has not been made: materialize a for this partition first"


def test_a_non_finite_vector_is_rejected_by_its_check_and_not_written(tools: Tools) -> None:
    def broken(_clip: Clip, _tables: Tables) -> Made:
        raise NonFiniteVectorError("1 of 4 dimensions are not finite: hip speed = nan")

    finite = Check("finite", "a", "ERROR", "", "Report it.", lambda _c, _m: (True, {}))
    (event,) = Runner([stage("a", "clip_file", make=broken)], [finite], tools).run([clip("x")])
    assert isinstance(event, StageFailed)
    (outcome,) = event.outcomes
    assert not outcome.passed
    assert outcome.metadata["reason"] == "1 of 4 dimensions are not finite: hip speed = nan"
    assert tools.dataset.clip_ids("a") == set()


@pytest.mark.parametrize(("severity", "written"), [("ERROR", set()), ("WARN", {"x"})])
def test_a_failed_check_rejects_the_table_only_when_it_is_an_error(
    tools: Tools, severity: Literal["ERROR", "WARN"], written: set[str]
) -> None:
    check = Check("small", "a", severity, "", "Shorten it.", lambda _c, _m: (False, {"reason": "too long"}))
    (event,) = Runner([stage("a", "clip_file", make=one)], [check], tools).run([clip("x")])
    assert event.outcomes[0].metadata == {"reason": "too long", "remedy": "Shorten it."}
    assert tools.dataset.clip_ids("a") == written


def test_a_table_of_another_schema_fails(tools: Tools) -> None:
    other = stage("a", "clip_file", make=lambda _c, _t: Made(pa.table({"m": [1]})))
    (event,) = Runner([other], [], tools).run([clip("x")])
    assert isinstance(event, StageFailed)
    assert "schema differs" in event.failure.reason


def batch_stage(
    make_batch: Callable[[Sequence[tuple[Clip, Tables]]], Iterable[tuple[str, Made | ClipError]]],
) -> BatchStage:
    return BatchStage("index", ("a",), NUMBER, "1", "", "", (), make_batch=lambda work, _tools: make_batch(work))


def test_a_refused_document_fails_its_clip_alone(tools: Tools) -> None:
    def index(work: Sequence[tuple[Clip, Tables]]) -> Iterable[tuple[str, Made | ClipError]]:
        for c, _tables in work:
            yield c.clip_id, ClipError("wrong dimension") if c.clip_id == "bad" else made(1)

    stages = [stage("a", "clip_file", make=one), batch_stage(index)]
    events = list(Runner(stages, [], tools).run([clip("bad"), clip("good")]))
    assert [(e.clip_id, e.failure.reason) for e in events if isinstance(e, StageFailed)] == [("bad", "wrong dimension")]
    assert tools.dataset.clip_ids("index") == {"good"}


def test_an_index_that_cannot_be_reached_loses_nothing_made_before(tools: Tools) -> None:
    def index(_work: Sequence[tuple[Clip, Tables]]) -> Iterable[tuple[str, Made | ClipError]]:
        raise ConnectionError("Cannot connect to Elasticsearch at localhost:9200")

    stages = [stage("a", "clip_file", make=one), batch_stage(index)]
    events = list(Runner(stages, [], tools).run([clip("x"), clip("y")]))
    reasons = {e.clip_id: e.failure.reason for e in events if isinstance(e, StageFailed)}
    assert reasons == dict.fromkeys("xy", "Cannot connect to Elasticsearch at localhost:9200")
    assert tools.dataset.clip_ids("a") == {"x", "y"}


def failing(*errors: Exception) -> Callable[[Clip, Tables], Made]:
    """Return a stage's function that raises these one after the other, and then makes its table."""
    left = list(errors)

    def make(clip: Clip, tables: Tables) -> Made:
        if left:
            raise left.pop(0)
        return one(clip, tables)

    return make


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bachata_assets.pipeline.retries.WAITS_S", (0.0, 0.0))


def unreadable(cause: Exception) -> Exception:
    error = UnreadableVideoError(Path("x.mp4"), "cannot be decoded")
    error.__cause__ = cause
    return error


@pytest.mark.usefixtures("_no_waiting")
def test_a_disk_that_does_not_answer_is_asked_again(tools: Tools) -> None:
    a = stage("a", "clip_file", make=failing(OSError(5, "Input/output error"), unreadable(OSError(5, "the same"))))
    (event,) = Runner([a], [], tools).run([clip("x")])
    assert isinstance(event, StageMade)


@pytest.mark.usefixtures("_no_waiting")
@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (OSError(5, "Input/output error"), True),
        (unreadable(PermissionError(13, "Permission denied")), True),
        (MemoryError(), True),
        (SearchAccessError("the password is refused"), True),
        (unreadable(ValueError("moov atom not found")), False),
        (NoCoupleError.nobody(Path("x.mp4"), 20), False),
        (ClipError("refused"), False),
    ],
)
def test_a_failure_says_whether_it_is_transient(tools: Tools, error: Exception, transient: bool) -> None:
    (event,) = Runner([stage("a", "clip_file", make=failing(*[error] * 3))], [], tools).run([clip("x")])
    assert isinstance(event, StageFailed)
    assert event.failure.transient is transient


def test_only_what_is_asked_for_is_made_of_each_clip(tools: Tools) -> None:
    stages = [stage("a", "clip_file", make=one), stage("b", "annotation", make=one)]
    events = list(Runner(stages, [], tools).run([clip("x"), clip("y"), clip("z")], only={"x": {"b"}, "y": {"a", "b"}}))
    assert [(event.clip_id, event.stage.name) for event in events] == [("x", "b"), ("y", "a"), ("y", "b")]


@pytest.mark.parametrize(
    ("error", "said", "transient"),
    [
        (IndexError("list index\nout of range"), "cannot be made (IndexError: list index). Report this as", False),
        (RuntimeError("std::bad_alloc"), "not enough memory (RuntimeError: std::bad_alloc). Free some", True),
        (ImportError("libx.so: failed to map segment from shared object"), "not enough memory (ImportError", True),
        (MemoryError(), "not enough memory (MemoryError: ). Free some memory, or raise", True),
        (RuntimeError("Exception from a.cpp:1:\n[CPU] node 'x' can't alloc\n"), "not enough memory ([CPU] node", True),
        (
            BlockingIOError(11, "Resource temporarily unavailable"),
            "not enough memory (BlockingIOError: [Errno 11]",
            True,
        ),
        (RuntimeError("can't start new thread"), "not enough memory (RuntimeError: can't start new thread)", True),
    ],
)
def test_an_error_that_nobody_foresaw_names_the_clip_and_what_to_do(
    error: Exception, said: str, transient: bool, tools: Tools
) -> None:
    def broken(_clip: Clip, _tables: Tables) -> Made:
        raise error

    (event,) = Runner([stage("a", "clip_file", make=broken)], [], tools).run([clip("x")])
    assert isinstance(event, StageFailed)
    assert event.failure.reason.startswith(f"x: {said}")
    assert "\n" not in event.failure.reason
    assert event.failure.transient == transient
