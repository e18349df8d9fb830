"""How a call that cannot be understood, or a path that cannot be used, ends: one line, exit code 2."""

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
"""Exit code with which typer says that a KeyboardInterrupt ended a command."""
ABORTED = 1
"""Exit code of a question that was not answered with yes, or was interrupted."""


class Commands(TyperGroup):
    """The commands of the program."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse empty words, as an unset variable of a shell leaves them: as a path they are the present folder."""
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
        """Run a command; ends the process, unless it is part of another program (not `standalone_mode`)."""
        run = partial(super().main, args, prog_name, complete_var, False, windows_expand_args, **extra)
        if not standalone_mode:
            return run()
        with ended_by_signals() as code_of_signal:
            code = _code(run)
            if code in (INTERRUPTED, ABORTED):
                code = code_of_signal() or code
        sys.exit(code)


def _code(run: Callable[[], Any]) -> int:
    """Run a command and return its exit code; what it cannot do is one line."""
    with suppress(AttributeError):  # not the streams of a test
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal may lack letters
    try:
        code = run()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except typer.TyperException as error:
        message = _problem(error)  # called without a command, it is the help
        if "\n" in message:
            typer.echo(message, err=True)
        else:
            say(f"Error: {message.rstrip('.')} (see --help)", err=True)
        return error.exit_code
    except typer.Abort:
        return ABORTED
    except BrokenPipeError:
        # Whoever read our lines has seen enough, as `head` has; the interpreter must not flush into the void.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1  # as typer does where a line does not get out
    except OSError as error:
        if error.filename is None and _is_folder_gone(error):
            say("Error: the working directory is gone: change into another one", err=True)
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
    """Return what is wrong with a call: of a number its flag, what was given, and what is allowed."""
    cause, flag = error.__cause__, getattr(error, "param", None)
    least, most = getattr(flag, "min", None), getattr(flag, "max", None)
    if flag is None or least is None or most is None or not isinstance(cause, ValidationError):
        return error.format_message().replace(": Value error, ", ": ")  # which is how pydantic begins
    given = cause.errors()[0]["input"]
    return f"Invalid value for '{flag.opts[0]}': {str(given)!r} is not a whole number from {least} to {most}"


def _is_folder_gone(error: OSError) -> bool:
    """Tell whether an error that names no file says that the working directory was removed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return isinstance(error, FileNotFoundError)
    return False
