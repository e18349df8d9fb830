"""A server on loopback that forwards requests; what it does with them is in its handler."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class LoopbackProxy:
    """Forwards to a port of localhost, while it is a context manager.

    Parameters
    ----------
    handler : has the attributes `proxy`, this one, and `target`, the port
    """

    def __init__(self, target: int, handler: type[BaseHTTPRequestHandler]) -> None:
        bound: Any = type("Handler", (handler,), {"proxy": self, "target": target})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), bound)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
