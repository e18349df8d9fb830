"""The program, also as `python -m bachata_assets.cli`: it ends with its own exit code, whatever libraries still do."""

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
    words : of the call, without the program's name; None: those that the process was begun with

    Notes
    -----
    A thread of Arrow that is still reading while the interpreter is taken down ends the process by SIGABRT, although
    all was done: "terminate called without an active exception" (apache/arrow#34314). It was seen once in 53 calls of
    `similar`, at a load of 100. So the process ends when everything that was left for the end has been done, and the
    interpreter is not taken down.
    """
    code: list[int] = []
    atexit.register(_end, code)  # what is registered first comes last
    try:
        app(words, prog_name=None if words is None else "bachata-assets")
    except SystemExit as ended:
        if isinstance(ended.code, int):
            code.append(ended.code)
        raise


def _end(code: list[int]) -> None:
    if not code:
        return  # an error of the program, which the interpreter shows
    logging.shutdown()
    try:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except (OSError, ValueError):
        return  # the interpreter says so, with an exit code of its own
    os._exit(code[0])


if __name__ == "__main__":
    main()
