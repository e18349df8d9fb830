"""What a file can do to a worker process, and that nothing else is touched."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import psutil
import pytest
from threadpoolctl import threadpool_info

from bachata_assets.pipeline.runner import Event, Runner, StageFailed, StageMade
from bachata_assets.pipeline.tools import Tools
from bachata_assets.pipeline.workers import pool as worker_pool
from bachata_assets.pipeline.workers.pool import Limits, close_pools
from bachata_assets.pipeline.workers.processes import WorkerProcesses
from bachata_assets.settings import SettingsError
from bachata_assets_tests.support.bad_stages import stage
from bachata_assets_tests.support.small_stages import clip, values

LIMITS = Limits(seconds=60.0, memory_gb=4.0)


@pytest.fixture(autouse=True)
def _fresh_processes() -> Iterator[None]:
    close_pools()
    yield
    close_pools()


def run(tools: Tools, *names: str, limits: Limits = LIMITS) -> dict[str, Event]:
    runner = Runner([stage()], [], tools, WorkerProcesses(tools.models, limits))
    return {event.clip_id: event for event in runner.run([clip(name) for name in names])}


def reason(event: Event) -> str:
    assert isinstance(event, StageFailed)
    return event.failure.reason


def is_transient(event: Event) -> bool:
    assert isinstance(event, StageFailed)
    return event.failure.transient


def test_a_good_clip_is_made_in_another_process_and_that_is_kept(tools: Tools) -> None:
    run(tools, "x", "y", "z")
    made = values(tools, "a")
    assert set(made) == {"x", "y", "z"}
    assert len(set(made.values())) == 1
    assert os.getpid() not in made.values()


def test_the_processor_time_of_a_process_of_its_own_is_in_the_table(tools: Tools) -> None:
    run(tools, "x")
    said = tools.dataset.provenance_at("a/x.parquet")
    assert 0 <= said["cpu_seconds"] < 60
    here = Runner([replace(stage(), name="here")], [], tools)  # beside the thread that reads the next clip
    list(here.run([clip("x")]))
    said = tools.dataset.provenance_at("here/x.parquet")
    assert said["seconds"] >= 0
    assert "cpu_seconds" not in said


def test_a_clip_that_crashes_its_process_fails_alone_and_for_good(tools: Tools) -> None:
    events = run(tools, "before", "crash", "after")
    said = "crash: its worker process was ended by SIGSEGV, 2 times; export the clip again"
    assert reason(events["crash"]).startswith(said)
    assert not is_transient(events["crash"])
    assert set(values(tools, "a")) == {"before", "after"}


def test_a_clip_that_takes_too_long_fails_alone_and_for_good(tools: Tools) -> None:
    run(tools, "before")  # begins the process, which takes longer than the limit below where the machine is busy
    events = run(tools, "hang", limits=replace(LIMITS, seconds=5.0))
    run(tools, "after")
    said = "hang: not done after 5 s, so its worker process was stopped; cut the clip"
    assert reason(events["hang"]).startswith(said)
    assert not is_transient(events["hang"])
    assert set(values(tools, "a")) == {"before", "after"}


def test_a_process_that_was_killed_once_loses_nothing(tools: Tools, tmp_path: Path) -> None:
    flaky = replace(clip("flaky"), video_path=str(tmp_path / "trace"))
    runner = Runner([stage()], [], tools, WorkerProcesses(tools.models, LIMITS))
    events = list(runner.run([clip("before"), flaky, clip("after")]))
    assert [type(event) for event in events] == [StageMade] * 3


@pytest.mark.parametrize("delay_s", [0.0, 0.1, 0.3])
def test_a_process_that_is_killed_while_it_waits_loses_nothing(tools: Tools, delay_s: float) -> None:
    run(tools, "before")
    (worker,) = values(tools, "a").values()
    psutil.Process(worker).kill()
    time.sleep(delay_s)
    events = run(tools, "x", "y")
    assert [type(event) for event in events.values()] == [StageMade] * 2


def test_a_process_that_ends_before_it_begins_is_no_fault_of_the_clip(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def schedule(_pool: worker_pool.WorkerPool, *_task: object) -> "Future[None]":
        asked.append(Future[None]())
        asked[-1].set_exception(BrokenProcessPool("All workers expired"))
        return asked[-1]

    monkeypatch.setattr(worker_pool.WorkerPool, "schedule", schedule)
    events = run(tools, "x")
    assert reason(events["x"]).startswith("x: its worker process ended before it began with it, 2 times; free some")
    assert is_transient(events["x"])
    assert len(asked) == 2


def test_a_clip_that_eats_the_memory_is_refused_it(tools: Tools) -> None:
    events = run(tools, "huge", "after")
    assert "Unable to allocate" in reason(events["huge"])
    assert set(values(tools, "a")) == {"after"}


def test_a_clip_that_takes_more_memory_than_is_allowed_fails_alone_and_says_so(tools: Tools) -> None:
    events = run(tools, "before", "grows", "after", limits=replace(LIMITS, memory_gb=0.5))
    assert reason(events["grows"]) == (
        "grows: making it takes more than the 0.5 GB of memory allowed; cut the clip, export it smaller, or raise "
        "BACHATA_WORKER_MEMORY_GB"
    )
    assert not is_transient(events["grows"])
    assert set(values(tools, "a")) == {"before", "after"}


def test_memory_that_is_only_reserved_does_not_count(tools: Tools) -> None:
    run(tools, "reserves", limits=replace(LIMITS, memory_gb=0.5))
    assert set(values(tools, "a")) == {"reserves"}


def test_a_limit_that_the_models_do_not_keep_is_refused_and_the_setting_is_named(tools: Tools) -> None:
    limits = replace(LIMITS, memory_gb=0.2)
    said = "BACHATA_WORKER_MEMORY_GB = 0.2: the models alone take more than that, or leave no room for a clip; raise it"
    with pytest.raises(SettingsError) as refused:
        WorkerProcesses(tools.models, limits).require_able()
    assert str(refused.value).startswith(said)
    runner = Runner([stage(finds_poses=True)], [], tools, WorkerProcesses(tools.models, limits))
    (event,) = runner.run([clip("x")])
    assert reason(event).startswith(said)
    assert is_transient(event)


def test_a_limit_that_models_and_clips_keep_is_taken(tools: Tools) -> None:
    workers = WorkerProcesses(tools.models, replace(LIMITS, memory_gb=1.2))
    workers.require_able()
    events = {event.clip_id: event for event in Runner([stage(finds_poses=True)], [], tools, workers).run([clip("x")])}
    assert isinstance(events["x"], StageMade)


def test_what_a_stage_raises_is_told_as_in_this_process(tools: Tools) -> None:
    events = run(tools, "broken", "infinite")
    assert reason(events["broken"]).startswith("broken: is truncated")
    assert reason(events["infinite"]) == "1 of 4 dimensions are not finite"


def test_a_worker_process_knows_no_secret_of_the_platform(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTICSEARCH_PASSWORD", "very-secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    run(tools, "secret")
    assert values(tools, "a") == {"secret": 0}
    assert os.environ["ELASTICSEARCH_PASSWORD"] == "very-secret"


def test_products_of_matrices_take_one_thread_of_a_worker_process() -> None:
    libraries = worker_pool.pool("rest", 4.0).schedule(threadpool_info, (), 60).result()
    assert {found["num_threads"] for found in libraries if found["internal_api"] == "openblas"} == {1}
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_what_libraries_say_goes_to_the_details_of_the_log(
    tools: Tools,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = logging.getLogger("bachata_assets")
    monkeypatch.setattr(log, "handlers", [])  # a command that ran before left its own
    monkeypatch.setattr(log, "propagate", True)
    caplog.set_level("DEBUG", "bachata_assets")
    run(tools, "noisy")
    wait_for(lambda: "a library about another" in caplog.text)
    (record,) = [record for record in caplog.records if "a library about another" in record.getMessage()]
    assert (record.name, record.levelname) == ("bachata_assets.libraries", "DEBUG")
    assert capfd.readouterr() == ("", "")


def test_details_of_libraries_are_not_on_the_terminal(
    tools: Tools, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logging.getLogger("bachata_assets")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    caplog.set_level("INFO", "bachata_assets")
    caplog.handler.setLevel(logging.NOTSET)
    run(tools, "noisy")
    close_pools()  # what was said has arrived by then
    assert "a library about another" not in caplog.text


def test_what_was_begun_ends_when_nobody_waits_for_it(tools: Tools) -> None:
    runner = Runner([stage()], [], tools, WorkerProcesses(tools.models, LIMITS))
    events = runner.run([clip("x"), clip("hang")])
    assert isinstance(events, Generator)
    next(events)
    (worker,) = values(tools, "a").values()
    assert psutil.pid_exists(worker)
    events.close()
    wait_for(lambda: not psutil.pid_exists(worker))


def test_a_process_ends_with_the_one_that_asked_for_it(tools: Tools) -> None:
    with subprocess.Popen([sys.executable, "-c", ASKING, tools.dataset.url]) as asking:
        wait_for(lambda: values(tools, "a"), seconds=60.0)
        (worker,) = values(tools, "a").values()
        assert psutil.pid_exists(worker)
        asking.kill()
    wait_for(lambda: not psutil.pid_exists(worker))


def test_a_task_runs_in_the_working_directory_of_who_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = worker_pool.WorkerPool("moved", 0)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert workers.schedule(os.getcwd, (), 60.0).result() == str(tmp_path / name)
    workers.close()


def test_an_interrupt_that_takes_a_wake_up_does_not_hang_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "LONGEST_END_S", 1.0)
    workers = worker_pool.WorkerPool("interrupted", 0)
    worker = workers.schedule(os.getpid, (), 60.0).result()
    # What Condition.notify leaves behind when it is interrupted after it has woken a thread.
    woken = threading.Lock()
    woken.acquire()
    cast(Any, workers)._pool._context.task_queue.not_empty._waiters.appendleft(woken)
    workers.close()
    assert not psutil.pid_exists(worker)


ASKING = """
import sys
from bachata_assets.collection.dataset import Dataset
from bachata_assets.pipeline.runner import Runner
from bachata_assets.pipeline.tools import Models, PoseModelsProvider, SearchIndexProvider, TextModelProvider, Tools
from bachata_assets.pipeline.workers.processes import WorkerProcesses
from bachata_assets.settings import SettingsError
from bachata_assets.settings import load_settings
from bachata_assets_tests.support import bad_stages, small_stages

models = Models(PoseModelsProvider("bundled", "f32"), TextModelProvider())
tools = Tools(Dataset(sys.argv[1]), models, SearchIndexProvider(load_settings(), ""))
clips = [small_stages.clip("x"), small_stages.clip("hang")]
list(Runner([bad_stages.stage()], [], tools, WorkerProcesses(models)).run(clips))
"""


def wait_for(done: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)
