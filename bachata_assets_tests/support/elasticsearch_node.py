"""Real Elasticsearch nodes for tests: fetched once by Maven, started on a free port, ended by their own pid.

A pytest plugin (`pytest_plugins = ["bachata_assets_tests.support.elasticsearch_node"]`) that gives the fixtures
`elasticsearch_node` (plain 9.1.0), `newest_node` (plain 9.2.4), `any_node` (both), `secured_node` (TLS, users and
API keys, both) and `outdated_node` (plain 8.19.7, too old for us); and, run as a module, the download:
`python -m bachata_assets_tests.support.elasticsearch_node`.
Faults between client and node are `search/fault_proxy.py`'s.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.settings import Settings
from bachata_assets_tests.support.as_nobody import as_nobody, give_away

OUTDATED = "8.19.7"
OLDEST = "9.1.0"
NEWEST = "9.2.4"
PASSWORD = "a-password-of-the-tests"
ARTIFACT = "org.elasticsearch.distribution.integ-test-zip:elasticsearch:{version}:zip"
START_SECONDS = 180
ROLES = {
    "reader": ["read"],
    "reader_and_writer": ["read", "write"],
    "writer": ["read", "write", "view_index_metadata"],
    "keeper": ["read", "write", "manage"],
}
"""Roles of docs/elasticsearch.md; a node with users has a user of each, whose password is `PASSWORD`.

