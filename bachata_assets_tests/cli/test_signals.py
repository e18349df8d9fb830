"""Ctrl-C, SIGTERM and SIGHUP at the command line, and a reader that goes away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from bachata_assets_tests.support.workplace import Workplace

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
WAITING = """
import signal, sys, time
import typer
from bachata_assets.cli.commands import Commands

app = typer.Typer(cls=Commands)

@app.command()
def wait() -> None:
    try:
        print("waiting", flush=True)
        time.sleep(60)
    finally:
        print("put away", flush=True)

@app.command()
def dagster() -> None:
    from dagster._utils.interrupts import capture_interrupts, raise_interrupts_as
    with capture_interrupts():
        with raise_interrupts_as(KeyboardInterrupt):
            pass
    with capture_interrupts(), raise_interrupts_as(KeyboardInterrupt):
        wait()

@app.command()
def after_dagster() -> None:
    from dagster._utils.interrupts import capture_interrupts
    with capture_interrupts():
        pass
    wait()

@app.command()
def ask() -> None:
    print("waiting", flush=True)
    typer.confirm("Really?", abort=True)

app()
"""

pytestmark = pytest.mark.usefixtures("no_signal_is_ignored")


def start(command: str, *, ignoring: tuple[signal.Signals, ...] = ()) -> "subprocess.Popen[str]":
    begin = "import signal\n" + "".join(f"signal.signal({number:d}, signal.SIG_IGN)\n" for number in ignoring)
    return subprocess.Popen(
        [sys.executable, "-c", begin + WAITING, command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("command", ["wait", "dagster", "after-dagster"])
def test_a_signal_ends_a_command_cleanly_and_with_its_own_exit_code(command: str, number: signal.Signals) -> None:
    with start(command) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        assert process.stdout.read() == "put away\n"
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == 128 + number


@pytest.mark.parametrize("number", ENDING)
def test_a_question_is_ended_too(number: signal.Signals) -> None:
    with start("ask") as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(number)
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == 128 + number


@pytest.mark.parametrize("command", ["wait", "after-dagster"])
def test_a_signal_that_was_ignored_stays_ignored_and_the_others_are_not(command: str) -> None:
    with start(command, ignoring=(signal.SIGHUP, signal.SIGINT)) as process:
        assert process.stdout
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read() == "put away\n"
    assert process.returncode == 128 + signal.SIGTERM


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "bachata_assets.cli", "settings", "--example"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert ended.stderr == ""
    assert ended.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_making_clips_ends_like_by_control_c_and_leaves_no_process_behind(
    number: signal.Signals, place: Workplace
) -> None:
    for table in (place.data / "keypoints").iterdir():
        table.unlink()
    words = ["generate", "--video_dir", place.videos, "--annotations", place.annotations, "--data_dir", place.data]
    command = [sys.executable, "-m", "bachata_assets.cli", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        next(line for line in process.stderr if line.startswith("[1/4]"))
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        rest = process.stderr.read().splitlines()
    assert process.returncode == 128 + number
    assert rest[-1] == "Stopped. What is made is kept; run the same command again to continue."
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    assert 1 <= len(list(Path(place.data / "keypoints").iterdir())) < 4
