"""Damaged video files through the real pipeline, a few of each kind; `benchmarks/platform/faults.py` tries more."""

import subprocess
import sys

from bachata_assets_tests.support.paths import PROJECT, SAMPLE


def test_no_damaged_file_crashes_or_hangs_or_is_called_right() -> None:
    words = ["--n", "60", "--seed", "18", "--sources", "2", "--clips", str(SAMPLE / "videos")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.platform.faults", *words],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert done.stdout.splitlines()[-1].startswith("| all | 60 |")
