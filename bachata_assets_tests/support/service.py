"""The read service in a thread of the test, and a caller of it."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any
from urllib.parse import urlencode

from bachata_assets.service.server import Server
from bachata_assets.settings import Settings


@dataclass(frozen=True)
class Service:
    """A service that answers."""

    settings: Settings
    server: Server

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """Return status, content and headers (lower case) of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        said = answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        connection.close()
        return said

    def json(self, path: str, /, **question: Any) -> tuple[int, Any]:
        """Return status and JSON of an answer to a question by its parameters."""
        status, content, _ = self.ask(f"{path}?{urlencode(question, doseq=True)}")
        return status, json.loads(content)


@contextmanager
def serving(settings: Settings) -> Iterator[Service]:
    """Serve until the end of the block."""
    with Server(settings) as server:
        thread = Thread(target=server.serve, daemon=True)
        thread.start()
        yield Service(settings, server)
        server.stop()
        thread.join(30)
        assert not thread.is_alive(), "it did not end"
