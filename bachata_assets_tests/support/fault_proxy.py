"""A proxy between the official client and a real node that disturbs bulk requests, each in its turn."""

import http.client
import socket
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from bachata_assets_tests.support.loopback_proxy import LoopbackProxy

Fault = Callable[["_Handler", bytes], None]


class FaultProxy(LoopbackProxy):
    """Forwards to a port of localhost; the n-th bulk request meets the n-th fault, later ones meet none.

    Attributes
    ----------
    bulk_requests : how many came, disturbed or not
    authorizations : every value of the header of this name that came
    """

    def __init__(self, target: int, faults: list[Fault | None]) -> None:
        self.faults = deque(faults)
        self.bulk_requests = 0
        self.authorizations: set[str | None] = set()
        super().__init__(target, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultProxy
    target: int

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.proxy.authorizations.add(self.headers.get("Authorization"))
        if not self.path.startswith("/_bulk"):
            self.answer(*self.ask(body))
            return
        self.proxy.bulk_requests += 1
        fault = self.proxy.faults.popleft() if self.proxy.faults else None
        if fault is None:
            self.answer(*self.ask(body))
        else:
            fault(self, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward  # noqa: N815

    def ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return what the node answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.target)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        read = response.read()
        connection.close()
        kept = {name: value for name, value in response.getheaders() if name.lower() != "transfer-encoding"}
        return response.status, kept, read

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """The tests' output is pytest's."""


def cut_request(handler: _Handler, body: bytes) -> None:
    """Let half of the request reach the node, then hang up on both."""
    with socket.create_connection(("127.0.0.1", handler.target)) as node:
        lines = [f"{handler.command} {handler.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in handler.headers.items()]
        node.sendall("\r\n".join([*lines, "", ""]).encode() + body[: len(body) // 2])
    handler.hang_up()


def cut_answer(handler: _Handler, body: bytes) -> None:
    """Let the node do what it is asked, and lose its answer."""
    handler.ask(body)
    handler.hang_up()


def too_many_requests(handler: _Handler, body: bytes) -> None:
    """Answer as a node does whose write queue is full."""
    headers = {"X-elastic-product": "Elasticsearch", "Content-Type": "application/vnd.elasticsearch+json"}
    reason = b'{"error":{"type":"es_rejected_execution_exception","reason":"queue is full"},"status":429}'
    handler.answer(429, headers, reason)


def slow(seconds: float) -> Fault:
    """Wait before the node gets the request."""

    def wait(handler: _Handler, body: bytes) -> None:
        time.sleep(seconds)
        try:
            handler.answer(*handler.ask(body))
        except OSError:
            handler.close_connection = True  # the client has gone

    return wait
