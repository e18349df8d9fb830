"""How a call that cannot be understood, or a path that cannot be used, ends: one line, exit code 2."""

import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import typer
from typer.core import TyperGroup


class Commands(TyperGroup):
    """The commands of the program."""

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
        try:
            code = run()
        except typer.TyperException as error:
            # Called without a command, the message is the help.
            message = error.format_message()
            typer.echo(message if "\n" in message else f"Error: {message.rstrip('.')} (see --help)", err=True)
            code = error.exit_code
        except typer.Abort:
            code = 1
        except OSError as error:
            if error.filename is None:
                raise
            typer.echo(f"Error: {error.filename}: {error.strerror}", err=True)
            code = 2
        sys.exit(code if isinstance(code, int) else 0)
