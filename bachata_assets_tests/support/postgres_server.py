"""A plugin: a real PostgreSQL server for tests, Debian's own, on a free port of 127.0.0.1, ended by its own pid.

The fixture `postgres` is one server for all tests; each test takes a database of its own from it.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bachata_assets_tests.support.as_nobody import as_nobody, give_away

USER = "tester"
PASSWORD = "a p@ssword/of the tests"
"""It has the characters that an address must write otherwise."""
WRITTEN = "a%20p%40ssword%2Fof%20the%20tests"
"""The same, as an address has it."""
START_S = 60


class ServerUnavailableError(RuntimeError):
    """No server can be run on this machine; the message says what is missing."""


def programs() -> Path:
    """Return the folder of Debian's newest PostgreSQL, or the one of the PATH."""
    on_path = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not on_path and not installed:
        raise ServerUnavailableError("no initdb: apt-get install postgresql")
    return installed[-1].parent if installed else Path(str(on_path)).resolve().parent


@dataclass
class Server:
    """One PostgreSQL process; its data outlives `stop` and `kill`, not `close`.

    Attributes
    ----------
    net : that it listens to besides this machine, as 10.0.0.0/24
    durable : wait for the disk; of the tests nothing outlives a power cut
    """

    bin: Path = field(default_factory=programs)
    net: str = ""
    durable: bool = False
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-server-"))
        self._numbers = count()
        self._give_away()
        self._make()

    @property
    def data(self) -> Path:
        """The folder of its databases."""
        return self.folder / "data"

    def url(self, database: str, login: str = f"{USER}:{WRITTEN}") -> str:
        """Return the address of a database."""
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}"

    def new(self, encoding: str = "UTF8") -> str:
        """Make a database and return its name."""
        name = f"of_a_test_{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LOCALE 'C'")
        return name

    def ask(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Return what a statement answers, asked as superuser."""
        import psycopg2

        connection = psycopg2.connect(self.url(database), application_name="the test")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def start(self) -> "Server":
        """Start the process and wait until it answers."""
        import psycopg2

        listen = "*" if self.net else "127.0.0.1"
        options = ["-c", f"listen_addresses={listen}", "-c", f"port={self.port}", "-c", "unix_socket_directories="]
        options += ["-c", f"fsync={'on' if self.durable else 'off'}", "-c", "log_min_messages=fatal"]
        # On Linux the server ends with a test process that is killed and cannot end it.
        with_us = ["setpriv", "--pdeathsig", "INT"] if shutil.which("setpriv") else []
        with (self.folder / "output.log").open("ab") as log:
            command = [*with_us, str(self.bin / "postgres"), "-D", str(self.data), *options]
            process = subprocess.Popen(command, stdout=log, stderr=log, **self._as_user())
        self.process, deadline = process, time.monotonic() + START_S
        while time.monotonic() < deadline and process.poll() is None:
            try:
                self.ask("SELECT 1")
            except psycopg2.OperationalError:
                time.sleep(0.1)
            else:
                return self
        log_text = (self.folder / "output.log").read_text()[-3000:]
        raise RuntimeError(f"PostgreSQL did not start:\n{log_text}")

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: by SIGINT as for a restart, which cuts all connections; by SIGQUIT as if it crashed."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(timeout=START_S)
        self.process = None

    def close(self) -> None:
        """End the server and remove everything it wrote."""
        if self.process is not None:
            self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def _make(self) -> None:
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        self._give_away()
        command = [str(self.bin / "initdb"), "-D", str(self.data), "-U", USER, "--pwfile", str(secret)]
        command += ["--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_user())
        if done.returncode:
            raise RuntimeError(done.stderr)
        if self.net:
            with (self.data / "pg_hba.conf").open("a") as file:
                file.write(f"host all all {self.net} scram-sha-256\n")

    def _as_user(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root: there, it runs as nobody."""
        common: dict[str, Any] = {"cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}
        common["start_new_session"] = True
        return common | as_nobody()

    def _give_away(self) -> None:
        give_away((self.folder, *self.folder.iterdir()))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A started server; without one the test is skipped, where CI=true it fails."""
    try:
        server = Server()
    except ServerUnavailableError as error:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"the tests need a real PostgreSQL: {error}")
        pytest.skip(f"no PostgreSQL here: {error}")
    try:
        yield server.start()
    finally:
        server.close()
