"""Workers on the machines of a Ray cluster: two real nodes on this one, and a Ray that is begun and ended here."""

import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.collection.clip import Clip
from bachata_assets.pipeline import tools as model_tools
from bachata_assets.pipeline.runner import Event, Runner, StageFailed, StageMade
from bachata_assets.pipeline.tools import Models, PoseModelsProvider, TextModelProvider, Tools
from bachata_assets.pipeline.workers.cluster import crew as crews
from bachata_assets.pipeline.workers.cluster import host as hosts
from bachata_assets.pipeline.workers.cluster.actors import RayActors, close_crew
from bachata_assets.pipeline.workers.cluster.connection import Node
from bachata_assets.pipeline.workers.cluster.crew import Share, shares
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.settings import SettingsError, load_settings, values
from bachata_assets_tests.support.bad_stages import stage
from bachata_assets_tests.support.no_network import watched
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.ray_nodes import UV, processes_below, require_ray, two_nodes
from bachata_assets_tests.support.small_stages import clip
from bachata_assets_tests.support.small_stages import values as made_of
from bachata_assets_tests.support.workplace import Workplace

LIMITS = Limits(seconds=120.0, memory_gb=4.0)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    require_ray()
    with two_nodes() as address:
        yield address
        close_crew()


def events_of(tools: Tools, address: str, clips: list[Clip], limits: Limits = LIMITS) -> list[Event]:
    for one in clips:
        if not one.path.parent.name.startswith("gone"):
            one.path.touch()
    runner = Runner([stage(finds_poses=True)], [], tools, RayActors(tools.models, limits, address))
    return list(runner.run(clips))


def reason(event: Event) -> str:
    assert isinstance(event, StageFailed)
    return event.failure.reason


def named(name: str, folder: Path) -> Clip:
    return replace(clip(name), video_path=str(folder / f"trace of {name}"))


def test_two_machines_work_at_once_and_the_clips_come_in_their_order(
    tools: Tools, address: str, tmp_path: Path
) -> None:
    for first in range(0, 120, 6):
        numbers, clips = range(first, first + 6), []
        for number in numbers:
            path = tmp_path / f"{number}.mp4"
            path.write_bytes(b"%d" % number * 100)
            clips += [
                replace(clip(f"{name}{number}"), path=path, video_path=str(path)) for name in ("content", "elsewhere")
            ]
        events = events_of(tools, address, clips)
        assert [event.clip_id for event in events] == [one.clip_id for one in clips]
        assert all(isinstance(event, StageMade) for event in events)
        made = made_of(tools, "a")
        assert [made[f"content{n}"] for n in numbers] == [zlib.crc32(b"%d" % n * 100) for n in numbers]
        # One machine is that of this process and reads the file where it is; the other is sent it, and keeps nothing.
        machines = {made[f"elsewhere{n}"] for n in numbers}
        if machines == {0, 1}:
            break  # before, one was ready when the other had made all
    assert machines == {0, 1}
    left = [path.name.split("_")[2] for path in Path(tempfile.gettempdir()).glob("bachata_clip_*_*")]
    assert not [pid for pid in left if psutil.pid_exists(int(pid))]


def test_each_machine_keeps_its_worker_processes(tools: Tools, address: str) -> None:
    events_of(tools, address, [clip(f"x{n}") for n in range(6)])
    events_of(tools, address, [clip(f"y{n}") for n in range(6)])
    workers = set(made_of(tools, "a").values())
    assert len(workers) <= 2
    assert os.getpid() not in workers


def test_what_a_file_does_to_a_worker_fails_that_clip_alone_and_for_good(tools: Tools, address: str) -> None:
    events = {
        e.clip_id: e for e in events_of(tools, address, [clip(n) for n in ("v", "crash", "broken", "infinite", "w")])
    }
    assert reason(events["crash"]).startswith(
        "crash: its worker process was ended by SIGSEGV, 2 times; export the clip"
    )
    assert reason(events["broken"]).startswith("broken: is truncated")
    assert reason(events["infinite"]) == "1 of 4 dimensions are not finite"
    assert not any(event.failure.transient for event in events.values() if isinstance(event, StageFailed))
    assert set(made_of(tools, "a")) == {"v", "w"}


def test_a_reason_names_the_file_of_who_asked_wherever_it_was_read(tools: Tools, address: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"broken{n}.mp4" for n in range(6)]
    for path in paths:
        path.write_bytes(b"x")
    events = events_of(tools, address, [replace(clip(path.stem), path=path) for path in paths])
    assert [reason(event).partition(": ")[0] for event in events] == [str(path) for path in paths]


def test_a_file_that_is_not_there_fails_by_name_and_is_tried_again(tools: Tools, address: str, tmp_path: Path) -> None:
    gone = [replace(clip(f"content{n}"), path=tmp_path / "gone" / f"{n}.mp4") for n in range(4)]
    for event in events_of(tools, address, gone):
        assert isinstance(event, StageFailed)
        assert "No such file" in event.failure.reason
        assert event.failure.transient


