"""How the command line is called: words, help, wrong calls, Ctrl-C."""

import errno
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from importlib.metadata import version
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.cli.commands import Commands
from bachata_assets.pipeline.workers.processes import WorkerProcesses
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace

COMMANDS = [
    *((name,) for name in ("generate", "sample", "status", "report", "similar", "preview", "prune", "settings")),
    *(
        (name,)
        for name in ("next", "chain", "serve", "verify", "repair", "compact", "annotate", "export", "download-models")
    ),
    *(("index", name) for name in ("status", "promote", "prune", "adopt")),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"], terminal_width=200)
    assert result.exit_code == 0
    assert "xample" in result.output
    assert f"bachata-assets {' '.join(words)}" in result.output


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_names_every_flag_in_full_on_a_narrow_terminal(words: tuple[str, ...]) -> None:
    program: Any = typer.main.get_command(app)
    for word in words:
        program = program.commands[word]
    shown = CliRunner().invoke(app, [*words, "--help"], terminal_width=80).output
    for parameter in program.params:
        for flag in (*parameter.opts, *parameter.secondary_opts):
            assert f"{flag} " in shown or not flag.startswith("--"), flag


@pytest.mark.parametrize("flag", ["--data_dir", "--data-dir"])
def test_flags_are_typed_with_underscores_or_dashes(flag: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["index", "status", "--json", flag, str(tmp_path)])
    assert json.loads(result.output)["location"] == str(tmp_path / "lancedb")


def test_the_list_of_commands_is_whole() -> None:
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)
    index = program.commands["index"]
    assert isinstance(index, TyperGroup)
    names = {(name,) for name in program.commands if name != "index"}
    assert names | {("index", name) for name in index.commands} == set(COMMANDS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["generate", "--vido_dir", "x"], "No such option: --vido_dir"),
        (["generate", "--annotations", "x"], "Missing option '--video_dir'"),
        (["generat"], "No such command 'generat'. Did you mean 'generate'?"),
        (["similar", "a", "--size", "many"], "Invalid value for '--size': 'many' is not a whole number from 1 to 1000"),
        (["similar", "a", "--size", "2.5"], "Invalid value for '--size': '2.5' is not a whole number from 1 to 1000"),
        (["similar", "a", "--size", "0"], "Invalid value for '--size': '0' is not a whole number from 1 to 1000"),
        (["similar", "a", "--size", "1001"], "Invalid value for '--size': '1001' is not a whole number from 1 to 1000"),
        (["generate", "--video_dir", "x", "--index", "soon"], "Invalid value for '--index': 'soon' is not one of"),
        (["preview"], "Missing argument 'CLIP'"),
        (["generate", "--video_dir", "", "--data_dir", "made"], "Invalid value for '--video_dir': it is empty"),
        (["export", "webvtt", "--out="], "Invalid value for '--out': it is empty"),
        (["preview", "a", "--out", " "], "Invalid value for '--out': it is empty"),
        (["index", "status", "--data-dir", ""], "Invalid value for '--data-dir': it is empty"),
        (["sample", ""], "Invalid value: an argument is empty"),
        (["similar", ""], "Invalid value: an argument is empty"),
        (["settings", "--json", "--example"], "--example prints a .env file: leave out --json"),
        (["status", "--data_dir", __file__], "BACHATA_DATA_DIR = "),
    ],
)
def test_a_call_that_cannot_be_understood_is_one_line_and_two(words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert line.startswith(f"Error: {said}")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "No space left on device: free some space, and run the same command again"),
        (errno.EROFS, "Read-only file system: make it writable, or choose another folder"),
        (errno.EACCES, "Permission denied: change its permissions, or its folder's"),
        (
            errno.EIO,
            "Input/output error: check its disk and the connection to it, and run the same command again",
        ),
    ],
)
def test_what_the_system_says_of_a_file_is_one_line_with_what_to_do(number: int, remedy: str) -> None:
    program = typer.Typer(cls=Commands)

    @program.command()
    def write() -> None:
        raise OSError(number, os.strerror(number), "data/.dagster/.lock")

    @program.command()
    def other() -> None:
        pass

    result = CliRunner().invoke(program, ["write"])
    assert result.exit_code == 2
    assert result.output == f"Error: data/.dagster/.lock: {remedy}\n"


def test_a_working_directory_that_was_removed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for words in (["status"], ["generate", "--video_dir", "videos"], ["similar", "a"]):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 2
        assert result.output == "Error: the working directory no longer exists: change to another one\n"
    elsewhere = CliRunner().invoke(app, ["status", "--data_dir", str(tmp_path / "data")])
    assert "The folder of clips is unknown" in elsewhere.output


def test_a_working_directory_that_is_removed_during_a_run_is_one_line(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.data / "beats" / "basic_step_1.parquet").unlink()
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")

    def begin(*_: object) -> None:
        (tmp_path / "gone").rmdir()
        os.getcwd()  # noqa: PTH109  # as multiprocessing does where it begins a process

    monkeypatch.setattr(WorkerProcesses, "begin", begin)
    result = place.generate()
    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == "Error: the working directory no longer exists: change to another one"


