"""Hosts of a network on one machine: network namespaces at one bridge, each with addresses and processes of its own.

It takes Linux, root, and `ip` of iproute2.
"""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psutil

CPU_GROUPS = Path("/sys/fs/cgroup/cpu") if Path("/sys/fs/cgroup/cpu").is_dir() else Path("/sys/fs/cgroup")
"""Where Linux keeps groups of processes that share a limit of processor time: of version 1, else of version 2."""
PERIOD_US = 100_000
"""Length of Linux's periods, in each of which a group gets its share of time, microseconds."""
NET = "10.77.0"
"""First three numbers of the hosts' addresses, of which each has 8 bits more."""


class Host:
    """A host that is up.

    Parameters
    ----------
    name : short, since the names of its ends of a cable have 15 characters at most
    number : last number of its address
    core : the one that its processes run on; None: all
    share : of a core's time that they get together; 1: no limit
    """

    def __init__(self, name: str, number: int, core: int | None = None, share: float = 1.0) -> None:
        self.name = name
        self.address = f"{NET}.{number}"
        self._core, self._share = core, share
        self._space = f"bachata-{os.getpid()}-{name}"
        self._cable = f"b{os.getpid()}{name}"

    def begin(self, words: Sequence[str], environment: Mapping[str, str], **given: Any) -> "subprocess.Popen[str]":
        """Start a command on the host."""
        pinned = [] if self._core is None else ["taskset", "-c", str(self._core)]
        limited = [] if self._share == 1 else ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', str(self._group)]
        command = [*limited, "ip", "netns", "exec", self._space, *pinned, *words]
        return subprocess.Popen(command, env=os.environ | environment, text=True, **given)

    @property
    def _group(self) -> Path:
        return CPU_GROUPS / self._space

    def processes(self) -> list[psutil.Process]:
        """Return what runs on the host."""
        asked = subprocess.run(["ip", "netns", "pids", self._space], capture_output=True, text=True, check=True)
        found = []
        for pid in asked.stdout.split():
            with suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(int(pid)))
        return found

    def cpu_seconds(self) -> float:
        """Return the processor time of what runs on the host and of what has ended there and was waited for, s."""
        total = 0.0
        for process in self.processes():
            with suppress(psutil.Error):
                total += sum(process.cpu_times()[:4])
        return total

    def kill(self) -> None:
        """Kill all of its processes at once, as a power cut does."""
        while processes := [one for one in self.processes() if one.status() != psutil.STATUS_ZOMBIE]:
            for process in processes:
                with suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL)
            psutil.wait_procs(processes, timeout=1.0)

    def add_address(self, address: str) -> None:
        """Give it one more address."""
        self._ip("addr", "add", f"{address}/24", "dev", "eth0")

    def remove_address(self, address: str) -> None:
        """Take an address away: who talks to it gets no answer."""
        self._ip("addr", "del", f"{address}/24", "dev", "eth0")

    def up(self, bridge: str) -> None:
        """Begin the host."""
        _ip("netns", "add", self._space)
        if self._share != 1:
            self._group.mkdir()
            quota = round(self._share * PERIOD_US)
            if CPU_GROUPS.name == "cpu":
                (self._group / "cpu.cfs_quota_us").write_text(str(quota))
            else:
                (self._group / "cpu.max").write_text(f"{quota} {PERIOD_US}")
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self._space)
        _ip("link", "set", self._cable, "master", bridge, "up")
        self._ip("link", "set", "lo", "up")
        self._ip("link", "set", "eth0", "up")
        self.add_address(self.address)
        # A second address of the same net would go with the first.
        self._sysctl("net.ipv4.conf.eth0.promote_secondaries", "1")

    def down(self) -> None:
        """End the host and all that runs on it."""
        if (Path("/run/netns") / self._space).exists():
            self.kill()
            _ip("netns", "del", self._space)
        if self._group.exists():
            self._group.rmdir()

    def _ip(self, *words: str) -> None:
        _ip("-n", self._space, *words)

    def _sysctl(self, name: str, value: str) -> None:
        setting = Path("/proc/sys") / name.replace(".", "/")
        words = ["ip", "netns", "exec", self._space, "sh", "-c", f"echo {value} > {setting}"]
        subprocess.run(words, check=True)


@contextmanager
def network(*hosts: Host) -> Iterator[None]:
    """Have hosts that reach each other, and that this machine reaches."""
    bridge = f"b{os.getpid()}net"
    _ip("link", "add", bridge, "up", "type", "bridge")
    _ip("addr", "add", f"{NET}.1/24", "dev", bridge)
    try:
        for host in hosts:
            host.up(bridge)
        yield
    finally:
        for host in hosts:
            host.down()
        _ip("link", "del", bridge)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def first_line(process: "subprocess.Popen[str]") -> str:
    """Return the first line that a process prints."""
    stream: IO[str] | None = process.stdout
    assert stream is not None
    line = stream.readline().strip()
    if not line:
        raise RuntimeError(f"{process.args!r} ended with {process.wait()}")
    return line