def test_a_clip_whose_machine_is_lost_is_made_by_another_once(tools: Tools, address: str, tmp_path: Path) -> None:
    events = events_of(tools, address, [clip("v"), named("once_lost", tmp_path), clip("w"), clip("x")])
    assert [type(event) for event in events] == [StageMade] * 4
    assert [event.clip_id for event in events] == ["v", "once_lost", "w", "x"]


def test_a_clip_that_loses_two_machines_fails_alone_by_name_and_is_tried_again(
    tools: Tools, address: str, tmp_path: Path
) -> None:
    events = {e.clip_id: e for e in events_of(tools, address, [clip("v"), named("lost", tmp_path), clip("w")])}
    assert reason(events["lost"]).startswith("lost: the actors working on it were lost, 2 times (on ")
    assert isinstance(events["lost"], StageFailed)
    assert events["lost"].failure.transient
    assert set(made_of(tools, "a")) == {"v", "w"}


def test_a_clip_that_takes_too_long_fails_alone(tools: Tools, address: str) -> None:
    events = {e.clip_id: e for e in events_of(tools, address, [clip("hang"), clip("w")], replace(LIMITS, seconds=8.0))}
    assert reason(events["hang"]).startswith("hang: not done after 8 s, so its worker process was stopped; cut the")
    assert set(made_of(tools, "a")) == {"w"}


