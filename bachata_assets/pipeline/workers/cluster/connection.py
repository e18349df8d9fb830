"""`RayCluster`: a local Ray, which starts and stops with this process, or an existing cluster.

A local Ray listens only on loopback and requires a secret token, because anyone who can send work to Ray runs code as
its user. It sends no usage statistics and has no dashboard.
"""

import logging
import os
import secrets
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import psutil

from bachata_assets.inference.cpu import available_cores
from bachata_assets.pipeline.workers.pool import LIBRARIES, harmless_environment
from bachata_assets.settings import SettingsError

OWN_STORE_BYTES = 200_000_000
"""Memory with which a local Ray passes on tables; it reads clips from disk."""
REACHED_S = 10.0
"""Time limit for the address of a cluster to answer, s."""
LONGEST_PLACE = 40
"""Maximum length of the folder of Ray's sockets, characters: their full paths have at most 107 on Linux."""
_PREFIX = "bachata_ray_"
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
}
"""Variables of every connection."""
_ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # named after systems where that is the default: stay on loopback
    "RAY_AUTH_MODE": "token",
    "RAY_worker_niceness": "0",
    # Ray 2.60 asks which cloud it is in (169.254.169.254), even without usage statistics: no proxy answers there.
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1,localhost",
}
"""Variables of a local Ray."""


class Node(NamedTuple):
    """A machine that is in the cluster now.

    Attributes
    ----------
    address : address for messages
    is_here : this process runs on it
    """

    node_id: str
    address: str
    cpus: int
    gpus: int
    is_here: bool


class RayCluster:
    """A connection of this process to Ray; there is one at a time.

    Parameters
    ----------
    address : str or None
        `auto`, or host and port of a cluster that this machine has joined; None: a local Ray.

    Raises
    ------
    SettingsError
        No Ray answers there, or it is of another version.
    """

    def __init__(self, address: str | None) -> None:
        self.name = f"the Ray at {address}" if address else "this machine's own Ray"
        self._place: Path | None = None
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            if address:
                _require_listening(address)
                self.ray = _imported(_QUIET)
                self.ray.init(address, namespace="bachata_assets", log_to_driver=False, configure_logging=False)
            else:
                self._place = _place()
                self._start_own(self._place)
        except (OSError, RuntimeError, ValueError) as error:
            self._clear()
            said = next(iter(str(error).splitlines()), type(error).__name__)
            raise SettingsError(
                f"BACHATA_RAY_ADDRESS = {address or ''}: cannot connect to {self.name} ({said}); start a node "
                "of it on this machine, or unset it for a Ray on this machine alone"
            ) from None
        finally:
            if threading.current_thread() is threading.main_thread():  # Ray would end the process at once
                for number, handler in before.items():
                    signal.signal(number, handler)

    def nodes(self) -> list[Node]:
        """Return the machines that are there now."""
        here = self.ray.get_runtime_context().get_node_id()
        return [
            Node(
                node["NodeID"],
                node["NodeManagerHostname"] + f" ({node['NodeManagerAddress']})",
                int(node["Resources"].get("CPU", 0)),
                int(node["Resources"].get("GPU", 0)),
                is_here=node["NodeID"] == here,
            )
            for node in self.ray.nodes()
            if node["Alive"]
        ]

    def close(self) -> None:
        """Leave the cluster; a local Ray ends."""
        self.ray.shutdown()
        self._clear()

    def _start_own(self, place: Path) -> None:
        added = _QUIET | _ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
        with harmless_environment(), _added_environment(added):
            self.ray = _imported({})
            self.ray.init(
                include_dashboard=False,
                log_to_driver=False,
                configure_logging=False,
                num_cpus=available_cores(),
                object_store_memory=OWN_STORE_BYTES,
                namespace="bachata_assets",
                _temp_dir=str(place),
            )

    def _clear(self) -> None:
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)


class _AsDebug(logging.Handler):
    """Logs Ray's messages at debug level: users cannot act on them."""

    def emit(self, record: logging.LogRecord) -> None:
        logging.getLogger(LIBRARIES).debug("%s", record.getMessage())


def _imported(variables: dict[str, str]) -> ModuleType:
    """Return the module of Ray, which neither prints nor sends usage statistics."""
    with _added_environment(variables):
        import ray
        from ray._private import ray_constants
    # Under `uv run`, Ray would send the working directory to each machine and install everything there: no actor
    # started within 180 s. Ray reads that variable at import, which other code may have done before.
    ray_constants.RAY_ENABLE_UV_RUN_RUNTIME_ENV = False
    log = logging.getLogger("ray")
    log.handlers, log.propagate = [_AsDebug()], False
    return ray


@contextmanager
def _added_environment(variables: dict[str, str]) -> Iterator[None]:
    """Set these variables in the environment for a while; afterwards remove all that were added meanwhile."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _require_listening(address: str) -> None:
    """Raise an `OSError` if nobody listens: Ray itself would try for a minute."""
    host, _, port = address.rpartition(":")
    if host:
        socket.create_connection((host.strip("[]"), int(port)), REACHED_S).close()


def _place() -> Path:
    """Return a new folder for the sockets and logs of Ray; remove those of killed processes."""
    folder = Path(tempfile.gettempdir())
    if len(str(folder)) + len(_PREFIX) + 8 > LONGEST_PLACE:
        folder = Path("/tmp")  # nosec B108  # a new folder with a random name is made in it
    remove_left(folder, _PREFIX)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}_", dir=folder))


def remove_left(folder: Path, prefix: str) -> None:
    """Remove the folders of killed processes; their names are the prefix, the process id, and `_…`."""
    for old in folder.glob(f"{prefix}*"):
        pid = old.name.removeprefix(prefix).partition("_")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
