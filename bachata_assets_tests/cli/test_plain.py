"""Names of files and words of annotations on a terminal and in the UI: shown as they are, never obeyed."""

import io
import json
import logging
import sys

import pytest
from rich.console import Console

from bachata_assets.cli import progress, tables
from bachata_assets.cli.plain import PlainFormatter, plain, say, say_json
from bachata_assets.cli.progress import ProgressHandler
from bachata_assets.orchestration.asset_checks import _link
from bachata_assets.report.markdown import as_text
from bachata_assets.search.similarity import Match

NAMES = ["a:b.mp4", ":smile:", "[red]x[/red].mp4", "[/]", "[link=http://x]a[/link]", "café 💃.mp4"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred\x07", r"a\x1b[31mred\x07"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("\u202egnp.mp4", r"\u202egnp.mp4"),
        ("\x9b31m", r"\x9b31m"),
        ("caf\udce9", r"caf\udce9"),
        ("\u2028", r"\u2028"),
        ("'\x00'", r"'\x00'"),
        ("café 💃 👩\u200d🦰\xa0'\"", "café 💃 👩\u200d🦰\xa0'\""),
        *((name, name) for name in NAMES),
    ],
)
def test_what_a_terminal_would_obey_is_written_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_line_that_is_said_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("failed: a\n[1/2] b: made")
    assert capsys.readouterr().out == "failed: a\\n[1/2] b: made\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("text", ["café", "\x9b31m", "\u202e"])
def test_json_is_json_on_any_terminal_and_holds_nothing_that_one_obeys(
    text: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    say_json({text: [text]})
    sys.stdout.flush()
    content = written.getvalue().decode(encoding)
    assert json.loads(content) == {text: [text]}
    assert all(line.isprintable() for line in content.splitlines())


def logged(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("bachata_assets", level, "", 0, text, (), None)


def test_a_name_forges_no_line_of_the_log_and_a_traceback_keeps_its_lines() -> None:
    formatter = PlainFormatter("%(levelname)s %(message)s")
    assert formatter.format(logged("a\nERROR b\x1b")) == r"INFO a\nERROR b\x1b"
    assert formatter.format(logged("details\nof more\x1b lines", logging.DEBUG)) == "DEBUG details\nof more\\x1b lines"
    record = logged("failed")
    try:
        raise ValueError("\x1b[2J")
    except ValueError:
        record.exc_info = sys.exc_info()
    lines = formatter.format(record).splitlines()
    assert lines[0] == "INFO failed"
    assert lines[-1] == r"ValueError: \x1b[2J"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_name_in_the_progress_is_no_markup(name: str, is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()

    def console(**_given: object) -> Console:
        return Console(file=written, force_terminal=is_terminal, width=200, color_system=None)

    monkeypatch.setattr(progress, "Console", console)
    ProgressHandler().handle(logged(f"{name}: made"))
    assert written.getvalue() == f"{name}: made\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_table_is_no_markup(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    match = Match(
        clip_id=name, score=0.5, scores={}, video_path="path", move_label=name, difficulty="easy", energy_level="low",
        estimated_tempo=120.0, quality_score=0.9,
    )  # fmt: skip
    shown = tables.console()
    shown.print(tables.matches_table([match], shown.width))
    row = next(line for line in capsys.readouterr().out.splitlines() if "0.500" in line)
    assert row.count(name) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("![x](javascript:hurt())", r"\!\[x\]\(javascript\:hurt\(\)\)"),
        ("<img src=x onerror=hurt()>", r"\<img src\=x onerror\=hurt\(\)\>"),
        ("_a_ *b* `c` ~d~ &amp; \\e", r"\_a\_ \*b\* \`c\` \~d\~ \&amp\; \\e"),
        ("a\n\n# b", r"a \# b"),
        ("café 💃 1", "café 💃 1"),
    ],
)
def test_a_name_in_markdown_is_text(name: str, text: str) -> None:
    assert as_text(name) == text


def test_a_link_to_a_clip_leads_to_its_partition_whatever_it_is_called() -> None:
    assert _link("a](x) b/c&d") == (
        r"- [a\]\(x\) b\/c\&d](/assets/keypoints?view=partitions&partition=a%5D%28x%29%20b%2Fc%26d)"
    )