def test_what_libraries_say_on_another_machine_goes_to_the_details_of_the_log(
    tools: Tools, address: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    close_crew()  # an actor keeps what was to be logged when it was begun
    log = logging.getLogger("bachata_assets")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    caplog.set_level("DEBUG", "bachata_assets")
    events_of(tools, address, [clip(f"noisy{n}") for n in range(4)])
    assert "a library about another" in caplog.text
    assert capfd.readouterr() == ("", "")
    close_crew()


def test_machines_with_other_models_are_refused_and_named_once(
    tools: Tools, address: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    close_crew()
    log = logging.getLogger("bachata_assets")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(crews, "versions_of", lambda _models: ["keypoints 1+other"])
    events = events_of(tools, address, [clip("x"), clip("y")])
    said = "it has other code or models; required: keypoints 1+other"
    assert [reason(event).partition(": ")[2].endswith(f"accepts clips: {said}") for event in events] == [True, True]
    assert all(isinstance(event, StageFailed) and event.failure.transient for event in events)
    assert len([one for one in caplog.records if one.getMessage().endswith(f"accepts no clips: {said}")]) == 2
    close_crew()


def test_a_machine_that_cannot_compute_in_bf16_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    log = logging.getLogger("bachata_assets")
    for name, value in (("handlers", log.handlers), ("propagate", log.propagate), ("level", log.level)):
        monkeypatch.setattr(log, name, value)
    models = Models(PoseModelsProvider("bundled", "bf16"), TextModelProvider())
    host = hosts.RayHost(models, LIMITS, logging.INFO, 1e9)
    versions = hosts.versions_of(models)
    monkeypatch.setattr(model_tools, "computes_bf16", lambda: True)
    assert host.refusal(versions, "") is None
    monkeypatch.setattr(model_tools, "computes_bf16", lambda: False)
    said = host.refusal(versions, "")
    assert said is not None
    assert said.startswith("BACHATA_PRECISION: the collection is in bf16, and this machine's CPU computes in f32")


@pytest.mark.parametrize(
    ("cpus", "gpus", "threads", "cuda", "expected"),
    [
        (8, 0, 0, False, [Share(8, 0)]),
        (8, 0, 3, False, [Share(3, 0)] * 2),
        (2, 0, 4, False, [Share(2, 0)]),
        (8, 2, 0, True, [Share(4, 1)] * 2),
        (8, 2, 0, False, [Share(8, 0)]),
        (8, 0, 4, True, [Share(4, 0)] * 2),
        (0, 0, 0, False, []),
    ],
)
def test_a_machine_has_as_many_actors_as_its_cores_or_gpus_allow(
    cpus: int, gpus: int, threads: int, cuda: bool, expected: list[Share]
) -> None:
    assert shares(Node("n", "host", cpus, gpus, is_here=False), threads, cuda=cuda) == expected


def test_an_address_at_which_no_ray_answers_is_one_line() -> None:
    require_ray()
    close_crew()
    workers = RayActors(Models(PoseModelsProvider("bundled", "f32"), TextModelProvider()), LIMITS, "127.0.0.1:9")
    with pytest.raises(SettingsError) as refused:
        workers.require_able()
    assert str(refused.value).startswith(
        "BACHATA_RAY_ADDRESS = 127.0.0.1:9: cannot connect to the Ray at 127.0.0.1:9 ("
    )
    assert "\n" not in str(refused.value)


def test_a_missing_package_and_a_wrong_address_are_one_line_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "find_spec", lambda _name: None)
    result = CliRunner().invoke(app, ["status"], env={"BACHATA_WORKERS": "ray"})
    assert result.exit_code == 2
    assert result.output.endswith("ray needs an extra package: pip install 'bachata-assets[ray]'\n")
    assert len(result.output.splitlines()) == 1
    with pytest.raises(SettingsError, match=r"BACHATA_RAY_ADDRESS.*must be auto, or host:port"):
        load_settings(ray_address="ray://somewhere:10001")


def test_what_a_cluster_makes_is_what_one_machine_makes(
    sample_made: tuple[Workplace, Result], address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close_crew()
    monkeypatch.setenv("BACHATA_WORKERS", "ray")
    monkeypatch.setenv("BACHATA_RAY_ADDRESS", address)
    place = Workplace(tmp_path)
    for name in ("videos", "annotations.json"):
        (tmp_path / name).symlink_to(sample_made[0].folder / name)
    result = place.generate()
    assert result.exit_code == 0, result.output
    close_crew()
    names = sorted(path.relative_to(sample_made[0].data) for path in sample_made[0].data.glob("*/*.parquet"))
    assert len(names) > 30
    assert {name for name in names if rows(place.data / name) != rows(sample_made[0].data / name)} == set()


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a table without times."""
    found = pq.read_table(path).to_pylist()
    for row in found:
        if "document" in row:
            document = json.loads(row["document"])
            row["document"] = {key: document[key] for key in document.keys() - {"processing_time", "created_at"}}
            del row["content_hash"]
    return found


BELOW_UV = """
import sys
import ray
from bachata_assets.pipeline.workers.cluster.connection import RayCluster
cluster = RayCluster(sys.argv[1])
print(ray.get_runtime_context().runtime_env.to_dict())
"""


def test_below_uv_run_a_cluster_takes_the_environment_that_it_has(address: str, tmp_path: Path) -> None:
    (tmp_path / "ask.py").write_text(BELOW_UV)
    (tmp_path / "run").write_text('"$PYTHON" ask.py "$ADDRESS"\nexit $?\n')
    asked = subprocess.run(
        ["uv", "run"], executable="/bin/sh", cwd=tmp_path, capture_output=True, text=True, check=False,
        env={name: value for name, value in os.environ.items() if name != UV}
        | {"PYTHON": sys.executable, "ADDRESS": address, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert (asked.stdout, asked.stderr) == ("{}\n", "")


ASKING = """
import sys
from bachata_assets.collection.dataset import Dataset
from bachata_assets.pipeline.runner import Runner
from bachata_assets.pipeline.tools import Models, PoseModelsProvider, SearchIndexProvider, TextModelProvider, Tools
from bachata_assets.pipeline.workers.cluster.actors import RayActors
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.settings import load_settings
from bachata_assets_tests.support import bad_stages, small_stages

models = Models(PoseModelsProvider("bundled", "f32"), TextModelProvider())
tools = Tools(Dataset(sys.argv[1]), models, SearchIndexProvider(load_settings(), ""))
clips = [small_stages.clip(name) for name in ("x", "secret", "hang")]
list(Runner([bad_stages.stage()], [], tools, RayActors(models, Limits())).run(clips))
"""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_ray_of_its_own_is_quiet_knows_no_secret_stays_here_and_ends_with_who_asked(
    tools: Tools, tmp_path: Path, ending: signal.Signals
) -> None:
    require_ray()
    (tmp_path / "watch").mkdir()
    with watched(tmp_path / "watch") as watch:
        secrets = {
            "ELASTICSEARCH_USERNAME": "u",
            "ELASTICSEARCH_PASSWORD": "very-secret",
            "AWS_SECRET_ACCESS_KEY": "very-secret",
        }
        asking = subprocess.Popen(
            [sys.executable, "-c", ASKING, tools.dataset.url],
            env=os.environ | watch.environment | secrets,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=PROJECT,
        )  # fmt: skip
        wait_for(lambda: "secret" in made_of(tools, "a") or asking.poll() is not None, 120.0)
        assert asking.poll() is None, asking.communicate()[0]
        begun = processes_below(asking.pid)
        names = [process.name() for process in begun]
        known = [environment_of(process) for process in begun]
        listening = {c.laddr.ip for process in begun for c in connections_of(process) if c.status == "LISTEN"}
        asking.send_signal(ending)
        said, _ = asking.communicate(timeout=60)
        assert made_of(tools, "a")["secret"] == 0
        assert any(name.startswith("ray::RayHost") for name in names)
        assert not any("very-secret" in environment.values() for environment in known)
        assert listening <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
        assert watch.asked() == []
        assert not (tmp_path / "watch" / ".ray").exists()
    wait_for(lambda: not [name for name in names_of(begun) if not name.endswith("Agent")])  # these take a minute
    if ending != signal.SIGKILL:
        assert list(Path(tempfile.gettempdir()).glob(f"bachata_ray_{asking.pid}_*")) == []
        assert said.splitlines()[-1] == "KeyboardInterrupt"
        assert "raylet" not in said


def environment_of(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def connections_of(process: psutil.Process) -> list[Any]:
    try:
        return list(process.net_connections("inet"))
    except psutil.Error:
        return []


def names_of(processes: list[psutil.Process]) -> list[str]:
    found = []
    for process in processes:
        with suppress(psutil.Error):
            found += [process.name()] if process.status() != psutil.STATUS_ZOMBIE else []
    return found


def wait_for(done: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)
