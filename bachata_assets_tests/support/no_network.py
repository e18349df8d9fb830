"""Runs a program so that every attempt to reach another machine is seen: by a proxy, and in each Python process."""

import os
import pty
import select
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from bachata_assets_tests.support.paths import PROJECT

WITNESS = """
import socket, sys
HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "::", "", None, socket.gethostname())
def _see(event, args):
    if event == "socket.getaddrinfo":
        asked = args[0].decode() if isinstance(args[0], bytes) else args[0]
    elif event == "socket.connect" and isinstance(args[1], tuple):
        asked = args[1][0]
    else:
        return
    if asked not in HERE:
        with open({asked!r}, "a") as file:
            file.write(f"{{asked}} by {{sys.argv}}\\n")
sys.addaudithook(_see)
"""
"""Run by every Python process at its start: writes down each host that is asked for."""
BASE = [sys.executable, "-m", "bachata_assets.cli"]


@dataclass
class Watch:
    """Where attempts to reach the network are seen.

    Attributes
    ----------
    connections : first bytes of what was sent to the proxy
    """

    folder: Path
    port: int
    connections: list[bytes]

    @property
    def environment(self) -> dict[str, str]:
        """Variables for a program that is watched."""
        proxy = f"http://127.0.0.1:{self.port}"
        return {
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), proxy),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
            "PYTHONPATH": os.pathsep.join((str(self.folder), str(PROJECT))),
            "HOME": str(self.folder),
        }

    def asked(self) -> list[str]:
        """Return every attempt, in words."""
        file = self.folder / "asked"
        return [*(file.read_text().splitlines() if file.exists() else []), *map(repr, self.connections)]


@contextmanager
def watched(folder: Path) -> Iterator[Watch]:
    """Listen for whatever asks for the network; `folder` is for the watch alone."""
    (folder / "sitecustomize.py").write_text(WITNESS.format(asked=str(folder / "asked")))
    with socket.create_server(("127.0.0.1", 0)) as server:
        watch = Watch(folder, server.getsockname()[1], [])

        def listen() -> None:
            with suppress(OSError):  # closed at the end
                while True:
                    connection, _ = server.accept()
                    with connection:
                        watch.connections.append(connection.recv(200))

        threading.Thread(target=listen, daemon=True).start()
        yield watch
        server.shutdown(socket.SHUT_RDWR)


def without_network() -> list[str]:
    """Return the words before a command that take the network away from it; skip the test where that is forbidden."""
    words = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare may not take the network away here: it needs Linux and user namespaces")
    return words


def run_on_terminal(command: list[str], environment: dict[str, str], patience_s: float) -> tuple[int, str]:
    """Run a program on a terminal of 80 columns; return its exit code and what it wrote."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment | {"COLUMNS": "80", "TERM": "xterm"}
    )
    os.close(theirs)
    written = b""
    with suppress(OSError):  # how Linux says that the other end is closed
        while select.select([ours], [], [], patience_s)[0]:
            some = os.read(ours, 65536)
            if not some:
                break
            written += some
    os.close(ours)
    return process.wait(timeout=30), written.decode()
