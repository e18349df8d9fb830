"""Damaged files through the real pipeline, and processes that are killed, a few; `benchmarks/platform/` tries more."""

import subprocess
import sys

from bachata_assets_tests.support.paths import PROJECT, SAMPLE


def printed_by(benchmark: str, *words: str) -> str:
    """Return what a benchmark prints, which ends well where it counts nothing."""
    command = [sys.executable, "-m", f"benchmarks.platform.{benchmark}", *words]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    return done.stdout


def test_no_damaged_file_crashes_or_hangs_or_is_called_right() -> None:
    words = ["--n", "60", "--seed", "18", "--sources", "2", "--clips", str(SAMPLE / "videos")]
    assert printed_by("faults", *words).splitlines()[-1].startswith("| all | 60 |")


def test_no_table_is_lost_where_a_compaction_is_killed_or_a_run_goes_on_beside_it() -> None:
    printed = printed_by("compaction", "--kills", "3", "--beside", "1", "--clips", "60")
    assert printed.count(" | 0; 0; 0 |\n") == 3
    assert printed.splitlines()[-1].endswith("; 0 |")
