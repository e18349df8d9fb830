"""Run the measurements of the docs, each by the command that stands there.

    uv run python -m benchmarks                  # all, one after the other: hours
    uv run python -m benchmarks search report    # those whose command has one of the words
    uv run python -m benchmarks --list           # say what would be run

They read `../shared`, and the collection of its clips that docs/measurements/performance.md says how to make. Figures
are those of an idle machine only.
"""

import argparse
import re
import shlex
import subprocess
import time

from bachata_assets_tests.support.doc_commands import PAGES, code_of
from bachata_assets_tests.support.paths import PROJECT
from benchmarks.support.machine import wait_until_idle

MEASURES = re.compile(r"python -m (benchmarks|training)\.\w+")
REAL_CLIPS = "--data_dir data/real"
"""Makes the collection that some measure; where it is up to date, in seconds."""


def commands(words: list[str]) -> list[str]:
    """Return the commands of the docs, what makes the collection first."""
    code = dict.fromkeys(line.partition(" #")[0].strip() for page in PAGES for line in code_of(page))
    measures = [line for line in code if MEASURES.search(line)]
    return [line for line in code if REAL_CLIPS in line] + [
        line for line in measures if not words or any(word in line for word in words)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    failed = []
    for command in commands(given.words):
        print(f"== {command}", flush=True)
        if given.list:
            continue
        wait_until_idle()  # of what was measured before
        start = time.monotonic()
        if subprocess.run(shlex.split(command), cwd=PROJECT, check=False).returncode:
            failed.append(command)
        print(f"== {time.monotonic() - start:.0f} s", flush=True)
    if failed:
        raise SystemExit("\n".join(["Failed:", *failed]))


if __name__ == "__main__":
    main()
