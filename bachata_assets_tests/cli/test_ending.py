"""The end of the program: its exit code stands, whatever happens while the interpreter is taken down."""

import re
import signal
import subprocess
import sys

import pytest

PROGRAM = """
import atexit, os, sys
from bachata_assets import cli
from bachata_assets.cli import __main__ as program

class EndsBadly:  # as a process does in which a thread of Arrow still reads
    def __del__(self, abort=os.abort):
        abort()

def app(*args, **words):
    atexit.register(print, "what was left for the end")
    if what == "an error":
        raise RuntimeError("of the program")
    cli.app(*args, **words)

kept = EndsBadly()
program.app = app
what = sys.argv.pop(1)
try:
    app() if what == "without it" else program.main()
finally:
    print("last words")
"""


def ended(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["similar", "--size", "0"], 2)])
def test_the_exit_code_stands_and_everything_is_said(words: list[str], code: int) -> None:
    done = ended("a call", *words)
    assert done.returncode == code, done.stderr
    assert done.stdout.endswith("last words\nwhat was left for the end\n")
    if code:
        assert re.fullmatch(r"Error: .*size.*\n", done.stderr)
    else:
        assert done.stdout.startswith("bachata_assets ")


def test_without_it_the_test_sees_the_bad_end() -> None:
    assert ended("without it", "--version").returncode == -signal.SIGABRT


def test_an_error_of_the_program_is_shown() -> None:
    done = ended("an error")
    assert "RuntimeError: of the program" in done.stderr
    assert done.returncode == -signal.SIGABRT