def test_flags_have_dashes_and_underscores() -> None:
    for flags in (
        ["--video_dir", "--checkpoint_path", "--data_dir"],
        ["--video-dir", "--checkpoint-path", "--data-dir"],
    ):
        words = [word for flag in flags for word in (flag, "nowhere")]
        result = CliRunner().invoke(app, ["generate", *words, "--annotations", "a.json"])
        assert result.output.startswith(("Error: Annotation file not found", "Error: Checkpoint directory not found"))


def completed(*words: str) -> list[str]:
    """Return what bash is offered for the last word."""
    asked = os.environ | {
        "_BACHATA_ASSETS_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("bachata-assets", *words)),
        "COMP_CWORD": str(len(words)),
    }
    return CliRunner().invoke(app, [], prog_name="bachata-assets", env=asked).output.split()


def test_a_shell_can_complete_the_commands() -> None:
    assert completed("ver") == ["verify"]


def test_a_shell_can_complete_clips_labels_and_model_sets(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert completed("download-models", "rtm") == ["rtmpose-m", "rtmpose-x"]
    data = ("--data_dir", str(place.data))
    assert completed("similar", *data, "la") == ["lady_right_turn_1"]
    monkeypatch.setenv("BACHATA_DATA_DIR", str(place.data))
    assert completed("preview", "basic") == ["basic_step_1"]
    assert completed("similar", "--filter", "diff") == ["difficulty=beginner", "difficulty=intermediate"]
    assert completed("similar", "--filter", "t") == ["tempo="]


def test_where_there_is_nothing_to_complete_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACHATA_DATA_DIR", str(tmp_path / "nowhere"))
    assert completed("preview", "b") == []
    monkeypatch.setenv("BACHATA_PRECISION", "wrong")
    assert completed("preview", "b") == []
    assert not (tmp_path / "nowhere").exists()


def test_the_version_and_the_help_are_there() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"bachata_assets {version('bachata-assets')}\n"
    assert CliRunner().invoke(app, ["-h"]).output == CliRunner().invoke(app, ["--help"]).output
    assert "Usage" in CliRunner().invoke(app, ["index", "status", "-h"]).output


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_examples_of_the_help_can_be_copied_from_a_terminal_of_80_columns(words: tuple[str, ...]) -> None:
    lines = CliRunner().invoke(app, [*words, "--help"], terminal_width=80).output.splitlines()
    first = next(number for number, line in enumerate(lines) if "xample" in line)
    shown = list(takewhile(lambda line: not line.startswith("╭"), lines[first + 1 :]))
    calls = "\n".join(line.strip() for line in shown if line.strip()).replace("\\\n", " ").splitlines()
    for call in calls:
        assert re.match(r"(GCP_PROJECT_ID=dance )?bachata-assets ", call), calls


def test_the_end_of_generate_says_where_the_report_is_and_how_dagster_opens_from_any_folder(
    place: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    result = CliRunner().invoke(app, ["generate", "--video_dir", "videos", "--data_dir", "data"])
    counts, report, _, dagster = result.stdout.splitlines()
    assert counts.startswith("Clips: 4 made")
    assert report == f"Report: {place.data}/embedding_generation_report.html"
    assert Path(report.removeprefix("Report: ")).is_file()
    words = shlex.split(dagster.removeprefix("In Dagster: "))
    environment = dict(word.split("=", 1) for word in words[:2])
    assert environment == {"DAGSTER_HOME": str(place.data / ".dagster"), "BACHATA_DATA_DIR": str(place.data)}
    assert words[3:5] == ["dev", "-w"]
    assert Path(words[2]).is_file()
    assert Path(words[5]).is_absolute()
    assert Path(words[5]).is_file()


def test_a_folder_without_videos_is_said(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    result = CliRunner().invoke(app, ["generate", "--video_dir", "videos", "--data_dir", "data"])
    assert f"No videos in {tmp_path / 'videos'} or its folders; accepted are .avi, .mov, .mp4" in result.stderr


def test_control_c_keeps_what_is_made_and_the_next_run_does_the_rest(place: Workplace) -> None:
    for table in (place.data / "keypoints").iterdir():
        table.unlink()
    words = ["generate", "--video_dir", place.videos, "--annotations", place.annotations, "--data_dir", place.data]
    command = [sys.executable, "-m", "bachata_assets.cli", *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert process.stdout
        said = next(line for line in process.stderr if line.startswith("[1/4]"))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read().splitlines()
        assert process.stdout.read() == ""
    assert process.returncode == 130
    assert rest[-1] == "Stopped. What is made is kept; run the same command again to continue."
    assert not any("Traceback" in line for line in rest)
    first = said.split()[1].rstrip(":")
    kept = place.data / "keypoints" / f"{first}.parquet"
    written = kept.stat().st_mtime_ns
    assert len(list((place.data / "keypoints").iterdir())) < 4
    assert place.generate().exit_code == 0
    assert {path.stem for path in (place.data / "keypoints").iterdir()} == SAMPLE_CLIPS
    assert kept.stat().st_mtime_ns == written


def test_a_pipe_gets_plain_lines(place: Workplace) -> None:
    result = place.generate()
    assert result.exit_code == 0
    assert "\x1b" not in result.output
    assert "Clips: 4, of which 4 are up to date and 0 to be made" in result.output
