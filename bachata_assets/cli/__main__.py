"""The program, also as `python -m bachata_assets.cli`; its exit code does not depend on how libraries shut down."""

import atexit
import logging
import os
import sys
from collections.abc import Sequence

from bachata_assets.cli import app


def main(words: Sequence[str] | None = None) -> None:
    """Run the command line, as the program does.

    Parameters
    ----------
    words : arguments without the program's name; None: the arguments of the process

    Notes
    -----
    An Arrow thread that is still reading during interpreter shutdown ends the process by SIGABRT, although all work is
    done: "terminate called without an active exception" (apache/arrow#34314). This was seen once in 53 calls of
    `similar`, at a load of 100. So the process exits after its exit handlers have run, without shutting down the
    interpreter.
    """
    code: list[int] = []
    atexit.register(_end, code)  # the handler registered first runs last
    try:
        app(words, prog_name=None if words is None else "bachata-assets")
    except SystemExit as ended:
        if isinstance(ended.code, int):
            code.append(ended.code)
        raise


def _end(code: list[int]) -> None:
    if not code:
        return  # an uncaught exception, which the interpreter shows
    logging.shutdown()
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError):
        return  # the interpreter reports it, with its own exit code
    os._exit(code[0])


if __name__ == "__main__":
    main()
