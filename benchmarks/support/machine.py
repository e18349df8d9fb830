"""What a figure was measured on, and whether it can be believed."""

import subprocess
import time
from pathlib import Path

import psutil

from bachata_assets_tests.support.paths import PROJECT

BUSY = 0.5
"""Load over the last minute above which nothing is measured: other work takes turns with what is timed."""
_TELLING = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")
"""Features of a CPU that decide how fast models run on it."""


def machine(*commits: str, cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return a line on CPU, cores, load and commits.

    Parameters
    ----------
    commits : what git calls them; by default what is checked out
    cpuinfo : file in which Linux describes the CPU
    """
    described = cpuinfo.read_text() if cpuinfo.is_file() else ""
    facts = dict(line.split(":", 1) for line in described.splitlines() if ":" in line)
    known = {name.strip(): value.strip() for name, value in facts.items()}
    features = [name for name in _TELLING if name in known.get("flags", "").split()]
    cores, load = len(psutil.Process().cpu_affinity()) if features else psutil.cpu_count(), psutil.getloadavg()[0]
    return (
        f"{known.get('model name', 'CPU unknown')} ({', '.join(features) or 'features unknown'}), {cores} cores, "
        f"load {load:.1f} before, commit {' and '.join(map(commit_id, commits or ('HEAD',)))}"
    )


def commit_id(name: str) -> str:
    """Return the short id of a commit, with + where files differ from it.

    Raises
    ------
    SystemExit
        There is no such commit.
    """
    try:
        short = _git("rev-parse", "--short", f"{name}^{{commit}}")
    except subprocess.CalledProcessError:
        raise SystemExit(f"{name}: no such commit here") from None
    return f"{short}+" if name == "HEAD" and _git("status", "--porcelain", "--untracked-files=no") else short


def require_idle() -> None:
    """Refuse to measure beside other work.

    Raises
    ------
    SystemExit
        The load is above `BUSY`.
    """
    load = psutil.getloadavg()[0]
    if load > BUSY:
        raise SystemExit(
            f"The load over the last minute is {load:.1f}, above {BUSY}: other work would be measured, too. Wait until "
            "the machine is idle, or say --busy to see figures that are written nowhere."
        )


def wait_until_idle(longest_s: float = 600) -> None:
    """Return once the load is at most `BUSY`, or after so long, s."""
    begun = time.monotonic()
    while psutil.getloadavg()[0] > BUSY and time.monotonic() - begun < longest_s:
        time.sleep(5)


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(PROJECT), *words], check=True, capture_output=True, text=True
    ).stdout.strip()
