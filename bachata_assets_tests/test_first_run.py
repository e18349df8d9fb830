"""The first commands of a person on a new machine: no word too many, and nobody else is asked for anything."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bachata_assets_tests.support.dagster_dev import Webserver
from bachata_assets_tests.support.no_network import BASE, Watch, run_on_terminal, watched, without_network
from bachata_assets_tests.support.paths import SAMPLE

PATIENCE_S = 1800
CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@dataclass(frozen=True)
class FirstRun:
    """`generate` of one clip in an empty cache, in a pipe."""

    folder: Path
    watch: Watch
    environment: dict[str, str]
    done: subprocess.CompletedProcess[str]

    def generate(self, *before: str) -> subprocess.CompletedProcess[str]:
        words = ["--video_dir", str(self.folder / "videos"), "--data_dir", str(self.folder / "data")]
        annotated = ["--annotations", str(self.folder / "annotations.json")]
        return self.run(*before, *BASE, "generate", *words, *annotated)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FirstRun]:
    folder = tmp_path_factory.mktemp("first")
    (folder / "videos").mkdir()
    shutil.copy(SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4", folder / "videos")
    annotation = {"video_path": "basic_step_1.mp4", "move_label": "basic_step"}
    (folder / "annotations.json").write_text(json.dumps({"clips": [annotation]}))
    with watched(tmp_path_factory.mktemp("watch")) as watch:
        environment = os.environ | watch.environment | {"XDG_CACHE_HOME": str(folder / "cache")}
        begun = FirstRun(folder, watch, environment, subprocess.CompletedProcess([], 0))
        yield FirstRun(folder, watch, environment, begun.generate())


def exports(text: str) -> list[str]:
    return re.findall(r"^Exporting (\S+) to OpenVINO: once, later starts take it from the cache$", text, re.MULTILINE)


def test_a_first_run_in_a_pipe_says_only_what_a_person_needs(first: FirstRun) -> None:
    assert first.done.returncode == 0, first.done.stderr
    lines = first.done.stderr.splitlines()
    assert exports(first.done.stderr) == ["all-MiniLM-L6-v2"]  # the models of poses come exported
    others = [line for line in lines if not line.startswith("Exporting")]
    said = [
        r"Clips: 1, of which 0 are up to date and 1 to be made",
        r"\[1/1\] basic_step_1: made \(\d+\.\d s\)",
        r"Writing the report",
        r"Report: 1 clip: 1 made, .*",
    ]
    assert len(others) == len(said), others
    for line, pattern in zip(others, said, strict=True):
        assert re.fullmatch(pattern, line)
    assert len(first.done.stdout.splitlines()) <= 4, first.done.stdout


def test_a_first_run_asks_nobody_for_anything(first: FirstRun) -> None:
    assert first.run(*BASE, "similar", "--text", "turn", "--data_dir", str(first.folder / "data")).returncode == 0
    assert first.watch.asked() == []


def test_the_watch_sees_what_asks_for_the_network(tmp_path: Path) -> None:
    code = "import urllib.request, socket; socket.getaddrinfo('example.invalid', 80)"
    with watched(tmp_path) as watch:
        subprocess.run([BASE[0], "-c", code], env=os.environ | watch.environment, capture_output=True, check=False)
        through_proxy = "import urllib.request; urllib.request.urlopen('http://example.invalid', timeout=5)"
        environment = os.environ | watch.environment
        subprocess.run([BASE[0], "-c", through_proxy], env=environment, capture_output=True, check=False)
        by_name, by_proxy = watch.asked()
    assert by_name.startswith("example.invalid by")
    assert "GET http://example.invalid" in by_proxy


def test_generate_and_similar_work_without_a_network(first: FirstRun) -> None:
    before = without_network()
    shutil.copy(SAMPLE / "videos" / "lady_right_turn" / "lady_right_turn_1.mp4", first.folder / "videos")
    made = first.generate(*before)
    assert made.returncode == 0, made.stderr
    assert "[1/1] lady_right_turn_1: made" in made.stderr
    found = first.run(*before, *BASE, "similar", "basic_step_1", "--data_dir", str(first.folder / "data"))
    assert "lady_right_turn_1" in found.stdout, found.stderr
    assert first.watch.asked() == []


def test_verify_on_a_terminal_without_a_network_and_a_cache_says_only_what_a_person_needs(
    first: FirstRun, tmp_path: Path
) -> None:
    environment = first.environment | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    command = [*without_network(), *BASE, "verify", "--data_dir", str(first.folder / "data")]
    code, written = run_on_terminal(command, environment, PATIENCE_S)
    assert code == 0, written
    # Above the bar, which is wiped and drawn again in one place, stands each line once.
    shown = [CONTROL.sub("", line).strip() for line in re.split(r"[\r\n]|\x1b\[2K", written)]
    findings = [found[1] for line in shown if (found := re.search(r"(?:^| )((?:ok|warning|problem) {2,}.*)", line))]
    assert len(findings) == 9, shown
    assert "A rendered clip" in findings[-1]
    text = "\n".join(shown)
    assert exports(text) == [], text
    assert "Warning" not in text
    assert first.watch.asked() == []


SERVE = """
import fcntl, os, signal, socket, struct, subprocess, sys, time, urllib.request
with socket.socket() as one:  # where there is no network, loopback is down at first
    fcntl.ioctl(one, 0x8914, struct.pack("16sh14x", b"lo", 0x41))
command = [sys.executable, "-m", "dagster", "dev", "-p", "3999", "-h", "127.0.0.1", "-m", "bachata_assets.definitions"]
server = subprocess.Popen(command, start_new_session=True)
asked = urllib.request.Request(
    "http://127.0.0.1:3999/graphql",
    b'{"query": "{ repositoriesOrError { ... on RepositoryConnection { nodes { name } } } }"}',
    {"Content-Type": "application/json"},
)
answer = b""
while server.poll() is None and b"__repository__" not in answer:
    time.sleep(1)
    try:
        answer = urllib.request.urlopen(asked, timeout=30).read()
    except OSError:
        pass
print(answer.decode())
os.killpg(server.pid, signal.SIGINT)
try:
    server.wait(20)
except subprocess.TimeoutExpired:
    os.killpg(server.pid, signal.SIGKILL)
"""
"""Opens `dagster dev` until it shows the code location, whose answer is printed."""


def test_dagster_dev_works_without_a_network(first: FirstRun) -> None:
    home = {"DAGSTER_HOME": str(first.folder / "data" / ".dagster"), "BACHATA_DATA_DIR": str(first.folder / "data")}
    served = subprocess.run(
        [*without_network(), sys.executable, "-c", SERVE],
        env=first.environment | home, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert "__repository__" in served.stdout, served.stderr
    assert first.watch.asked() == []


def test_dagster_dev_asks_nobody_for_anything(backfilled: Webserver) -> None:
    assert backfilled.watch.asked() == []
