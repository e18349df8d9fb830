"""What commands cost with all processes that they start: time, processor time, memory."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

LOOK_EVERY_S = 0.1


class Used(NamedTuple):
    """What commands took together.

    Attributes
    ----------
    wall_s : float
        From the first start to the last end, s.
    cpu_s : float
        Of all processes, s; what one uses between the last look at it and its end is missed.
    peak_bytes : int
        Most memory of all processes together, pages that several share counted once.
    """

    wall_s: float
    cpu_s: float
    peak_bytes: int


def used_by(*commands: Sequence[str], folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Used:
    """Run commands side by side to their end.

    Python may keep the modules it compiles, as it does where nothing forbids it: without that every process compiles
    its own, 10 s of processor time for `generate`.

    Parameters
    ----------
    commands : program and its arguments, each
    folder : where they run
    environment : variables beside those of this process

    Raises
    ------
    SystemExit
        One of them failed; what it printed last is said.
    """
    variables = {**os.environ, **(environment or {})}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    running = [
        subprocess.Popen(one, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=folder, env=variables)
        for one in commands
    ]
    cpu: dict[tuple[int, float], float] = {}
    peak = 0
    while any(process.poll() is None for process in running):
        peak = max(peak, _look(running, cpu))
        time.sleep(LOOK_EVERY_S)
    wall = time.perf_counter() - begun
    for words, process in zip(commands, running, strict=True):
        said = process.communicate()[1]
        if process.returncode:
            raise SystemExit(f"{' '.join(words)} failed:\n{said[-2000:]}")
    return Used(wall, sum(cpu.values()), peak)


def _look(running: Sequence["subprocess.Popen[str]"], cpu: dict[tuple[int, float], float]) -> int:
    """Note the processor time of every process so far; return their memory, bytes."""
    memory = 0
    for process in running:
        try:
            root = psutil.Process(process.pid)
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        for one in family:
            try:
                times, size = one.cpu_times(), one.memory_full_info()
                cpu[one.pid, one.create_time()] = times.user + times.system
                memory += getattr(size, "pss", size.uss)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
    return memory
