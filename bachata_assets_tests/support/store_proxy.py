"""A proxy between a store's client and its server that counts requests, and cuts or refuses those it is told to."""

import http.client
import socket
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from bachata_assets_tests.support.loopback_proxy import LoopbackProxy


class Asked(NamedTuple):
    """One request: its method, the path and query, the bytes asked for."""

    method: str
    path: str
    query: str
    bytes: str


class StoreProxy(LoopbackProxy):
    """Forwards to a port of localhost.

    Attributes
    ----------
    asked : every request, in order
    cuts : number of bytes after which the answers to the next requests for objects are cut; None: not
    refuses : tells which requests are answered with 403
    """

    def __init__(self, target: int) -> None:
        self.asked: list[Asked] = []
        self.cuts: deque[int | None] = deque()
        self.refuses: Callable[[Asked], bool] = lambda _asked: False
        super().__init__(target, _Handler)
        self.address = f"http://127.0.0.1:{self.port}"

    def gets(self, suffix: str = ".mp4") -> list[Asked]:
        """Return the requests for objects whose names end so."""
        return [one for one in self.asked if one.method == "GET" and one.path.endswith(suffix)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: StoreProxy
    target: int

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        path = unquote(url.path)
        asked = Asked(self.command, path, url.query, self.headers.get("Range", ""))
        self.proxy.asked.append(asked)
        if self.proxy.refuses(asked):
            self._answer(403, {}, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.target)
        connection.request(self.command, self.path, body, dict(self.headers))
        response = connection.getresponse()
        read = response.read()
        connection.close()
        cut = None
        if self.command == "GET" and path.endswith(".mp4") and self.proxy.cuts:
            cut = self.proxy.cuts.popleft()
        self._answer(response.status, dict(response.getheaders()), read, cut)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = forward  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], body: bytes, cut: int | None = None) -> None:
        self.send_response_only(status)
        length = str(len(body))
        for name, value in headers.items():
            if name.lower() == "content-length" and self.command == "HEAD":
                length = value  # of the object, which is not sent
            elif name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:cut])
        if cut is not None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """The tests' output is pytest's."""
