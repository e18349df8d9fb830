"""How a wrong call or an unusable path ends: one line, exit code 2."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from bachata_assets.cli.plain import say
from bachata_assets.cli.signals import ended_by_signals
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.file_errors import REFUSALS, of_a_file

INTERRUPTED = 128 + signal.SIGINT
"""Exit code of typer when a KeyboardInterrupt ended a command."""
ABORTED = 1
"""Exit code of a prompt that was not answered with yes, or was interrupted."""


class Commands(TyperGroup):
    """The commands of the program."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse empty arguments, which an unset shell variable leaves: as a path they mean the working directory."""
        for before, word in pairwise(["", *args]):
            flag, equals, value = word.partition("=") if word.startswith("--") else (before, "=", word)
            if equals and not value.strip():
                if flag.startswith("--"):
                    raise typer.BadParameter("it is empty", ctx, param_hint=f"'{flag}'")
                raise typer.BadParameter("an argument is empty", ctx)
        return super().parse_args(ctx, args)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and end the process, unless another program embeds it (not `standalone_mode`)."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        with ended_by_signals() as code_of_signal:
            code = _code(run)
            if code in (INTERRUPTED, ABORTED):
                code = code_of_signal() or code
        sys.exit(code)


def _code(run: Callable[[], Any]) -> int:
    """Run a command and return its exit code; an error becomes one line."""
    with suppress(AttributeError):  # the streams of a test lack it
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal may lack letters
    try:
        code = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except typer.TyperException as error:
        message = _problem(error)  # the help, when called without a command
        if "\n" in message:
            typer.echo(message, err=True)
        else:
            say(f"Error: {message.rstrip('.')} (see --help)", err=True)
        return error.exit_code
    except typer.Abort:
        return ABORTED
    except BrokenPipeError:
        # The reader of the pipe has closed it, as `head` does; the interpreter must not flush into it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1  # as typer does when it cannot write a line
    except OSError as error:
        if error.filename is None and _is_folder_gone(error):
            say("Error: the working directory no longer exists: change to another one", err=True)
            return 2
        if error.filename is None and error.errno not in REFUSALS:
            raise
        say(f"Error: {of_a_file(error.errno, error.strerror, error.filename)}", err=True)
        code = 2
    except DamagedError as error:
        say(f"Error: {error}", err=True)
        code = 2
    return code if isinstance(code, int) else 0


def _problem(error: typer.TyperException) -> str:
    """Return what is wrong with a call; for a number, its flag, the given value and the allowed range."""
    cause, flag = error.__cause__, getattr(error, "param", None)
    least, most = getattr(flag, "min", None), getattr(flag, "max", None)
    if flag is None or least is None or most is None or not isinstance(cause, ValidationError):
        return error.format_message().replace(": Value error, ", ": ")  # pydantic's prefix
    given = cause.errors()[0]["input"]
    return f"Invalid value for '{flag.opts[0]}': {str(given)!r} is not a whole number from {least} to {most}"


def _is_folder_gone(error: OSError) -> bool:
    """Tell whether an error without a file name means that the working directory was removed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return isinstance(error, FileNotFoundError)
    return False