They are for the tests' own indices, `moves-*`.
"""
PLUGIN = Path(__file__).with_name("SecurityAnalysis.java")
PLUGIN_DESCRIPTOR = """\
name=security-analysis
description=text analysis of the index of API keys
version=1
classname=SecurityAnalysis
java.version=21
elasticsearch.version={version}
"""


class NodeUnavailableError(RuntimeError):
    """No node can be run on this machine; the message says what is missing."""


def fetch(version: str) -> Path:
    """Return the distribution's zip, downloaded by Maven into the user's cache on first use."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bachata-assets" / "elasticsearch"
    archive = cache / f"elasticsearch-{version}.zip"
    if archive.exists():
        return archive
    if shutil.which("mvn") is None:
        raise NodeUnavailableError("Maven (mvn) is not on the PATH: it downloads the Elasticsearch to test against")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        artifact = ARTIFACT.format(version=version)
        command = ["mvn", "-q", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NodeUnavailableError(f"Maven cannot download {artifact}: {done.stdout.strip()[:500]}")
        (Path(folder) / archive.name).replace(archive)
    return archive


def find_jdk() -> Path:
    """Return the home of a JDK of 21 or newer that has the vector module Elasticsearch needs."""
    named = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    installed = sorted(Path("/usr/lib/jvm").glob("*"), reverse=True)
    macos = sorted(Path("/Library/Java/JavaVirtualMachines").glob("*/Contents/Home"), reverse=True)
    for home in (*named, *installed, *macos):
        release = home / "release"
        text = release.read_text() if release.exists() else ""
        version = re.search(r'JAVA_VERSION="(\d+)', text)
        if version and int(version[1]) >= 21 and "jdk.incubator.vector" in text:
            return home
    raise NodeUnavailableError("no JDK >= 21 with jdk.incubator.vector found: install one or set ES_JAVA_HOME")


@dataclass
class Node:
    """One Elasticsearch process on 127.0.0.1; its data outlives `kill` and `start`, not `close`."""

    version: str
    tls: bool = False
    java_options: str = "-XX:TieredStopAtLevel=1"
    """Of short-lived nodes: compile quickly rather than well."""
    home: Path = field(init=False)
    port: int = field(init=False)
    process: subprocess.Popen[bytes] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        archive, self._jdk = fetch(self.version), find_jdk()
        self._folder = Path(tempfile.mkdtemp(prefix="elasticsearch-node-"))
        # zipfile drops the executable bits that the start scripts need.
        with zipfile.ZipFile(archive) as unpacked:
            unpacked.extractall(self._folder)
        self.home = self._folder / f"elasticsearch-{self.version}"
        for script in (*self.home.glob("bin/*"), *self.home.glob("modules/*/platform/*/bin/*")):
            script.chmod(0o755)
        if self.tls:
            self._install_plugin()
        self._give_away()
        self.port = free_port()

    @property
    def ca_certs(self) -> Path:
        """The CA that the node made for itself at its first start."""
        return self.home / "config" / "certs" / "http_ca.crt"

    def settings(self, **overrides: Any) -> Settings:
        """Return settings of this node's superuser."""
        fields: dict[str, Any] = {"elasticsearch_host": "localhost", "elasticsearch_port": self.port}
        if self.tls:
            fields |= {"elasticsearch_use_ssl": True, "elasticsearch_ca_certs": self.ca_certs}
            fields |= {"elasticsearch_username": "tester", "elasticsearch_password": PASSWORD}
        return Settings(_env_file=None, **(fields | overrides))

    def client(self) -> Any:
        """Return the official client as superuser, for what a test arranges behind the library's back."""
        from elasticsearch import Elasticsearch

        if not self.tls:
            return Elasticsearch(f"http://localhost:{self.port}", request_timeout=30)
        url, auth = f"https://localhost:{self.port}", ("tester", PASSWORD)
        return Elasticsearch(url, ca_certs=str(self.ca_certs), basic_auth=auth, request_timeout=30)

    def delete_indices(self, alias: str) -> None:
        """Remove the index of this name, or all versions of this alias."""
        with self.client() as client:
            names = [*client.indices.get(index=f"{alias}*", features="aliases").body]
            for name in names:
                client.indices.delete(index=name)

    def start(self) -> "Node":
        """Start the process and wait until it answers."""
        options = ["-E", "discovery.type=single-node", "-E", "network.host=127.0.0.1"]
        options += ["-E", f"http.port={self.port}", "-E", "transport.port=0", "-p", str(self.home / "pid")]
        options += ["-E", "cluster.routing.allocation.disk.threshold_enabled=false"]
        options += [] if self.tls else ["-E", "xpack.security.enabled=false"]
        if self.tls and not self.ca_certs.exists():
            self._make_users()
        (self.home / "pid").unlink(missing_ok=True)
        with (self._folder / "output.log").open("ab") as log:
            # On Linux the node ends with a test process that is killed and cannot end it.
            with_us = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
            command = [*with_us, str(self.home / "bin" / "elasticsearch"), *options]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self._as_user())
        self._wait()
        return self

    def kill(self) -> None:
        """End the node as a power cut would, keeping its data."""
        assert self.process is not None
        os.kill(int((self.home / "pid").read_text()), signal.SIGKILL)
        self.process.wait(timeout=30)
        self.process = None

    def close(self) -> None:
        """End the node and remove everything it wrote."""
        if self.process is not None and self.process.poll() is None:
            if (self.home / "pid").exists():
                self.kill()  # nothing of it is kept, so nothing has to be written any more
            else:  # it has not come so far
                self.process.terminate()
                self.process.wait(timeout=60)
        shutil.rmtree(self._folder)

    def _wait(self) -> None:
        from elasticsearch import ApiError, BadRequestError, TransportError

        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                if not self.tls or self.ca_certs.exists():
                    self.client().options(max_retries=0).cluster.health(wait_for_status="yellow")
                    return
            except BadRequestError:
                return  # a node of 8.x is there, and refuses what a client of 9.x asks for
            except (ApiError, TransportError):
                pass  # still starting
            time.sleep(0.3)
        log = (self._folder / "output.log").read_text()[-3000:]
        self.close()
        raise RuntimeError(f"Elasticsearch {self.version} did not start:\n{log}")

    def _install_plugin(self) -> None:
        """Compile and install what the distribution lacks for API keys."""
        folder = self.home / "plugins" / "security-analysis"
        with tempfile.TemporaryDirectory() as classes:
            command = [str(self._jdk / "bin" / "javac"), "-d", classes, "-cp", f"{self.home}/lib/*", str(PLUGIN)]
            subprocess.run(command, check=True, capture_output=True)
            shutil.make_archive(str(folder / "security-analysis"), "zip", classes)
        (folder / "security-analysis.zip").rename(folder / "security-analysis.jar")
        (folder / "plugin-descriptor.properties").write_text(PLUGIN_DESCRIPTOR.format(version=self.version))

    def _make_users(self) -> None:
        command = [str(self.home / "bin" / "elasticsearch-users"), "useradd", "tester", "-p", PASSWORD]
        subprocess.run([*command, "-r", "superuser"], check=True, capture_output=True, **self._as_user())
        config = self.home / "config"
        _, digest = (config / "users").read_text().strip().split(":", 1)
        with (config / "users").open("a") as users, (config / "users_roles").open("a") as members:
            users.writelines(f"{role}:{digest}\n" for role in ROLES)
            members.writelines(f"{role}:{role}\n" for role in ROLES)
        role = "{name}:\n  indices:\n    - names: ['moves-*']\n      privileges: {granted}\n"
        lines = [role.format(name=name, granted=granted) for name, granted in ROLES.items()]
        (config / "roles.yml").write_text("".join(lines))

    def _as_user(self) -> dict[str, Any]:
        """Elasticsearch refuses to run as root: there, it runs as nobody."""
        environment = {
            "ES_JAVA_HOME": str(self._jdk),
            "ES_JAVA_OPTS": f"-Xms64m -Xmx512m -XX:-AlwaysPreTouch {self.java_options}",
            "PATH": os.environ["PATH"],
        }
        common: dict[str, Any] = {"env": environment, "cwd": self.home, "start_new_session": True}
        return common | as_nobody()

    def _give_away(self) -> None:
        give_away((self._folder, *self._folder.rglob("*")))


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def running(version: str, *, tls: bool = False) -> Iterator[Node]:
    """Yield a started node and end it; skip (fail where CI=true) when this machine cannot run one."""
    try:
        node = Node(version, tls=tls)
    except NodeUnavailableError as error:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"the tests need a real Elasticsearch: {error}")
        pytest.skip(f"no Elasticsearch here: {error}")
    try:
        yield node.start()
    finally:
        if node.home.exists():
            node.close()


@pytest.fixture(scope="session")
def elasticsearch_node() -> Iterator[Node]:
    """A plain node of the oldest version that is supported."""
    yield from running(OLDEST)


@pytest.fixture(scope="session")
def newest_node() -> Iterator[Node]:
    """A plain node of the newest version."""
    yield from running(NEWEST)


@pytest.fixture(scope="session", params=[OLDEST, NEWEST])
def any_node(request: pytest.FixtureRequest) -> Node:
    """A plain node of each version."""
    name = "elasticsearch_node" if request.param == OLDEST else "newest_node"
    node: Node = request.getfixturevalue(name)
    return node


@pytest.fixture(scope="session", params=[OLDEST, NEWEST])
def secured_node(request: pytest.FixtureRequest) -> Iterator[Node]:
    """A node of each version with TLS and users."""
    yield from running(request.param, tls=True)


@pytest.fixture(scope="session")
def outdated_node() -> Iterator[Node]:
    """A plain node of the last version before 9."""
    yield from running(OUTDATED)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or (OUTDATED, OLDEST, NEWEST):
        fetch(wanted)
