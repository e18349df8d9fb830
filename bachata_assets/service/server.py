"""`Server`: the service on an address of this machine, until it is stopped."""

import os
import socket
from ipaddress import ip_address

import uvicorn

from bachata_assets.search.index import SearchIndex
from bachata_assets.service.app import build_app
from bachata_assets.service.page import Page
from bachata_assets.settings import Settings, SettingsError

MOST_AT_ONCE = 200
"""Maximum number of connections; the next one gets 503, so that many callers cannot exhaust the memory."""
PATIENCE_S = 10
"""Time limit for unfinished answers after the server is stopped, s."""


class Server:
    """The service of a collection on its address. Use it as a context manager, and call `serve`.

    Parameters
    ----------
    settings : `serve_host` and `serve_port` say where it listens

    Raises
    ------
    SettingsError
        The data dir does not exist, the address is in use, or strangers could connect without a token.
    """

    def __init__(self, settings: Settings) -> None:
        local = ip_address(settings.serve_host).is_loopback
        if not local and not settings.serve_token:
            raise SettingsError(
                f"BACHATA_SERVE_HOST = {settings.serve_host!r} lets other machines in: set BACHATA_SERVE_TOKEN, too"
            )
        self.page = _page(settings)
        self._index = SearchIndex.from_settings(settings)
        self._socket = _listening(settings)
        self.port: int = self._socket.getsockname()[1]
        shown = f"[{settings.serve_host}]" if ":" in settings.serve_host else settings.serve_host
        self.address = f"http://{shown}:{self.port}/"
        app = build_app(settings, self._index, self.page, _own_names(self.port) if local else None)
        config = uvicorn.Config(
            app,
            log_config=None,  # the command line's own
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_AT_ONCE,
            timeout_graceful_shutdown=PATIENCE_S,
        )
        self._server = uvicorn.Server(config)

    def serve(self) -> None:
        """Serve until a signal or `stop` ends it; unfinished answers are completed."""
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Make another thread's `serve` end."""
        self._server.should_exit = True

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._socket.close()
        self._index.close()


def _page(settings: Settings) -> Page | None:
    """Return the files of the report, None if they are in an object store, which serves them itself."""
    if "://" in settings.data_dir:
        return None
    page = Page(settings)
    if not page.path.parent.is_dir():
        raise SettingsError(f"{page.path.parent} does not exist: give the folder that `generate` wrote into")
    return page


def _listening(settings: Settings) -> socket.socket:
    host, port = settings.serve_host, settings.serve_port
    family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(f"BACHATA_SERVE_HOST = {host!r}, BACHATA_SERVE_PORT = {port}: {said}") from None


def _own_names(port: int) -> frozenset[str]:
    """Return the values of `Host` that browsers and callers on this machine send."""
    names = ("127.0.0.1", "localhost", "[::1]")
    return frozenset(f"{name}:{port}" for name in names) | (frozenset(names) if port == 80 else frozenset())
