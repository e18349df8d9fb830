"""What the benchmarks measure with, and when they refuse to."""

import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.support.machine import machine, require_idle
from benchmarks.support.processes import used_by

BUSY_CHILD = """
import subprocess, sys
child = '''
import time
held = bytearray(200_000_000)
held[::4096] = b"x" * len(held[::4096])
while time.process_time() < 1: pass
'''
subprocess.run([sys.executable, "-c", child], check=True)
"""


def test_what_the_processes_of_a_process_use_is_counted() -> None:
    used = used_by([sys.executable, "-c", BUSY_CHILD])
    assert used.cpu_s > 0.7  # what it uses after the last look is missed
    assert used.peak_bytes > 200_000_000
    assert used.wall_s > 0.9


def test_a_command_that_fails_ends_the_benchmark_with_what_it_said() -> None:
    with pytest.raises(SystemExit, match="no such clip"):
        used_by([sys.executable, "-c", "raise SystemExit('no such clip')"])


def test_a_busy_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "getloadavg", lambda: (0.6, 0.0, 0.0))
    with pytest.raises(SystemExit, match=r"load over the last minute is 0\.6"):
        require_idle()
    monkeypatch.setattr(psutil, "getloadavg", lambda: (0.5, 9.0, 9.0))
    require_idle()


def test_the_machine_is_described_by_what_decides_how_fast_it_is(tmp_path: Path) -> None:
    described = tmp_path / "cpuinfo"
    described.write_text("model name\t: A CPU\nflags\t\t: fpu avx2 avx512f amx_bf16\n")
    line = machine(cpuinfo=described)
    assert line.startswith("A CPU (amx_bf16, avx512f, avx2), ")
    with pytest.raises(SystemExit, match="nowhere: no such commit here"):
        machine("nowhere", cpuinfo=described)
